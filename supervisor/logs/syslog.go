package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The bounds of a SyslogServer.
const (
	syslogQueue   = 1 << 20         // bytes of messages that wait for one server
	syslogPatient = 5 * time.Second // for one connect or write
	syslogFirst   = 100 * time.Millisecond
	syslogLongest = 30 * time.Second // between two attempts to connect
)

// A SyslogAddress says where a syslog server is. The zero value is the local one.
type SyslogAddress struct {
	Network string // "udp", "tcp"; "" for the local one
	Address string // "host:port"
}

// String is the address for messages.
func (a SyslogAddress) String() string {
	if a.Network == "" {
		return "the local syslog"
	}
	return "syslog server " + a.Network + ":" + a.Address
}

// A SyslogServer sends messages to one syslog server, for any number of streams. Nobody ever waits for the server: what
// it does not take waits in a queue of 1 MiB, and what finds the queue full is dropped and counted. A connection that
// breaks is made anew, at first at once and then after waits of up to 30 s, for as long as there is something to send.
//
// Remote servers get RFC 5424 (over TCP framed by octet counting, RFC 6587), the local one what the C library sends.
// Syslog has no acknowledgement: what is on its way when a connection breaks is lost without being counted.
//
// A server with nothing to send costs no goroutine.
type SyslogServer struct {
	address SyslogAddress
	host    string
	dial    func(context.Context) (net.Conn, error)

	mu      sync.Mutex
	changed *sync.Cond // the worker has ended
	queue   [][]byte   // the first one may be being sent
	bytes   int
	working bool
	failing error // what keeps messages from being sent; nil: nothing
	closed  bool
	dropped int64 // all
	untold  int64 // of them, those that the server was not told of

	conn  net.Conn    // the worker's; nil: none
	spare func() bool // forgets to close conn when stop is done

	stop context.Context // done when Close has waited long enough
	halt context.CancelFunc
}

// NewSyslogServer returns a server that connects when there is something to send.
func NewSyslogServer(a SyslogAddress) *SyslogServer {
	s := newSyslogServer(a, func(ctx context.Context) (net.Conn, error) {
		if a.Network == "" {
			return dialLocalSyslog(ctx)
		}
		return syslogDialer.DialContext(ctx, a.Network, a.Address)
	})
	if name, err := os.Hostname(); err == nil {
		s.host = headerField(name, 255)
	}
	return s
}

func newSyslogServer(a SyslogAddress, dial func(context.Context) (net.Conn, error)) *SyslogServer {
	s := &SyslogServer{address: a, host: "-", dial: dial}
	s.stop, s.halt = context.WithCancel(context.Background())
	s.changed = sync.NewCond(&s.mu)
	return s
}

// localSyslogs are where the local syslog listens, by system.
var localSyslogs = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

var syslogDialer = net.Dialer{Timeout: syslogPatient}

func dialLocalSyslog(ctx context.Context) (net.Conn, error) {
	var first error
	for _, path := range localSyslogs {
		for _, network := range []string{"unixgram", "unix"} {
			conn, err := syslogDialer.DialContext(ctx, network, path)
			if err == nil {
				return conn, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return nil, first
}

// Dropped is how many messages were thrown away since the server was made: they found the queue full or the server closed, or
// they were too large for its kind of connection.
func (s *SyslogServer) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Why a message is dropped when nothing is wrong with the connection.
var (
	errSyslogClosed = errors.New("it is closed")
	errSyslogSlow   = errors.New("it does not keep up")
)

// send queues a message, which must not be changed any more. The error tells of trouble: of this message or of those
// before.
func (s *SyslogServer) send(message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		s.dropped++
		return fmt.Errorf("cannot send to %s: %w", s.address, errSyslogClosed)
	case s.bytes+len(message) > syslogQueue:
		s.dropped++
		s.untold++
		return fmt.Errorf("cannot send to %s, messages are dropped: %w", s.address, cmp.Or(s.failing, errSyslogSlow))
	}
	s.push(message)
	if s.failing != nil {
		return fmt.Errorf("cannot send to %s, messages wait: %w", s.address, s.failing)
	}
	return nil
}

// push appends a message and sees to it that somebody sends it. The lock is held.
func (s *SyslogServer) push(message []byte) {
	s.queue = append(s.queue, message)
	s.bytes += len(message)
	if !s.working {
		s.working = true
		go s.work()
	}
}

// work sends until nothing is left.
func (s *SyslogServer) work() {
	wait := time.Duration(0)
	for {
		batch := s.batch()
		if batch == nil {
			return
		}
		sent, err := s.deliver(batch)
		s.settle(sent, err)
		switch {
		case err == nil:
			wait = 0
		case sent > 0:
			wait = 0 // the connection was good: another one is tried at once
		case !s.sleep(wait):
			s.giveUp()
			return
		default:
			wait = min(max(2*wait, syslogFirst), syslogLongest)
		}
	}
}

// batch returns all messages in the queue, nil when the worker is to end.
func (s *SyslogServer) batch() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 && s.untold > 0 {
		text := fmt.Sprintf("%d messages were dropped because the syslog server could not take them", s.untold)
		s.untold = 0
		s.push(s.message(time.Now(), facilityUser<<3|severityWarning, "supd", text))
	}
	if len(s.queue) == 0 {
		s.queue = nil
		s.rest()
		return nil
	}
	return s.queue[:len(s.queue):len(s.queue)]
}

// rest ends the worker. The lock is held.
func (s *SyslogServer) rest() {
	s.working = false
	s.changed.Broadcast()
}

// giveUp drops what is in the queue of a server that is closed and cannot be reached.
func (s *SyslogServer) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += int64(len(s.queue))
	s.queue, s.bytes = nil, 0
	s.rest()
}

// settle takes what was sent out of the queue.
func (s *SyslogServer) settle(sent int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = err
	for _, m := range s.queue[:sent] {
		s.bytes -= len(m)
	}
	clear(s.queue[:sent])
	s.queue = s.queue[sent:]
}

// sleep waits before the next attempt to connect. false: the server is closed.
func (s *SyslogServer) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	if s.stop.Err() != nil {
		return false
	}
	select {
	case <-timer.C:
		return true
	case <-s.stop.Done():
		return false
	}
}

// deliver sends messages and returns how many are on their way. It connects first if need be.
func (s *SyslogServer) deliver(batch [][]byte) (sent int, err error) {
	if s.conn != nil && s.address.Network == "tcp" && hasEnded(s.conn) {
		s.disconnect()
	}
	if s.conn == nil {
		conn, err := s.dial(s.stop)
		if err != nil {
			return 0, err
		}
		s.conn = conn
		s.spare = context.AfterFunc(s.stop, func() { conn.Close() })
	}
	for _, m := range batch {
		s.conn.SetWriteDeadline(time.Now().Add(syslogPatient))
		_, err := s.conn.Write(m)
		if errors.Is(err, syscall.EMSGSIZE) { // it would be too large the next time as well
			s.lose(1)
			err = nil
		}
		if err != nil {
			s.disconnect()
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// lose counts messages as dropped.
func (s *SyslogServer) lose(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += int64(n)
}

func (s *SyslogServer) disconnect() {
	if s.conn != nil {
		s.spare()
		s.conn.Close()
		s.conn = nil
	}
}

// hasEnded tells whether the server has closed its side of a connection. A write would seem to work all the same, and its
// messages would be lost.
func hasEnded(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	n := 1
	var recvErr error
	err = raw.Control(func(fd uintptr) {
		var b [512]byte
		for n > 0 && recvErr == nil { // what the server says is of no interest
			n, _, recvErr = unix.Recvfrom(int(fd), b[:], unix.MSG_DONTWAIT)
		}
	})
	return err != nil || recvErr != unix.EAGAIN && recvErr != unix.EINTR
}

// Close sends what waits, if that takes no longer than patience, and drops the rest. Streams that are still open drop what
// they are given from then on. A second Close does nothing.
func (s *SyslogServer) Close(patience time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.halt()
	defer time.AfterFunc(patience, s.halt).Stop()
	for s.working {
		s.changed.Wait()
	}
	s.disconnect()
	if s.dropped > 0 {
		return fmt.Errorf("%d messages for %s were dropped", s.dropped, s.address)
	}
	return nil
}
