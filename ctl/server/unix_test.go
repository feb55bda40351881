package server

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
)

func listenOn(t *testing.T, log *logBuffer, servers ...confload.Server) (*Server, error) {
	t.Helper()
	s, err := New(Config{Servers: servers, Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1},
		Logger: hclog.New(&hclog.LoggerOptions{Output: log, DisableTime: true})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s, s.Listen(nil)
}

func folder(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestSocketHasItsModeAndOwner(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for _, mode := range []fs.FileMode{0o700, 0o770, 0o777, 0o600} {
		path := filepath.Join(t.TempDir(), "s.sock")
		server := unixServer(path)
		server.Mode = mode
		if os.Getuid() == 0 {
			server.UID, server.GID = 65534, 65533
		}
		s, err := listenOn(t, &logBuffer{}, server)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if info.Mode() != fs.ModeSocket|mode || os.Getuid() == 0 && (stat.Uid != 65534 || stat.Gid != 65533) {
			t.Errorf("mode %v, owner %d:%d, want %v", info.Mode(), stat.Uid, stat.Gid, mode)
		}
		if got := folder(t, path); got != "s.sock" {
			t.Errorf("the folder holds %s", got)
		}
		if got := s.Addrs()[0].String(); got != path {
			t.Errorf("address %s", got)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := folder(t, path); got != "" {
			t.Errorf("after Close the folder holds %s", got)
		}
	}
}

// TestSocketIsPrivateFromTheFirstMoment looks at the file before it gets the mode it is to have.
func TestSocketIsPrivateFromTheFirstMoment(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "x")
	config := net.ListenConfig{Control: makePrivate}
	l, err := config.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	log := &logBuffer{}
	if _, err := listenOn(t, log, unixServer(path)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "Unlinking stale socket "+path) {
		t.Errorf("log:\n%s", log)
	}
	dial(t, path)
}

func TestLiveSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	live, err := net.Listen("unix", path) // it never accepts
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	_, err = listenOn(t, &logBuffer{}, unixServer(path))
	var listen *ListenError
	if !errors.As(err, &listen) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "another program is already listening on "+path) {
		t.Errorf("error %v", err)
	}
	dial(t, path)
	// The same for two sections with one path.
	other := filepath.Join(t.TempDir(), "s.sock")
	if _, err = listenOn(t, &logBuffer{}, unixServer(other), unixServer(other)); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("error %v", err)
	}
	if got := folder(t, other); got != "" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestSocketOfAnotherIsNotRemovedAtClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	s, err := listenOn(t, &logBuffer{}, unixServer(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(t, &logBuffer{}, unixServer(path)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	dial(t, path)
}

func TestFileInThePlaceOfASocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(t, &logBuffer{}, unixServer(path)); !errors.Is(err, errNotASocket) {
		t.Errorf("error %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Error("the file has changed")
	}
}

func TestListenErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	long := filepath.Join(dir, strings.Repeat("x", 120))
	tcp := func(host string, port int) confload.Server {
		s := tcpServer()
		s.Host, s.Port = host, port
		return s
	}
	for _, c := range []struct {
		server confload.Server
		cause  error
		text   string
	}{
		{tcp("127.0.0.1", busy.Addr().(*net.TCPAddr).Port), syscall.EADDRINUSE, "another program is already listening on 127.0.0.1:"},
		{tcp("192.0.2.1", 9001), syscall.EADDRNOTAVAIL, "errno.EADDRNOTAVAIL (99)"},
		{tcp("no-such-host.invalid", 9001), nil, "the host of no-such-host.invalid:9001 has no address"},
		{unixServer(long), syscall.ENAMETOOLONG, "too long for a socket"},
		{unixServer(filepath.Join(dir, "none", "s.sock")), syscall.ENOENT, "errno.ENOENT (2)"},
	} {
		first := unixServer(filepath.Join(dir, "first.sock"))
		_, err := listenOn(t, &logBuffer{}, first, c.server)
		var listen *ListenError
		if !errors.As(err, &listen) || listen.Section != c.server.Section || c.cause != nil && !errors.Is(err, c.cause) ||
			!strings.Contains(err.Error(), c.text) {
			t.Errorf("want %q: error %v", c.text, err)
		}
		if got := folder(t, first.Path); got != "" {
			t.Errorf("%v: the first server was left behind: %s", err, got)
		}
	}
}

func TestPathThatIsJustShortEnough(t *testing.T) {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, strings.Repeat("x", maxSocketPath-len(dir)-1))
	if _, err := listenOn(t, &logBuffer{}, unixServer(path)); err != nil {
		t.Fatal(err)
	}
	dial(t, path)
	if got := folder(t, path); got != filepath.Base(path) {
		t.Errorf("the folder holds %s", got)
	}
}
