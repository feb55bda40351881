package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/confload"
)

// A ListenError tells why a server could not be opened (compat.md §2.4). Err is the cause: syscall.EADDRINUSE when another
// program is there, a *net.DNSError for a host without an address, syscall.ENAMETOOLONG for the path of a socket.
type ListenError struct {
	Section string // "inet_http_server"
	Address string // "127.0.0.1:9001", or the path of a socket
	Place   string // "FILE:LINE" of the address in the configuration, "" when unknown
	Err     error
}

func (e *ListenError) Error() string {
	if e.Place == "" {
		return e.text()
	}
	return e.text() + " (" + e.Place + ")"
}

func (e *ListenError) text() string {
	var dns *net.DNSError
	var errno syscall.Errno
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("another program is already listening on %s, which [%s] is to use: shut it down first", e.Address, e.Section)
	case errors.As(e.Err, &dns):
		return fmt.Sprintf("cannot open the HTTP server of [%s]: the host of %s has no address: %s", e.Section, e.Address, dns.Err)
	case errors.Is(e.Err, syscall.ENAMETOOLONG):
		return fmt.Sprintf("cannot open the HTTP server of [%s]: the path %s is too long for a socket (%d bytes of at most %d)",
			e.Section, e.Address, len(e.Address), maxSocketPath)
	case errors.Is(e.Err, syscall.ENOENT) && strings.HasPrefix(e.Address, "/"):
		return fmt.Sprintf("cannot open the HTTP server of [%s] on %s: errno.ENOENT (2), the directory does not exist; make it with: mkdir -p %s",
			e.Section, e.Address, filepath.Dir(e.Address))
	case errors.As(e.Err, &errno):
		return fmt.Sprintf("cannot open the HTTP server of [%s] on %s: errno.%s (%d), %v", e.Section, e.Address,
			unix.ErrnoName(errno), int(errno), e.Err)
	}
	return fmt.Sprintf("cannot open the HTTP server of [%s] on %s: %v", e.Section, e.Address, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// listener is an open server: a net.Listener and, for a unix socket, the file that leads to it.
type listener struct {
	net.Listener
	file *socketFile // nil: tcp
	once sync.Once
}

func (l *listener) addr() net.Addr {
	if l.file != nil {
		return &net.UnixAddr{Name: l.file.path, Net: "unix"}
	}
	return l.Addr()
}

// Close is called by net/http.
func (l *listener) Close() error {
	l.close()
	return nil
}

// close removes the socket file, if it is ours and nobody else's, and stops listening.
func (l *listener) close() {
	l.once.Do(func() {
		if l.file != nil {
			l.file.release()
		}
		l.Listener.Close()
	})
}

// inherit returns a listener for s on the socket of old, or nil when old is not the socket that s asks for. Both listen until
// one is closed, so that no client is turned away in between. Errors are *ListenError.
func inherit(s confload.Server, old *front) (*listener, error) {
	was := old.config
	if was.Network != s.Network || was.Path != s.Path || was.Host != s.Host || was.Port != s.Port {
		return nil, nil
	}
	file := old.listener.file
	if file != nil && !file.inPlace() {
		return nil, nil // somebody has removed or replaced it
	}
	l, err := duplicate(old.listener.Listener)
	if err == nil && file != nil && (was.Mode != s.Mode || was.UID != s.UID || was.GID != s.GID) {
		if err = setAccess(file.path, s); err != nil {
			l.Close()
		}
	}
	if err != nil {
		return nil, &ListenError{s.Section, old.listener.addr().String(), placeOf(&s), err}
	}
	if file != nil {
		file.users.Add(1)
	}
	return &listener{Listener: l, file: file}, nil
}

// duplicate returns a second listener on the socket of l. The File of l would not do: its descriptor cannot be asked for without
// making the socket a blocking one for a moment, and who accepts a connection in that moment waits for ever.
func duplicate(l net.Listener) (net.Listener, error) {
	f, err := os.Open(os.DevNull) // a file that blocks: its number is left as it is
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = duplicateTo(int(fd), int(f.Fd())) }); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	return net.FileListener(f)
}

func placeOf(s *confload.Server) string {
	if s.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// resolveTimeout bounds the look-up of a host.
const resolveTimeout = 10 * time.Second

// listen opens one server. Errors are *ListenError.
func listen(s confload.Server, logger hclog.Logger) (*listener, error) {
	if s.Network == "unix" {
		l, err := listenUnix(s, logger)
		if err != nil {
			return nil, &ListenError{s.Section, s.Path, placeOf(&s), err}
		}
		return l, nil
	}
	// supervisord knows no IPv6: all addresses are all of IPv4.
	network := "tcp"
	if s.Host == "" {
		network = "tcp4"
	}
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return nil, &ListenError{s.Section, address, placeOf(&s), err}
	}
	return &listener{Listener: l}, nil
}
