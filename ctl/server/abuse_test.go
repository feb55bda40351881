package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// realTree is a tree of two programs that run.
func realTree(t *testing.T) *actors.Handle {
	t.Helper()
	config := &confload.Config{}
	for _, name := range []string{"one", "two"} {
		p := program(name, name)
		p.Stdout, p.Stderr = confload.Stream{Kind: confload.LogNone}, confload.Stream{Kind: confload.LogNone}
		config.Groups = append(config.Groups, confload.Group{Name: name, Priority: 999, Programs: []confload.Program{*p}})
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	tree, err := actors.Spawn(system, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), proctest.Deadline)
		defer cancel()
		if err := tree.Close(ctx); err != nil {
			t.Error(err)
		}
		system.Shutdown()
	})
	proctest.Eventually(t, "the programs to run", func() (string, bool) {
		saw, ok := "", true
		for _, i := range tree.Infos() {
			saw += i.State.String() + " "
			ok = ok && i.State == supervisor.Running
		}
		return saw, ok
	})
	return tree
}

// pids are the programs and their processes.
func pids(tree *actors.Handle) string {
	var b strings.Builder
	for _, i := range tree.Infos() {
		fmt.Fprintf(&b, "%s %s %d, ", i.Program.Name, i.State, i.Pid)
	}
	return b.String()
}

// witness is a client that does nothing wrong. It asks again and again until stopped, and reports what was answered
// wrongly. A connection on which it was too slow to ask is made anew. stop waits until it was answered at least once.
func witness(t *testing.T, address string) (stop func()) {
	t.Helper()
	quit, done := make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(done)
		answered := false
		for {
			c, err := net.DialTimeout("tcp", address, proctest.Deadline)
			if err != nil {
				t.Errorf("a good client cannot connect: %v", err)
				return
			}
			for in := bufio.NewReader(c); ; answered = true {
				select {
				case <-quit:
					if answered {
						c.Close()
						return
					}
				default:
				}
				c.SetDeadline(time.Now().Add(proctest.Deadline))
				_, _ = io.WriteString(c, post(methodCall("supervisor.getProcessInfo", params("one"))))
				e, err := readAnswer(in)
				if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
					break
				}
				if err != nil || e.status != 200 || !strings.Contains(e.body, "RUNNING") {
					t.Errorf("a good client was answered %+v, %v", e, err)
					c.Close()
					return
				}
			}
			c.Close()
		}
	}()
	return func() {
		t.Helper()
		once.Do(func() { close(quit) })
		proctest.Receive(t, "an answer to a good client", done)
	}
}

// attack sends data over n connections, a few at a time, and waits for each until the server closes it. It returns what
// the server said to the last.
func attack(t *testing.T, address string, n int, data func(k int) string) string {
	t.Helper()
	var group sync.WaitGroup
	said := ""
	few := make(chan struct{}, 20)
	for k := range n {
		c, text := dial(t, address), data(k)
		few <- struct{}{}
		group.Go(func() {
			defer func() { <-few }()
			defer c.Close()
			group.Go(func() { _, _ = io.WriteString(c, text) })
			answer := hearOut(t, c)
			if k == n-1 {
				said = answer
			}
		})
	}
	group.Wait()
	return said
}

// hearOut is closedByServer for any goroutine.
func hearOut(t *testing.T, c net.Conn) string {
	said, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the connection stays open; the server said %.200q", said)
	}
	return string(said)
}

func TestAbuse(t *testing.T) {
	proctest.LeakCheck(t)
	tree := realTree(t)
	r := newRig(t, func(c *Config) {
		c.Tree = tree
		// Long enough for those who do nothing wrong on a busy machine.
		c.Limits.HeaderTimeout, c.Limits.BodyTimeout, c.Limits.WriteTimeout, c.Limits.IdleTimeout = 5*time.Second, 5*time.Second, time.Second, time.Second
	})
	r.daemon.log = filepath.Join(t.TempDir(), "log") // more than any socket takes
	if err := os.WriteFile(r.daemon.log, bytes.Repeat([]byte("line\n"), 4<<20/5), 0o600); err != nil {
		t.Fatal(err)
	}
	before := pids(tree)
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, address string)
	}{
		{"random bytes", func(t *testing.T, a string) {
			attack(t, a, 100, func(int) string { return noise(1+random.IntN(2000)) + "\r\n\r\n" })
		}},
		{"random bodies", func(t *testing.T, a string) {
			for range 100 {
				if e := send(t, a, post(noise(random.IntN(2000)), "Connection: close")); e.status != 400 {
					t.Errorf("status %d", e.status)
				}
			}
		}},
		{"requests with one byte changed", func(t *testing.T, a string) {
			attack(t, a, 200, func(k int) string {
				b := []byte(post(methodCall("supervisor.getProcessInfo", params("one")), "Connection: close"))
				b[random.IntN(len(b))] = byte(random.Uint32())
				return string(b)
			})
		}},
		{"huge and deep requests", func(t *testing.T, a string) {
			for want, body := range map[string]string{
				"413": strings.Repeat("<", 20<<20),
				"400": methodCall("a.b", "<param>"+strings.Repeat("<value><array><data>", 100_000)),
				"200": methodCall(strings.Repeat("a", 1<<20), ""),
			} {
				if said := attack(t, a, 1, func(int) string { return post(body, "Connection: close") }); !strings.HasPrefix(said, "HTTP/1.1 "+want) {
					t.Errorf("want %s, got %.100q", want, said)
				}
			}
			if said := attack(t, a, 1, func(int) string { return "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 10<<20) }); !strings.HasPrefix(said, "HTTP/1.1 431") {
				t.Errorf("got %.100q", said)
			}
			bomb := "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><methodCall><methodName>&b;</methodName></methodCall>"
			if said := attack(t, a, 1, func(int) string { return post(bomb, "Connection: close") }); !strings.HasPrefix(said, "HTTP/1.1 400") {
				t.Errorf("got %.100q", said)
			}
		}},
		{"slow requests", func(t *testing.T, a string) {
			attack(t, a, 20, func(k int) string {
				return []string{"", "P", "POST /RPC2 HTTP/1.1\r\nHost: x\r\n", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<methodCall>"}[k%4]
			})
		}},
		{"half-closed connections", func(t *testing.T, a string) {
			for k := range 50 {
				request := post(methodCall("supervisor.getPID", ""))
				conn := dial(t, a)
				if _, err := io.WriteString(conn, request[:len(request)-k%2]); err != nil {
					t.Fatal(err)
				}
				conn.(interface{ CloseWrite() error }).CloseWrite()
				if said := closedByServer(t, conn); k%2 == 0 && !strings.Contains(said, "<int>77</int>") {
					t.Errorf("half-closed after the request: got %q", said)
				}
				conn.Close()
			}
		}},
		{"clients that hang up", func(t *testing.T, a string) {
			for k := range 100 {
				conn := dial(t, a)
				request := post(methodCall("supervisor.getAllProcessInfo", ""))
				_, _ = io.WriteString(conn, request[:len(request)-k%len(request)])
				if tcp, ok := conn.(*net.TCPConn); ok {
					tcp.SetLinger(0) // a reset
				}
				conn.Close()
			}
		}},
		{"clients that do not read", func(t *testing.T, a string) {
			request := post(methodCall("supervisor.readLog", params(0, 0)))
			var stuck []net.Conn
			for range 4 {
				conn := dial(t, a)
				if _, err := io.WriteString(conn, request); err != nil {
					t.Fatal(err)
				}
				stuck = append(stuck, conn)
			}
			proctest.Eventually(t, "the server to give up", func() (string, bool) {
				all, _ := r.conns.count()
				return fmt.Sprint(all), all <= 1
			})
			for _, conn := range stuck {
				conn.Close()
			}
		}},
	} {
		for _, address := range []string{r.socket, r.tcp} {
			t.Run(c.name, func(t *testing.T) {
				func() {
					defer witness(t, r.tcp)()
					c.do(t, address)
				}()
				proctest.Eventually(t, "the end of the connections", func() (string, bool) {
					all, _ := r.conns.count()
					return fmt.Sprint(all), all == 0
				})
				if now := pids(tree); now != before {
					t.Errorf("programs were %s, are %s", before, now)
				}
			})
		}
	}
	t.Run("wrong and malformed credentials", func(t *testing.T) {
		for k := range 200 {
			header := []string{basic("u:x"), "Authorization: Basic " + strings.Repeat("A", k*100), "Authorization: " + strings.Repeat("x", k), "Authorization: Basic \x80\xff",
				basic(strings.Repeat("u:", k))}[k%5]
			if e := send(t, r.locked, post(getPID, header)); e.status != 401 || e.alive {
				t.Errorf("%.60q: status %d, alive %v", header, e.status, e.alive)
			}
		}
		if e := send(t, r.locked, post(getPID, basic("u:a:b"))); e.status != 200 {
			t.Errorf("the right ones: status %d", e.status)
		}
	})
	if log := r.log.String(); strings.Contains(log, "goroutine ") || strings.Contains(log, "CRIT: ") {
		t.Errorf("the log tells of bugs:\n%s", log)
	}
}

// TestThousandIdleConnections: nobody is kept waiting by those who say nothing.
func TestThousandIdleConnections(t *testing.T) {
	const many = 1000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if need := uint64(3 * many); limit.Cur < need {
		raised := syscall.Rlimit{Cur: need, Max: max(limit.Max, need)}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err != nil {
			t.Fatalf("the test needs %d descriptors: %v", need, err)
		}
		defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	proctest.LeakCheck(t)
	tree := realTree(t)
	r := newRig(t, func(c *Config) { c.Tree = tree })
	before := pids(tree)
	stop := witness(t, r.tcp)
	defer stop()
	for k := range many {
		address := []string{r.tcp, r.socket, r.locked}[k%3]
		c := dial(t, address)
		if k%2 == 0 {
			if _, err := io.WriteString(c, post(getPID)); err != nil {
				t.Fatal(err)
			}
			if _, err := readAnswer(bufio.NewReader(c)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if e := send(t, r.tcp, post(methodCall("supervisor.getAllProcessInfo", ""))); e.status != 200 {
		t.Errorf("status %d", e.status)
	}
	stop()
	if now := pids(tree); now != before {
		t.Errorf("programs were %s, are %s", before, now)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if all, _ := r.conns.count(); all != 0 {
		t.Errorf("%d connections are left", all)
	}
	if _, err := os.Lstat(r.socket); err == nil {
		t.Error("the socket is still there")
	}
}
