package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// fcgiVariable makes this program a FastCGI application on its standard input.
const fcgiVariable = "SUPD_TEST_FCGI"

// actAsApplication answers FastCGI requests for ever when this program was started for that.
func actAsApplication() {
	if os.Getenv(fcgiVariable) == "" {
		return
	}
	name := os.Getenv("SUPERVISOR_PROCESS_NAME")
	err := fcgi.Serve(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s answers %s", name, r.URL.RequestURI())
	}))
	fmt.Fprintln(os.Stderr, err)
	syscall.Exit(1)
}

// ask has cgi-fcgi of libfcgi ask an application something.
func ask(t *testing.T, address, question string) (string, error) {
	t.Helper()
	cmd := exec.Command("/usr/bin/cgi-fcgi", "-bind", "-connect", address)
	cmd.Env = []string{"REQUEST_METHOD=GET", "SERVER_PROTOCOL=HTTP/1.1", "HTTP_HOST=example.org", "REQUEST_URI=" + question, "QUERY_STRING="}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%v; type: apt-get install -y libfcgi-bin", err)
	}
	return string(out), err
}

// fcgiSite is supd with an fcgi-program of two processes. socket is the value of socket=, in which DIR is replaced.
func fcgiSite(t *testing.T, socket, more string) *stage {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return onStage(t, `
[fcgi-program:app]
command = `+exe+`
socket = `+socket+`
process_name = app%(process_num)d
startsecs = 0
numprocs = 2
environment = `+fcgiVariable+`="1"
`+more)
}

func TestTwoProcessesAnswerOnOneSocket(t *testing.T) {
	host := loopback()
	for _, c := range []struct{ name, socket, network, address, group, more string }{
		{"unix", "unix://DIR/app.sock", "unix", "DIR/app.sock", "app", ""},
		{"tcp", "tcp://" + host + ":9000", "tcp", host + ":9000", "app", ""},
		{"unix in a group", "unix://DIR/app.sock", "unix", "DIR/app.sock", "site", "[group:site]\nprograms=other,app\n[program:other]\ncommand=/bin/cat\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := fcgiSite(t, c.socket, c.more)
			address := strings.ReplaceAll(c.address, "DIR", s.dir)
			s.out.WaitFor(t, "success: app0 entered RUNNING")
			s.out.WaitFor(t, "success: app1 entered RUNNING")
			if out, err := ask(t, address, "/both"); err != nil || !strings.Contains(out, " answers /both") {
				t.Errorf("%v: %s", err, out)
			}
			for i, other := range []string{"app1", "app0"} {
				one := fmt.Sprintf("%s:app%d", c.group, i)
				if out, status := ctlIn(t, s.conf, "stop", one); status != 0 {
					t.Error(out)
				}
				for n := range 3 {
					question := fmt.Sprintf("/%d", n)
					if out, err := ask(t, address, question); err != nil || !strings.HasSuffix(out, other+" answers "+question) {
						t.Errorf("without %s: %v: %s", one, err, out)
					}
				}
				if out, status := ctlIn(t, s.conf, "start", one); status != 0 {
					t.Error(out)
				}
			}
			s.restartWithoutRefusal(c.network, address, c.group)
			log := s.out.String()
			if n := strings.Count(log, "Creating socket "); n != 1 {
				t.Errorf("the socket was made %d times:\n%s", n, log)
			}
			if strings.Contains(log, "Closing socket ") {
				t.Errorf("the socket was closed:\n%s", log)
			}
			if out, status := ctlIn(t, s.conf, "stop", c.group+":app0", c.group+":app1"); status != 0 {
				t.Error(out)
			}
			s.out.WaitFor(t, "Closing socket ")
			if conn, err := net.Dial(c.network, address); err == nil {
				conn.Close()
				t.Error("somebody listens after the last process has ended")
			}
			if out, status := ctlIn(t, s.conf, "start", c.group+":*"); status != 0 {
				t.Error(out)
			}
			if out, err := ask(t, address, "/again"); err != nil || !strings.Contains(out, " answers /again") {
				t.Errorf("after all were stopped: %v: %s", err, out)
			}
		})
	}
}

// restartWithoutRefusal restarts each of the processes while a client connects again and again.
func (s *stage) restartWithoutRefusal(network, address, group string) {
	s.t.Helper()
	stop, refused := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(refused)
		for {
			select {
			case <-stop:
				return
			default:
			}
			conn, err := net.Dial(network, address)
			if err != nil {
				refused <- err
				return
			}
			// An application closes a connection on which nothing is asked. Waiting for that keeps the queue short.
			_ = conn.(interface{ CloseWrite() error }).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	for i := range 4 {
		if out, status := ctlIn(s.t, s.conf, "restart", fmt.Sprintf("%s:app%d", group, i%2)); status != 0 {
			s.t.Error(out)
		}
	}
	close(stop)
	if err := <-refused; err != nil {
		s.t.Error(err)
	}
}

func TestAWebServerReachesAnApplication(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/sbin/lighttpd"); err != nil {
		t.Fatalf("%v; type: apt-get install -y lighttpd", err)
	}
	host := loopback()
	s := fcgiSite(t, "unix://DIR/app.sock", `
[program:lighttpd]
command = /usr/sbin/lighttpd -D -f DIR/lighttpd.conf
autostart = false
`)
	writeFile(t, s.dir, "lighttpd.conf", fmt.Sprintf(`
server.modules = ( "mod_fastcgi" )
server.document-root = "%s"
server.bind = "%s"
server.port = 8080
fastcgi.server = ( "/" => (( "socket" => "%s", "check-local" => "disable" )) )
`, s.dir, host, filepath.Join(s.dir, "app.sock")))
	if out, status := ctlIn(t, s.conf, "start", "lighttpd"); status != 0 {
		t.Fatal(out)
	}
	for _, stopped := range []string{"", "app:app0", "app:app1"} {
		if stopped != "" {
			if out, status := ctlIn(t, s.conf, "stop", stopped); status != 0 {
				t.Fatal(out)
			}
		}
		proctest.Eventually(t, "an answer", func() (string, bool) {
			answer, err := http.Get("http://" + host + ":8080/a/page?q=1")
			if err != nil {
				return err.Error(), false
			}
			defer answer.Body.Close()
			text, _ := io.ReadAll(answer.Body)
			return fmt.Sprintf("%s: %s", answer.Status, text), answer.StatusCode == http.StatusOK && strings.HasSuffix(string(text), " answers /a/page?q=1")
		})
		if stopped != "" {
			if out, status := ctlIn(t, s.conf, "start", stopped); status != 0 {
				t.Fatal(out)
			}
		}
	}
}
