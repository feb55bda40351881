package logs

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// rsyslog is a real rsyslogd with all inputs. It writes a line PRIORITY|TAG|MESSAGE for each message.
type rsyslog struct {
	t      *testing.T
	dir    string
	tcp    string
	udp    string
	socket string
	cmd    *exec.Cmd
	stderr *os.File
}

// startRsyslog starts Debian's rsyslogd on ports of its own.
func startRsyslog(t *testing.T) *rsyslog {
	t.Helper()
	r := &rsyslog{t: t, dir: t.TempDir()}
	// The ports were free a moment ago: rsyslogd cannot tell which one it got for UDP.
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.tcp = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.udp = udp.LocalAddr().String()
	tcp.Close()
	udp.Close()
	r.socket = filepath.Join(r.dir, "log.sock")
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	config := fmt.Sprintf(`
global(workDirectory=%[1]q localHostname="test")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="%[1]s/log.sock")
input(type="imudp" address="127.0.0.1" port="%[2]s")
input(type="imtcp" address="127.0.0.1" port="%[3]s")
template(name="plain" type="string" string="%%pri%%|%%app-name%%|%%msg:::drop-last-lf%%\n")
action(type="omfile" file="%[1]s/out" template="plain" flushOnTXEnd="on")
`, r.dir, port(r.udp), port(r.tcp))
	if err := os.WriteFile(filepath.Join(r.dir, "conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(r.kill)
	return r
}

// start starts it and waits until it listens.
func (r *rsyslog) start() {
	r.t.Helper()
	path, err := exec.LookPath("rsyslogd")
	if err != nil {
		if path = "/usr/sbin/rsyslogd"; !executable(path) {
			r.t.Fatal("rsyslogd is needed to talk to: apt-get install -y rsyslog")
		}
	}
	os.Remove(r.socket)
	r.stderr, err = os.Create(filepath.Join(r.dir, "stderr"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer r.stderr.Close()
	r.cmd = exec.Command(path, "-n", "-f", filepath.Join(r.dir, "conf"), "-i", "NONE")
	r.cmd.Stderr = r.stderr
	r.cmd.Env = append(os.Environ(), "TZ=UTC")
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	proctest.Eventually(r.t, "rsyslogd to listen", func() (string, bool) {
		for _, a := range [][2]string{{"tcp", r.tcp}, {"unixgram", r.socket}} {
			conn, err := net.Dial(a[0], a[1])
			if err != nil {
				b, _ := os.ReadFile(r.stderr.Name())
				return err.Error() + "\n" + string(b), false
			}
			conn.Close()
		}
		b, err := os.ReadFile("/proc/net/udp")
		_, port, _ := net.SplitHostPort(r.udp)
		n := 0
		fmt.Sscan(port, &n)
		return string(b), err == nil && strings.Contains(string(b), fmt.Sprintf("0100007F:%04X ", n))
	})
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// kill ends it at once; its connections end with it.
func (r *rsyslog) kill() {
	if r.cmd != nil {
		r.cmd.Process.Kill()
		r.cmd.Wait()
		r.cmd = nil
	}
}

// await waits until there are as many messages as wanted, and compares.
func (r *rsyslog) await(want ...string) {
	r.t.Helper()
	var got []string
	proctest.Eventually(r.t, fmt.Sprintf("%d messages", len(want)), func() (string, bool) {
		b, _ := os.ReadFile(filepath.Join(r.dir, "out"))
		got = nil
		for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
			if tag := strings.SplitN(line, "|", 3); len(tag) == 3 && !strings.HasPrefix(tag[1], "rsyslogd") {
				got = append(got, tag[0]+"|"+tag[1]+"|"+strings.TrimPrefix(tag[2], " "))
			}
		}
		return strings.Join(got, "\n"), len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		r.t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (r *rsyslog) server(network string) *SyslogServer {
	address := map[string]string{"tcp": r.tcp, "udp": r.udp}[network]
	s := NewSyslogServer(SyslogAddress{network, address})
	r.t.Cleanup(func() { s.Close(patience) })
	return s
}

// useLocal makes the local syslog that of r.
func (r *rsyslog) useLocal() {
	saved := localSyslogs
	localSyslogs = []string{"/nonexistent", r.socket}
	r.t.Cleanup(func() { localSyslogs = saved })
}

func TestRsyslogdUnderstandsUs(t *testing.T) {
	for _, network := range []string{"udp", "tcp", ""} {
		t.Run("over "+network, func(t *testing.T) {
			r := startRsyslog(t)
			r.useLocal()
			server := r.server(network)
			out := server.Stream(SyslogOptions{Facility: 1, Severity: 6, Tag: "supervisord", Prefix: "web "})
			errs := server.Stream(SyslogOptions{Facility: 16, Severity: 3, Tag: "web_1"})
			put(t, out, "one\ntw")
			r.await("14|supervisord|web one")
			put(t, errs, "failed: <é>\n")
			r.await("14|supervisord|web one", "131|web_1|failed: <é>")
			long := strings.Repeat("0123456789", maxSyslogLine/10+1)
			put(t, out, "o\n"+long+"\n")
			r.await("14|supervisord|web one", "131|web_1|failed: <é>", "14|supervisord|web two",
				"14|supervisord|web "+long[:maxSyslogLine], "14|supervisord|web "+long[maxSyslogLine:])
		})
	}
}

func TestNothingIsLostWhenRsyslogdIsRestarted(t *testing.T) {
	for _, network := range []string{"tcp", ""} {
		t.Run("over "+network, func(t *testing.T) {
			r := startRsyslog(t)
			r.useLocal()
			server := r.server(network)
			w := server.Stream(SyslogOptions{Facility: 1, Severity: 6, Tag: "t"})
			var want []string
			line := func(i int) string {
				want = append(want, fmt.Sprintf("14|t|line %d", i))
				return fmt.Sprintf("line %d\n", i)
			}
			put(t, w, line(0))
			r.await(want...)
			for round := range 3 {
				r.kill()
				for i := range 10 {
					w.Write([]byte(line(10*round + i + 1))) // trouble may be reported
				}
				r.start()
				r.await(want...)
			}
			if err := server.Close(patience); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUDPGoesOnWhenRsyslogdIsThereAgain(t *testing.T) {
	r := startRsyslog(t)
	server := r.server("udp")
	w := server.Stream(SyslogOptions{Facility: 1, Severity: 6, Tag: "t"})
	put(t, w, "before\n")
	r.await("14|t|before")
	r.kill()
	for range 10 {
		w.Write([]byte("into the void\n"))
	}
	proctest.Eventually(t, "the queue to be empty", func() (string, bool) {
		server.mu.Lock()
		defer server.mu.Unlock()
		return fmt.Sprintf("%d messages, %v", len(server.queue), server.failing), !server.working
	})
	r.start()
	w.Write([]byte("after\n"))
	proctest.Eventually(t, "a message", func() (string, bool) {
		b, _ := os.ReadFile(filepath.Join(r.dir, "out"))
		return string(b), strings.Contains(string(b), "14|t|after\n")
	})
}
