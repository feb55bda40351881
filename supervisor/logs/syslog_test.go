package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A fakeSyslog is a server at the other end of pipes.
type fakeSyslog struct {
	began time.Time
	stuck bool          // it reads nothing
	lines chan string   // one message each
	conns chan net.Conn // its ends

	mu    sync.Mutex
	tries []time.Duration // when somebody tried to connect
	down  bool            // it refuses connections
}

// setDown makes it refuse connections, or take them.
func (f *fakeSyslog) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *fakeSyslog) times() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.tries)
}

var errRefused = errors.New("refused")

func newFakeSyslog() *fakeSyslog {
	return &fakeSyslog{began: time.Now(), lines: make(chan string, 10_000), conns: make(chan net.Conn, 100)}
}

func (f *fakeSyslog) dial(context.Context) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries = append(f.tries, time.Since(f.began))
	if f.down {
		return nil, errRefused
	}
	ours, theirs := net.Pipe()
	f.conns <- ours
	if !f.stuck {
		go f.read(ours)
	}
	return theirs, nil
}

// read takes messages framed by octet counting.
func (f *fakeSyslog) read(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		n, err := r.ReadString(' ')
		if err != nil {
			return
		}
		length, err := strconv.Atoi(strings.TrimSpace(n))
		if err != nil {
			panic(fmt.Sprintf("a frame begins with %q", n))
		}
		b := make([]byte, length)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		f.lines <- string(b)
	}
}

// texts are the messages that have come, without headers, when all is quiet.
func (f *fakeSyslog) texts() []string {
	synctest.Wait()
	var out []string
	for len(f.lines) > 0 {
		text := strings.SplitN(<-f.lines, " ", 8)[7] // behind the header
		out = append(out, text)
	}
	return out
}

// withFake runs a test with a TCP server in virtual time. Goroutines that are left at the end fail it.
func withFake(t *testing.T, f func(t *testing.T, fake *fakeSyslog, server *SyslogServer)) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSyslog()
		server := newSyslogServer(SyslogAddress{"tcp", "log:6514"}, fake.dial)
		defer func() {
			server.Close(time.Minute)
			for len(fake.conns) > 0 {
				(<-fake.conns).Close()
			}
		}()
		f(t, fake, server)
	})
}

func TestSyslogMessages(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.FixedZone("", 3600))
	for _, c := range []struct {
		network, tag, host, want string
	}{
		{"udp", "web", "box", "<165>1 2026-11-22T01:02:03.456789+01:00 box web - - - hé"},
		{"tcp", "a b:c[1]é\n", "", "62 <165>1 2026-11-22T01:02:03.456789+01:00 - a_b_c_1___ - - - hé"},
		{"udp", strings.Repeat("t", 60), "box", "<165>1 2026-11-22T01:02:03.456789+01:00 box " + strings.Repeat("t", 48) + " - - - hé"},
		{"", "", "box", "<165>Nov 22 01:02:03 -: hé\n"},
	} {
		s := newSyslogServer(SyslogAddress{Network: c.network}, nil)
		s.host = headerField(c.host, 255)
		if got := string(s.message(at, 20<<3|5, headerField(c.tag, 48), "hé")); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.network, c.tag, got, c.want)
		}
	}
}

func TestEachLineIsOneMessage(t *testing.T) {
	long := strings.Repeat("x", maxSyslogLine)
	for _, c := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"one", []string{"a\n"}, []string{"web a"}},
		{"several in a write", []string{"a\nb\n\nc\n"}, []string{"web a", "web b", "web ", "web c"}},
		{"one in several writes", []string{"a", "b", "", "c\nd"}, []string{"web abc", "web d"}},
		{"as long as it may be", []string{long + "\n"}, []string{"web " + long}},
		{"longer", []string{long + "yz\na\n"}, []string{"web " + long, "web yz", "web a"}},
		{"much longer, in pieces", []string{long, long[:10], long, "\n"}, []string{"web " + long, "web " + long, "web xxxxxxxxxx"}},
		{"cut between characters", []string{long[1:] + "é\n"}, []string{"web " + long[1:], "web é"}},
		{"no text", []string{"\xff" + long[1:] + "\xff\xfe\n"}, []string{"web \xff" + long[1:], "web \xff\xfe"}},
	} {
		withFake(t, func(t *testing.T, fake *fakeSyslog, server *SyslogServer) {
			w := server.Stream(SyslogOptions{Facility: 1, Severity: 6, Tag: "supervisord", Prefix: "web "})
			for _, p := range c.writes {
				put(t, w, p)
			}
			w.Close()
			put(t, w, "after the end\n")
			if got := fake.texts(); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q\nwant %q", c.name, got, c.want)
			}
		})
	}
}

func TestAnOutageIsBridgedWithGrowingWaits(t *testing.T) {
	withFake(t, func(t *testing.T, fake *fakeSyslog, server *SyslogServer) {
		fake.setDown(true)
		w := server.Stream(SyslogOptions{})
		put(t, w, "first\n")
		time.Sleep(100 * time.Second)
		if n, err := w.Write([]byte("second\n")); n != 7 || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "tcp:log:6514") {
			t.Errorf("the outage is reported as %v", err)
		}
		put(t, w, "third\n") // reported once
		fake.setDown(false)
		time.Sleep(time.Minute)
		if got := fake.texts(); !slices.Equal(got, []string{"first", "second", "third"}) {
			t.Errorf("%q", got)
		}
		var waits []time.Duration
		tries := fake.times()
		for i := 1; i < len(tries); i++ {
			waits = append(waits, tries[i]-tries[i-1])
		}
		ms := time.Millisecond
		want := []time.Duration{0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 12800 * ms, 25600 * ms, 30000 * ms}
		if len(waits) < len(want) || !slices.Equal(waits[:len(want)], want) {
			t.Errorf("waits of %v", waits)
		}
		put(t, w, "fourth\n")
		if got := fake.texts(); !slices.Equal(got, []string{"fourth"}) {
			t.Errorf("%q", got)
		}
		if server.Dropped() != 0 {
			t.Errorf("%d dropped", server.Dropped())
		}
	})
}

func TestAFullQueueDropsAndCountsAndSaysSo(t *testing.T) {
	withFake(t, func(t *testing.T, fake *fakeSyslog, server *SyslogServer) {
		fake.setDown(true)
		w := server.Stream(SyslogOptions{})
		put(t, w, "the first line\n")
		synctest.Wait()
		began := time.Now()
		const lines = 2000
		errs := 0
		for i := range lines {
			if _, err := fmt.Fprintf(w, "%04d %s\n", i, strings.Repeat("x", 1000)); err != nil {
				errs++
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("the writer waited for %v", time.Since(began))
		}
		if errs != 1 {
			t.Errorf("the outage was reported %d times", errs)
		}
		server.mu.Lock()
		if server.bytes > syslogQueue {
			t.Errorf("%d bytes wait", server.bytes)
		}
		server.mu.Unlock()
		dropped := server.Dropped()
		fake.setDown(false)
		time.Sleep(time.Minute)
		got := fake.texts()
		if int(dropped)+len(got) != lines+2 {
			t.Fatalf("%d came, %d were dropped", len(got), dropped)
		}
		for i := range got[1 : len(got)-1] {
			if !strings.HasPrefix(got[i+1], fmt.Sprintf("%04d ", i)) {
				t.Fatalf("message %d is %q", i+1, got[i+1])
			}
		}
		if want := fmt.Sprintf("%d messages were dropped because the syslog server could not take them", dropped); got[len(got)-1] != want {
			t.Errorf("at the end: %q, want %q", got[len(got)-1], want)
		}
	})
}

func TestAServerThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	withFake(t, func(t *testing.T, fake *fakeSyslog, server *SyslogServer) {
		fake.stuck = true
		w := server.Stream(SyslogOptions{})
		began := time.Now()
		for range 3000 {
			w.Write([]byte(strings.Repeat("x", 1000) + "\n"))
		}
		if time.Since(began) != 0 || server.Dropped() == 0 {
			t.Errorf("the writer waited for %v, %d dropped", time.Since(began), server.Dropped())
		}
		time.Sleep(syslogPatient + time.Second)
		if tries := fake.times(); len(tries) < 2 {
			t.Errorf("it was not tried again: %v", tries)
		}
		// Close waits for as long as it was told, then drops.
		began = time.Now()
		if err := server.Close(3 * time.Second); err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("closed after %v: %v", time.Since(began), err)
		}
		w.Write([]byte("late\n"))
		before := server.Dropped()
		if w.Write([]byte("later\n")); server.Dropped() != before+1 {
			t.Error("what is written after the end is not counted")
		}
	})
}

func TestCloseSendsWhatWaits(t *testing.T) {
	withFake(t, func(t *testing.T, fake *fakeSyslog, server *SyslogServer) {
		fake.setDown(true)
		w := server.Stream(SyslogOptions{})
		w.Write([]byte("a\nb"))
		w.Close()
		w.Close()
		time.Sleep(time.Second)
		fake.setDown(false)
		if err := server.Close(10 * time.Second); err != nil {
			t.Error(err)
		}
		if got := fake.texts(); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%q", got)
		}
		if err := server.Close(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestAConnectionThatTheServerHasClosedIsNotWrittenTo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fake := newFakeSyslog()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
			go fake.read(conn)
		}
	}()
	server := NewSyslogServer(SyslogAddress{"tcp", l.Addr().String()})
	w := server.Stream(SyslogOptions{Tag: "t"})
	for i := range 20 {
		put(t, w, fmt.Sprintf("line %d\n", i))
		if got := within(t, "a message", fake.lines); !strings.HasSuffix(got, fmt.Sprintf(" t - - - line %d", i)) {
			t.Fatalf("%q", got)
		}
		conn := within(t, "a connection", accepted)
		conn.Write([]byte("hello\n")) // nobody asked for it
		conn.Close()
	}
	if err := server.Close(patience); err != nil {
		t.Error(err)
	}
}

// A narrowConn takes no message that is larger than its limit.
type narrowConn struct {
	net.Conn
	limit int
}

func (c narrowConn) Write(b []byte) (int, error) {
	if len(b) > c.limit {
		return 0, &net.OpError{Op: "write", Err: syscall.EMSGSIZE}
	}
	return c.Conn.Write(b)
}

func TestAMessageThatIsTooLargeDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSyslog()
		server := newSyslogServer(SyslogAddress{"tcp", "log:6514"}, func(ctx context.Context) (net.Conn, error) {
			conn, err := fake.dial(ctx)
			return narrowConn{conn, 1000}, err
		})
		w := server.Stream(SyslogOptions{})
		put(t, w, "small\n"+strings.Repeat("x", 2000)+"\nsmall again\n")
		if w.Reopen() != nil || w.Clear() != nil {
			t.Error("a stream can be neither opened again nor cleared, but that is no error")
		}
		if got := fake.texts(); !slices.Equal(got, []string{"small", "small again"}) || server.Dropped() != 1 || len(fake.times()) != 1 {
			t.Errorf("%q, %d dropped, %d connections", got, server.Dropped(), len(fake.times()))
		}
		server.Close(time.Second)
		(<-fake.conns).Close()
	})
}
