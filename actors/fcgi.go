package actors

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// sharedSocket is the socket of an [fcgi-program:x]. All processes of the section have it as their standard input: it is
// opened before the first of them starts and closed when the last has ended (compat.md §10.2). Runs use it each from its
// own mailbox.
type sharedSocket struct {
	tree   *tree
	config *confload.Socket

	mu    sync.Mutex
	users int
	file  *os.File // open while there are users
}

// acquire returns the open socket. Its user calls release when its process has ended.
func (s *sharedSocket) acquire() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		s.tree.logger.Info("Creating socket " + logs.Clean(s.config.URL))
		f, err := openSocket(s.config)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	s.users++
	return s.file, nil
}

// release does nothing without a socket.
func (s *sharedSocket) release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	if s.users > 0 {
		return
	}
	s.tree.logger.Info("Closing socket " + logs.Clean(s.config.URL))
	_ = s.file.Close()
	s.file = nil
}

func openSocket(c *confload.Socket) (*os.File, error) {
	f, err := process.Socket{Network: c.Network, Address: c.Address, Backlog: c.Backlog, Mode: c.Mode, UID: c.UID, GID: c.GID}.Open()
	if err != nil {
		return nil, fmt.Errorf("could not create FastCGI socket %s: %w", c.URL, err)
	}
	return f, nil
}

// CheckSockets tells whether the sockets of the fcgi-programs of a group can be had, by opening and closing each.
func CheckSockets(g *confload.Group) error {
	var errs []error
	seen := map[string]bool{}
	for i := range g.Programs {
		p := &g.Programs[i]
		if p.Socket == nil || seen[p.Section] {
			continue
		}
		seen[p.Section] = true
		f, err := openSocket(p.Socket)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w, for [%s] (%s:%d)", err, p.Section, p.File, p.Line))
			continue
		}
		_ = f.Close()
	}
	return errors.Join(errs...)
}

// socketsOf makes the shared sockets of a group, by section.
func (t *tree) socketsOf(g *confload.Group) map[string]*sharedSocket {
	var out map[string]*sharedSocket
	for i := range g.Programs {
		p := &g.Programs[i]
		if p.Socket == nil || out[p.Section] != nil {
			continue
		}
		if out == nil {
			out = map[string]*sharedSocket{}
		}
		out[p.Section] = &sharedSocket{tree: t, config: p.Socket}
	}
	return out
}
