package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/logs"
)

// front is the HTTP side of one server section: it guards, routes and answers for what goes wrong (compat.md §4.1).
type front struct {
	config   confload.Server
	listener *listener
	http     *http.Server
	auth     *auth
	refused  refusals
	routes   []route
	limits   *Limits
	logger   hclog.Logger
	origins  http.CrossOriginProtection
	answered func(status int) // told of every answer

	hosts hostGuard
}

type frontKey struct{}

// knowsClient tells whether the server that a request has come to lets only some people in: by the permissions of its
// socket or by a password.
func knowsClient(ctx context.Context) bool {
	f, ok := ctx.Value(frontKey{}).(*front)
	return ok && (f.config.Network == "unix" || f.auth.asks())
}

// A route answers the requests for one path, or for all that begin with it.
type route struct {
	path   string
	prefix bool
	handle func(w http.ResponseWriter, r *http.Request) error
}

// routes is the table of everything that is served; the first that fits answers.
func (s *Server) routes() []route {
	return append([]route{
		{path: "/RPC2", prefix: true, handle: s.rpc.serve},
		{path: "/logtail/", prefix: true, handle: s.serveLogtail},
		{path: "/mainlogtail", prefix: true, handle: s.serveMainLogtail},
		{path: restPath + "/", prefix: true, handle: s.serveREST},
		{path: "/program/", prefix: true, handle: s.servePredecessors},
		{path: "/supervisor/", prefix: true, handle: s.servePredecessors},
		{path: "/conf/", prefix: true, handle: s.servePredecessors},
		{path: "/metrics", handle: s.serveMetrics},
		{path: healthPath, handle: s.serveHealth(s.alive)},
		{path: readyPath, handle: s.serveHealth(s.ready)},
	}, s.pageRoutes()...)
}

// An httpError is the status a request is refused with. Its reason is for the log, its detail for the client.
type httpError struct {
	status int
	reason string // logged as an error; "" not at all
	detail string // for clients that are answered in JSON; "" nothing
}

func (e *httpError) Error() string { return e.reason }

// reply tells whether an answer has begun, for the case that its handler fails, and what it was, for the log.
type reply struct {
	http.ResponseWriter
	keep10 bool  // an HTTP/1.0 client asks to keep the connection
	status int   // 0: not begun
	sent   int64 // bytes of the body
}

func (r *reply) begun() bool { return r.status != 0 }

func (r *reply) WriteHeader(status int) {
	if !r.begun() {
		r.status = status
		if h := r.Header(); r.keep10 && h["Content-Length"] != nil && h["Connection"] == nil {
			h["Connection"] = keepAlive10
		}
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *reply) Write(p []byte) (int, error) {
	if !r.begun() {
		r.WriteHeader(http.StatusOK)
	}
	n, err := r.ResponseWriter.Write(p)
	r.sent += int64(n)
	return n, err
}

// code is the status that was answered with. net/http answers for a handler that has written nothing.
func (r *reply) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// keepAlive10 is written as supervisord writes it; net/http would write it in lower case.
var keepAlive10 = []string{"Keep-Alive"}

// Unwrap is for http.ResponseController.
func (r *reply) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// ServeHTTP answers one request.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &reply{ResponseWriter: w, keep10: r.ProtoMajor == 1 && r.ProtoMinor == 0 && strings.EqualFold(r.Header.Get("Connection"), "keep-alive")}
	beginAnswer(r)
	defer func() { f.answered(out.code()) }()
	if f.logger.IsTrace() {
		defer f.logAccess(out, r)
	}
	defer f.rescue(out, r)
	if r.ContentLength != 0 {
		// Also bounds the time it takes to read away a body nobody wanted. Whoever reads the body to its end lifts the
		// bound: an answer may take longer.
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(f.limits.BodyTimeout))
	} else {
		arrived(r)
	}
	// Scripts know the servers of supervisord by this name.
	w.Header()["Server"] = serverHeader
	if err := f.serve(out, r); err != nil {
		f.refuse(out, r, err)
	}
}

var serverHeader = []string{"Medusa/1.12"}

func (f *front) serve(w http.ResponseWriter, r *http.Request) error {
	if err := f.checkPeer(r); err != nil {
		return err
	}
	who := caller{role: api.Read}
	if !f.isOpen(r) {
		var ok bool
		var err error
		if who, ok, err = f.auth.authenticate(r); err != nil {
			return err
		}
		if !ok {
			f.refused.tell("in "+sourceOf(r), "refused: %s %s from %s: %s", r.Method, shortPath(r), f.clientOf(r), whatWasWrong(r, who.name))
			return &httpError{status: http.StatusUnauthorized, detail: "give a name and password (Basic), or a token (Bearer)"}
		}
		noteUser(r, who.name)
	}
	who.refused = func(what string) {
		f.refused.tell("may "+who.name+" "+sourceOf(r), "refused: %s by %s with the role %s, from %s", what, cmp.Or(who.name, "somebody"), who.role, f.clientOf(r))
	}
	r = withCaller(r, who)
	if err := f.checkHost(r); err != nil {
		return err
	}
	// A page of another site must not use the browser of an administrator.
	if err := f.origins.Check(r); err != nil {
		return refuseForeign(r, err.Error())
	}
	if changes := r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions; changes && originOf(r) == foreignPage {
		return refuseForeign(r, r.Method+" "+shortPath(r))
	}
	for i := range f.routes {
		if p := f.routes[i].path; r.URL.Path == p || f.routes[i].prefix && strings.HasPrefix(r.URL.Path, p) {
			return f.routes[i].handle(w, r)
		}
	}
	return &httpError{status: http.StatusNotFound}
}

// whatWasWrong says why somebody was not let in.
func whatWasWrong(r *http.Request, name string) string {
	switch {
	case name != "":
		return "credentials that do not fit, of " + name[:min(len(name), maxLoggedHeader)]
	case r.Header.Get("Authorization") != "":
		return "credentials that do not fit"
	case r.TLS != nil && len(r.TLS.PeerCertificates) > 0:
		return "no credentials, and the certificate of " + r.TLS.PeerCertificates[0].Subject.CommonName + ", which is the name of no user"
	}
	return "no credentials"
}

// shortPath is the path of a request for the log.
func shortPath(r *http.Request) string { return r.URL.Path[:min(len(r.URL.Path), maxLoggedHeader)] }

// sourceOf is where a request comes from, without a port.
func sourceOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// clientOf is who is at the other end of the connection of a request, and at which server, for the log.
func (f *front) clientOf(r *http.Request) string {
	who := r.RemoteAddr
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		if end := c.end(); end != "" {
			who = end
		}
	}
	return who + " at [" + f.config.Section + "]"
}

// checkPeer refuses a process that may not use a unix socket.
func (f *front) checkPeer(r *http.Request) error {
	if f.config.AllowUIDs == nil && f.config.AllowGIDs == nil {
		return nil
	}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok && c.isAllowed(f.config.AllowUIDs, f.config.AllowGIDs) {
		return nil
	}
	f.refused.tell("peer "+f.clientOf(r), "refused: %s %s from %s, who is not in allow_uids or allow_gids", r.Method, shortPath(r), f.clientOf(r))
	return &httpError{status: http.StatusForbidden, detail: "your account may not use this socket"}
}

// isOpen tells whether a request needs no credentials although others do.
func (f *front) isOpen(r *http.Request) bool {
	return f.config.HealthWithoutAuth && (r.URL.Path == healthPath || r.URL.Path == readyPath)
}

// refuse answers with an error page.
func (f *front) refuse(w *reply, r *http.Request, err error) {
	problem, reason := problemOf(err)
	status := problem.Status
	var foreign *foreignError
	switch {
	case errors.As(err, &foreign):
		f.refused.tell("foreign "+sourceOf(r), "refused: %s %s from %s: %s", r.Method, shortPath(r), f.clientOf(r), reason)
	case reason != "":
		f.logger.Error(logs.Clean(reason))
	}
	if w.begun() {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="default"`)
		if f.auth.hasTokens() {
			w.Header().Add("WWW-Authenticate", `Bearer realm="default"`)
		}
		w.Header().Set("Connection", "close")
	}
	// net/http reads away what is left of a small body.
	large := r.ContentLength < 0 || r.ContentLength > drainSmall
	if large || status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close")
	}
	if strings.HasPrefix(r.URL.Path, restPath) {
		writeProblem(w, &problem)
	} else {
		writePage(w, status, errorPage(status))
	}
	if large && status != http.StatusRequestTimeout {
		drain(w, r)
	}
}

// A client that sends its whole request before it reads would lose our answer if the connection were closed under it: up
// to drainLarge bytes are read away, for up to drainTime.
const (
	drainSmall = 256 << 10
	drainLarge = 64 << 20
	drainTime  = 2 * time.Second // so that one who is refused and sends slowly does not keep a connection from others
)

// drain sends what has been written and reads away the rest of the request. A client that waits to be told to go on
// (Expect: 100-continue) has sent nothing and will not.
func drain(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	if r.Header["Expect"] == nil && rc.Flush() == nil {
		_ = rc.SetReadDeadline(time.Now().Add(drainTime))
		_, _ = io.CopyN(io.Discard, r.Body, drainLarge)
	}
}

// logAccess logs a request that has been answered, in supervisord's form (compat.md §7.1).
func (f *front) logAccess(w *reply, r *http.Request) {
	peer := r.RemoteAddr
	if _, _, err := net.SplitHostPort(peer); err != nil {
		peer = "localhost:0" // of a unix socket
	}
	f.logger.Trace(fmt.Sprintf("%s - - [%s] \"%s %s %s\" %d %d", peer, time.Now().Format("02/Jan/2006:15:04:05 -0700"),
		logs.Clean(r.Method), logs.Clean(r.RequestURI), r.Proto, w.code(), w.sent))
}

// rescue turns a panic of a handler into status 500 and a critical line with its stack.
func (f *front) rescue(w *reply, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	logs.Critical(f.logger, "%s %s failed: %s\n%s", logs.Clean(r.Method), logs.Clean(r.URL.Path), logs.Clean(fmt.Sprint(p)),
		debug.Stack())
	if w.begun() {
		panic(http.ErrAbortHandler)
	}
	writePage(w, http.StatusInternalServerError, errorPage(http.StatusInternalServerError))
}

func errorPage(status int) string {
	return "<html><head>\n<title>Error response</title>\n</head>\n<body>\n<h1>Error response</h1>\n<p>Error code " +
		strconv.Itoa(status) + ".</p>\n<p>Message: " + http.StatusText(status) + ".</p>\n</body></html>\n"
}

func writePage(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	// An error means that the client has gone; nobody is left to be told.
	_, _ = w.Write([]byte(page))
}
