package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/xmlrpc"
	"github.com/gwaycc/supd/supervisor/logs"
)

// Config says what a Server serves, and to whom.
type Config struct {
	Servers  []confload.Server
	Accounts []confload.Account
	Tree     Tree
	Daemon   Daemon
	Logger   hclog.Logger // nil: none
	// Version is what getSupervisorVersion answers. Clients compare it with versions of supervisord.
	Version string
	// Release is supd's own version, for people.
	Release string
	// ConfigFile is the file that the configuration was read from, for people; "" none.
	ConfigFile string
	// Interfaces are the [rpcinterface:x] sections. Each with supervisord's own factory gives its methods the namespace x;
	// without any there is only system.* (compat.md §10.1).
	Interfaces []confload.Plugin
	Limits     Limits
}

// Limits protect the daemon from its clients. A zero field stands for its default.
type Limits struct {
	Conns         int           // connections at once, all servers together; one more closes the one idle longest; 3072
	Body          int64         // bytes of one request's body; 4 MiB
	HeaderTimeout time.Duration // for the header of a request; 10 s
	BodyTimeout   time.Duration // for its body; 30 s
	WriteTimeout  time.Duration // for taking the answer; 60 s
	Watchers      int           // streams of events at once, all servers together; one more is refused; 2048
	Streams       int           // log streams at once, all servers together; one more is refused; 512
	StreamTimeout time.Duration // for taking what a log stream sends; 5 min
	IdleTimeout   time.Duration // between two requests; 30 min
	XML           xmlrpc.Limits
}

func (l *Limits) setDefaults() {
	setDefault(&l.Conns, 3072)
	setDefault(&l.Body, 4<<20)
	setDefault(&l.HeaderTimeout, 10*time.Second)
	setDefault(&l.BodyTimeout, 30*time.Second)
	setDefault(&l.WriteTimeout, time.Minute)
	setDefault(&l.Watchers, 2048)
	setDefault(&l.Streams, 512)
	setDefault(&l.StreamTimeout, 5*time.Minute)
	setDefault(&l.IdleTimeout, 30*time.Minute)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// maxHeader bounds the header of a request, in bytes.
const maxHeader = 64 << 10

// A Server is all HTTP servers of one configuration. Listen, Serve and Close are called in this order, each at most once;
// Close may come at any time, from any goroutine.
type Server struct {
	config   Config
	logger   hclog.Logger
	rpc      *rpc
	exporter *exporter
	conns    *connTable
	streams  *streams
	watchers *streams // of events
	rest     []restRoute
	live     liveHub
	sampler  *sampler
	instance string // tells this server from those before it
	node     string // name of this supd among others
	remotes  []*remote
	host     hostLoad
	cancel   context.CancelFunc // ends the context of every request
	base     context.Context

	mu     sync.Mutex
	fronts []*front
	done   sync.WaitGroup // the accepting goroutines
	closed bool
}

// New makes a Server. It opens nothing yet. An error means that the interfaces cannot be had under these names.
func New(config Config) (*Server, error) {
	if config.Tree == nil || config.Daemon == nil {
		return nil, errors.New("a server needs a tree and a daemon")
	}
	if config.Logger == nil {
		config.Logger = hclog.NewNullLogger()
	}
	config.Limits.setDefaults()
	streams := newStreams(config.Limits.Streams)
	config.Tree = streamedTree{config.Tree, streams}
	s := &Server{config: config, logger: config.Logger, streams: streams}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.conns = newConnTable(config.Limits.Conns)
	var err error
	s.exporter = newExporter(s)
	s.rest, s.live.server, s.sampler = s.restRoutes(), s, newSampler(config.Tree, s.logger)
	s.watchers = newStreams(config.Limits.Watchers)
	s.instance, s.node = rand.Text()[:8], nodeName(config.Servers)
	s.remotes = newRemotes(config.Servers, s.node)
	if s.rpc, err = newRPC(&s.config, s.exporter.called); err != nil {
		return nil, err
	}
	return s, nil
}

// nodeName is the name that a server gives, else that of the host.
func nodeName(servers []confload.Server) string {
	for i := range servers {
		if servers[i].NodeName != "" {
			return servers[i].NodeName
		}
	}
	name, _ := os.Hostname()
	return name
}

// Listen binds every server or, when one of them cannot be, none; the error is a *ListenError then. Clients can connect
// from now on, but are not answered before Serve.
//
// old is the Server this one follows, still open, or nil. Where both listen on the same address they share the socket: who
// connects while neither serves is answered by the new one. Who may use a unix socket changes at once.
func (s *Server) Listen(old *Server) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	for _, section := range s.config.Servers {
		l, err := old.handOver(section)
		if l == nil && err == nil {
			l, err = listen(section, s.logger)
		}
		if err != nil {
			for _, f := range s.fronts {
				f.listener.close()
			}
			s.fronts = nil
			return err
		}
		f, err := s.newFront(section, l)
		if err != nil {
			l.close()
			for _, f := range s.fronts {
				f.listener.close()
			}
			s.fronts = nil
			return err
		}
		s.fronts = append(s.fronts, f)
	}
	return nil
}

// handOver returns a listener on the socket that s has for a section, or nil when it has none.
func (s *Server) handOver(section confload.Server) (*listener, error) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil
	}
	for _, f := range s.fronts {
		if l, err := inherit(section, f); l != nil || err != nil {
			return l, err
		}
	}
	return nil, nil
}

// Addrs are the addresses that are listened on, in the order of Config.Servers.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []net.Addr
	for _, f := range s.fronts {
		addrs = append(addrs, f.listener.addr())
	}
	return addrs
}

// Serve logs what administrators should know about the servers, begins to answer and returns at once.
func (s *Server) Serve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for _, i := range s.config.Interfaces {
		if !isSupervisorInterface(i) {
			s.logger.Warn(fmt.Sprintf("rpc interface '%s' is left out: supd does not have %s", logs.Clean(i.Name), logs.Clean(i.Factory)))
		}
	}
	for _, f := range s.fronts {
		for _, i := range s.config.Interfaces {
			if isSupervisorInterface(i) {
				s.logger.Info(fmt.Sprintf("RPC interface '%s' initialized", logs.Clean(i.Name)))
			}
		}
		if !f.auth.asks() {
			logs.Critical(s.logger, "Server '%s' running without any HTTP authentication checking", logs.Clean(f.config.Section))
			if a := f.listener.addr(); f.config.Network == "tcp" && !isLoopback(a) {
				logs.Critical(s.logger, "whoever can reach %s has the role %s on this machine: set username and password in [%s], or listen on 127.0.0.1",
					a, f.auth.most, logs.Clean(f.config.Section))
			}
		}
		s.done.Go(func() { s.accept(f) })
	}
}

// accept serves one listener until it is closed.
func (s *Server) accept(f *front) {
	var err error
	if f.http.TLSConfig != nil {
		err = f.http.ServeTLS(f.listener, "", "")
	} else {
		err = f.http.Serve(f.listener)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		logs.Critical(s.logger, "server '%s' has stopped: %v", logs.Clean(f.config.Section), err)
	}
}

func (s *Server) newFront(section confload.Server, l *listener) (*front, error) {
	auth, err := newAuth(section, s.config.Accounts)
	if err != nil {
		return nil, err
	}
	f := &front{config: section, listener: l, auth: auth, limits: &s.config.Limits, logger: s.logger,
		routes: s.routes(), answered: s.exporter.answered, refused: refusals{logger: s.logger}}
	f.hosts = f.guardsHost()
	f.http = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: s.config.Limits.HeaderTimeout,
		IdleTimeout:       s.config.Limits.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.conns.track,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(s.base, frontKey{}, f) },
		ConnContext:       withConn,
		ErrorLog:          log.New(lineWriter{f}, "", 0),

		DisableGeneralOptionsHandler: true, // it would answer without authentication
		TLSConfig:                    tlsConfig(&section),
	}
	f.http.Protocols = new(http.Protocols)
	f.http.Protocols.SetHTTP1(true) // streams and deadlines are made for one request at a time on a connection
	return f, nil
}

// tlsConfig is how a server speaks TLS; nil: it does not.
func tlsConfig(s *confload.Server) *tls.Config {
	if s.Certificate == nil {
		return nil
	}
	c := &tls.Config{Certificates: []tls.Certificate{*s.Certificate}, MinVersion: tls.VersionTLS12}
	if s.ClientCAs != nil {
		c.ClientCAs, c.ClientAuth = s.ClientCAs, tls.RequireAndVerifyClientCert
	}
	return c
}

// lineWriter logs what net/http has to say of one server.
type lineWriter struct{ *front }

func (w lineWriter) Write(p []byte) (int, error) {
	line := strings.TrimSpace(string(p))
	if rest, is := strings.CutPrefix(line, "http: TLS handshake error from "); is { // anybody can have many
		address, why, _ := strings.Cut(rest, ": ")
		host, _, _ := net.SplitHostPort(address)
		w.refused.tell("tls "+host, "refused: a connection from %s at [%s]: the TLS handshake failed: %s", address, w.config.Section, why)
		return len(p), nil
	}
	w.logger.Warn(logs.Clean(line))
	return len(p), nil
}

var _ io.Writer = lineWriter{}

// Close ends the log streams, stops listening, removes the socket files that are its own, lets answers that are under way finish, and closes all
// connections. When ctx ends first it cuts them off, ends the contexts of their requests and returns the error of ctx.
// Closing again does nothing.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	fronts := s.fronts
	s.mu.Unlock()
	defer s.cancel()

	s.streams.close()
	s.watchers.close()
	for _, f := range fronts {
		f.listener.close()
		f.http.SetKeepAlivesEnabled(false)
	}
	s.done.Wait()
	empty := s.conns.drain()
	var err error
	select {
	case <-empty:
	case <-ctx.Done():
		select {
		case <-empty:
		default:
			err = ctx.Err()
		}
	}
	for _, f := range fronts {
		f.http.Close()
		f.refused.close()
	}
	for _, r := range s.remotes {
		r.client.CloseIdleConnections()
	}
	return err
}
