package server

import (
	"bufio"
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/confload"
)

// follow makes the server that comes after old, listening on its sockets.
func follow(t *testing.T, old *Server, servers []confload.Server) *Server {
	t.Helper()
	next, err := New(Config{Servers: servers, Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1}, Interfaces: supervisorInterface})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Listen(old); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { next.Close(context.Background()) })
	return next
}

func TestWhoConnectsBetweenTwoServersIsAnsweredByTheNext(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Servers = c.Servers[:2] })
	next := follow(t, r.Server, r.config.Servers)
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{r.socket, r.tcp} {
		c := dial(t, address)
		if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		defer func() {
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %v, %v", address, answer, err)
			}
		}()
	}
	next.Serve()
}

func TestTheSocketFileStaysUntilItsLastServerCloses(t *testing.T) {
	r := newRig(t)
	first, second := follow(t, r.Server, r.config.Servers), follow(t, r.Server, r.config.Servers)
	for _, s := range []*Server{second, r.Server, first} {
		if _, err := os.Lstat(r.socket); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(r.socket); err == nil {
		t.Error("the file is still there")
	}
}

func TestASocketThatLostItsFileIsBoundAgain(t *testing.T) {
	r := newRig(t)
	if err := os.Remove(r.socket); err != nil {
		t.Fatal(err)
	}
	next := follow(t, r.Server, []confload.Server{unixServer(r.socket)})
	next.Serve()
	dial(t, r.socket)
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	dial(t, r.socket)
}

func TestAccessToASocketChangesWithItsNextServer(t *testing.T) {
	r := newRig(t)
	server := unixServer(r.socket)
	server.Mode = 0o770
	follow(t, r.Server, []confload.Server{server})
	info, err := os.Lstat(r.socket)
	if err != nil || info.Mode().Perm() != 0o770 {
		t.Errorf("%v, %v", info, err)
	}
}

// Whoever accepts connections while the socket is handed over must not find it blocking: nobody would wake him.
func TestASocketNeverBlocksWhileItIsHandedOver(t *testing.T) {
	for _, address := range []struct{ network, name string }{{"unix", filepath.Join(t.TempDir(), "s")}, {"tcp", "127.0.0.1:0"}} {
		l, err := net.Listen(address.network, address.name)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := l.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		stop, looked := make(chan struct{}), make(chan int)
		go func() {
			blocking := 0
			for {
				select {
				case <-stop:
					looked <- blocking
					return
				default:
				}
				_ = raw.Control(func(fd uintptr) {
					if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err == nil && flags&unix.O_NONBLOCK == 0 {
						blocking++
					}
				})
			}
		}()
		for range 2000 {
			second, err := duplicate(l)
			if err != nil {
				t.Fatal(err)
			}
			if u, ok := second.(*net.UnixListener); ok {
				u.SetUnlinkOnClose(false)
			}
			second.Close()
		}
		close(stop)
		if n := <-looked; n > 0 {
			t.Errorf("%s: it was blocking %d times", address.network, n)
		}
		l.Close()
	}
}

func TestAServerThatCannotListenTakesNothing(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	servers := append([]confload.Server{unixServer(filepath.Join(dir, "new"))}, r.config.Servers...)
	servers = append(servers, unixServer(filepath.Join(dir, "missing", "s")))
	next, err := New(Config{Servers: servers, Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Listen(r.Server); err == nil {
		t.Fatal("it listens")
	}
	if left, _ := fs.ReadDir(os.DirFS(dir), "."); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	dial(t, r.socket)
	dial(t, r.tcp)
}
