package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/sse"
	"github.com/gwaycc/supd/supervisor/logs"
)

// Other supds (remotes=) are asked over their own /api/v1. What they have as remotes is never asked for, so that nodes which name
// each other do not ask in circles.

const (
	// remoteConnect bounds connecting to another node.
	remoteConnect = 5 * time.Second
	// remotePatience bounds short questions to another node.
	remotePatience = 5 * time.Second
	// maxRemoteAnswer bounds an answer that is read as a whole, and an event, in bytes.
	maxRemoteAnswer = 64 << 20
)

// A remote is another supd.
type remote struct {
	confload.Remote
	base   string // of its URLs
	client *http.Client
	down   atomic.Bool // it was not reached when somebody looked last
}

// note logs that a node cannot be reached any more, or can again.
func (r *remote) note(logger hclog.Logger, kind string, data []byte) {
	switch {
	case kind == "offline" && !r.down.Swap(true):
		var v struct{ Error string }
		_ = json.Unmarshal(data, &v)
		logger.Warn(fmt.Sprintf("the node %s cannot be reached: %s", logs.Clean(r.Name), logs.Clean(v.Error)))
	case kind == "hello" && r.down.Swap(false):
		logger.Info(fmt.Sprintf("the node %s can be reached again", logs.Clean(r.Name)))
	}
}

// newRemotes are the other nodes that the servers name. The first one with a name counts; own is left out.
func newRemotes(servers []confload.Server, own string) []*remote {
	var out []*remote
	for i := range servers {
		for _, r := range servers[i].Remotes {
			if r.Name != own && !slices.ContainsFunc(out, func(o *remote) bool { return o.Name == r.Name }) {
				out = append(out, newRemote(r, &servers[i]))
			}
		}
	}
	return out
}

func newRemote(r confload.Remote, by *confload.Server) *remote {
	dialer := &net.Dialer{Timeout: remoteConnect}
	// No proxy of the environment: it would be told the password.
	transport := &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: remoteConnect, DisableCompression: true, IdleConnTimeout: 90 * time.Second,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: by.RemoteCAs}}
	if by.Certificate != nil {
		transport.TLSClientConfig.Certificates = []tls.Certificate{*by.Certificate}
	}
	base := r.URL
	if path, ok := strings.CutPrefix(r.URL, "unix://"); ok {
		base = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) }
	}
	return &remote{Remote: r, base: base, client: &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// send sends a request. path is below /api/v1 and escaped, with its query. The caller closes the body of the answer.
func (r *remote) send(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, method, r.base+restPath+path, body)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	req.Header = header
	switch {
	case r.HasAuth && r.Username == "":
		req.Header.Set("Authorization", "Bearer "+r.Password)
	case r.HasAuth:
		req.SetBasicAuth(r.Username, r.Password)
	}
	if method == http.MethodGet && !strings.Contains(path, "wait=") { // others take as long as what they wait for
		late := time.AfterFunc(remoteAnswer, func() { cancel(errNoAnswer) })
		defer late.Stop()
	}
	resp, err := r.client.Do(req)
	if err != nil {
		defer cancel(nil)
		if context.Cause(ctx) == errNoAnswer {
			return nil, errNoAnswer
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // which leaves out the address
		}
		return nil, err
	}
	resp.Body = &remoteBody{resp.Body, cancel}
	return resp, nil
}

// remoteAnswer is how long another node may take to begin an answer that waits for nothing.
const remoteAnswer = 10 * time.Second

var errNoAnswer = fmt.Errorf("it has not answered within %s", remoteAnswer)

// remoteBody ends the context of its request with it.
type remoteBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b *remoteBody) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}

// errCredentials says that another node wants others than it is given.
var errCredentials = errors.New("it does not take the credentials that remotes= has for it")

// failure is what an answer says that is not one of success.
func failure(resp *http.Response) error {
	if resp.StatusCode < 300 {
		return nil
	}
	var p api.Problem
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return errCredentials
	case isProblem(resp) && json.Unmarshal(b, &p) == nil && p.Detail != "":
		return &restError{status: resp.StatusCode, detail: p.Detail}
	case resp.StatusCode == http.StatusNotFound:
		return errors.New("it answers, but has no " + restPath + ": is it supd?")
	}
	return errors.New("it answers " + resp.Status)
}

func isProblem(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json")
}

// ask sends body as JSON, unless it is nil, and stores the answer in answer.
func (r *remote) ask(ctx context.Context, method, path string, body, answer any) error {
	header := http.Header{"Accept": {"application/json"}}
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
		header.Set("Content-Type", "application/json")
	}
	resp, err := r.send(ctx, method, path, header, content)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRemoteAnswer+1))
	switch {
	case err != nil:
		return err
	case len(b) > maxRemoteAnswer:
		return fmt.Errorf("its answer is larger than %d bytes", maxRemoteAnswer)
	}
	return json.Unmarshal(b, answer)
}

// text is an answer that is a text, the first max bytes of it.
func (r *remote) text(ctx context.Context, path string, max int64) ([]byte, error) {
	resp, err := r.send(ctx, http.MethodGet, path, http.Header{"Accept": {"text/plain"}}, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(resp.Body, max))
}

// node is how it stands with another supd.
func (r *remote) node(ctx context.Context) api.Node {
	ctx, cancel := context.WithTimeout(ctx, remotePatience)
	defer cancel()
	n := api.Node{Name: r.Name, Address: r.URL, Server: &api.Server{}}
	if err := r.ask(ctx, http.MethodGet, "/server", nil, n.Server); err != nil {
		n.Server, n.Error = nil, whyOffline(err)
		return n
	}
	n.Online = true
	return n
}

// whyOffline is an error for people.
func whyOffline(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it does not answer"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it has ended the connection"
	}
	return err.Error()
}

// remoteNames are the names of the other nodes.
func (s *Server) remoteNames() []string {
	names := []string{}
	for _, r := range s.remotes {
		names = append(names, r.Name)
	}
	return names
}

// remote is the node with a name; nil: there is none.
func (s *Server) remote(name string) *remote {
	for _, r := range s.remotes {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// each asks all other nodes at once and waits for all.
func (s *Server) each(do func(i int, r *remote)) {
	var all sync.WaitGroup
	for i, r := range s.remotes {
		all.Go(func() {
			defer s.live.harmless()
			do(i, r)
		})
	}
	all.Wait()
}

// nodes answers /nodes.
func (c *restCall) nodes() (any, error) {
	s := c.server
	nodes := make([]api.Node, 1+len(s.remotes))
	nodes[0] = api.Node{Name: s.node, Online: true, Server: s.view(callerOf(c.r.Context()))}
	s.each(func(i int, r *remote) { nodes[i+1] = r.node(c.r.Context()) })
	return nodes, nil
}

// passOn answers /nodes/{node}/…: with what the node answers. Roles are looked at here first.
func (c *restCall) passOn() (any, error) {
	s := c.server
	name, rest := c.path["node"], "/"+c.path["path"]
	r := s.remote(name)
	if r == nil {
		return nil, &restError{status: http.StatusNotFound, detail: fmt.Sprintf("there is no node %q; remotes= has %s", name, listed(s.remoteNames()))}
	}
	route, _, _ := s.route(c.r.Method, strings.Split(rest, "/"))
	if route == nil || strings.HasPrefix(route.path, "/nodes") || slices.ContainsFunc(strings.Split(c.path["path"], "/"), isDots) {
		return nil, &restError{status: http.StatusNotFound, detail: "there is nothing at this path of a node"}
	}
	if err := permit(c.r.Context(), route.role, c.r.Method+" "+c.r.URL.Path); err != nil {
		return nil, err
	}
	if c.query("nodes") != "" {
		return nil, &restError{status: http.StatusBadRequest, detail: "the nodes of a node are not asked for"}
	}
	ctx, err := s.watchers.begin(c.r.Context(), "")
	if err != nil {
		return nil, err
	}
	defer s.watchers.finish(ctx)
	var body io.Reader
	if c.r.Method == http.MethodPost {
		b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxRestBody))
		if err != nil {
			return nil, &restError{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the body cannot be read, or is larger than %d bytes", maxRestBody)}
		}
		_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{}) // what it asks for may take longer than a body
		arrived(c.r)
		body = bytes.NewReader(b)
	}
	header := http.Header{}
	for _, key := range []string{"Accept", "Content-Type", "If-None-Match", "Last-Event-Id"} {
		if v := c.r.Header.Values(key); v != nil {
			header[key] = v
		}
	}
	path := rest
	if c.r.URL.RawQuery != "" {
		path += "?" + c.r.URL.RawQuery
	}
	resp, err := r.send(ctx, c.r.Method, path, header, body)
	if err != nil {
		return nil, &restError{status: http.StatusBadGateway, detail: "node " + name + ": " + whyOffline(err)}
	}
	defer resp.Body.Close()
	return nil, c.relay(ctx, r, resp)
}

// isDots tells whether a segment of a path, which may be escaped, means another place in it.
func isDots(segment string) bool {
	text, err := url.PathUnescape(segment)
	return err != nil || text == "." || text == ".."
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// relayed are the headers of an answer that are passed on.
var relayed = []string{"Content-Type", "Content-Length", "Content-Disposition", "Etag", "Cache-Control", "Content-Security-Policy", "X-Accel-Buffering", "Allow"}

// relay answers with the answer of another node. What could be more than data to a browser is not passed on: to it, this is our site.
func (c *restCall) relay(ctx *stream, r *remote, resp *http.Response) error {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	known := slices.Contains([]string{"application/json", "application/problem+json", "text/plain", "application/octet-stream", sse.ContentType}, kind)
	switch code := resp.StatusCode; {
	case code == http.StatusNotModified:
	case code == http.StatusUnauthorized:
		return &restError{status: http.StatusBadGateway, detail: "node " + r.Name + ": " + errCredentials.Error()}
	case code >= 300 && code < 400 || !known:
		return &restError{status: http.StatusBadGateway, detail: fmt.Sprintf("node %s answers %s, as no supd does", r.Name, resp.Status)}
	}
	control := http.NewResponseController(c.w)
	h := c.w.Header()
	for _, key := range relayed {
		if v := resp.Header.Values(key); v != nil {
			h[key] = v
		}
	}
	h.Set("X-Content-Type-Options", "nosniff")
	if kind == "text/plain" {
		h.Set("Content-Security-Policy", "sandbox")
	}
	defer untilEnd(ctx, control)()
	c.w.WriteHeader(resp.StatusCode)
	if c.r.Method == http.MethodHead {
		return nil
	}
	streams := sse.Is(kind)
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(c.server.config.Limits.StreamTimeout))
			if ctx.Err() != nil {
				_ = control.SetWriteDeadline(time.Now().Add(lastWord))
			}
			if _, err := c.w.Write(buf[:n]); err != nil {
				return nil // the client has gone
			}
			if streams && control.Flush() != nil {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			panic(http.ErrAbortHandler) // the client must not take a part for the whole
		}
	}
}
