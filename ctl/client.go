package ctl

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kolo/xmlrpc"
)

const (
	// connectTimeout limits connecting only: a start or stop that waits may take as long as the program does.
	connectTimeout = 10 * time.Second
	// maxReply and maxDepth bound what is taken from a server. 10,000 programs are about 10 MB.
	maxReply = 32 << 20
	maxDepth = 64
)

// errAuth says that the server wants other credentials.
var errAuth = errors.New("server requires authentication")

// credentials are for HTTP basic authentication. They are sent when both are known, even if empty; otherwise the token, if there is one.
type credentials struct {
	username, password *string
	token              string // "" none
}

// certificates are files for https; "" none.
type certificates struct{ ca, cert, key string }

// config is how the client speaks TLS.
func (c certificates) config() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, fmt.Errorf("tls_ca: %w", err)
		}
		if t.RootCAs, err = x509.SystemCertPool(); err != nil {
			t.RootCAs = x509.NewCertPool()
		}
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls_ca: there is no certificate in %s", c.ca)
		}
	}
	switch {
	case (c.cert == "") != (c.key == ""):
		return nil, errors.New("[supervisorctl] needs both tls_cert and tls_key, or none")
	case c.cert != "":
		pair, err := tls.LoadX509KeyPair(c.cert, c.key)
		if err != nil {
			return nil, fmt.Errorf("tls_cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// A client calls one server. Its methods may be called by several goroutines at a time.
type client struct {
	url      string // as the user or the configuration gave it, for messages; no password in it
	endpoint string
	cred     credentials
	http     *http.Client
	files    certificates
	broken   error  // why no call can be made
	said     string // the configuration file that names the server, for people; "" when it was not a file
	// called is told of each request when it is answered; nil: nobody wants to know.
	called func(what string, took time.Duration, err error)
}

// newClient returns a client of the server at addr: http://host:port, https://host:port or unix:///path. Whatever
// follows the port is ignored, as supervisorctl does. home replaces "~" in the path of a socket. Nothing is connected;
// an address that cannot be used makes each call fail.
func newClient(addr, home string, cred credentials, files certificates) *client {
	dialer := &net.Dialer{Timeout: connectTimeout}
	transport := &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: connectTimeout,
		DisableCompression:  true,
	}
	c := &client{url: addr, cred: cred, files: files, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(home, rest)
		}
		c.endpoint = "http://localhost/RPC2"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}
		return c
	}
	u, err := url.Parse(addr)
	switch {
	case err != nil:
		c.broken = fmt.Errorf("serverurl %q is not a URL", addr)
	case u.Scheme != "http" && u.Scheme != "https":
		c.broken = fmt.Errorf("unknown protocol for serverurl %s; use http://host:port or unix:///path", addr)
	default:
		if u.User != nil {
			c.takeUserinfo(u)
		}
		c.endpoint = u.Scheme + "://" + u.Host + "/RPC2"
		if u.Scheme == "https" {
			transport.TLSClientConfig, c.broken = files.config()
		}
	}
	return c
}

// takeUserinfo uses the name and the password in an address unless others were given, and keeps the password out of
// messages.
func (c *client) takeUserinfo(u *url.URL) {
	name := u.User.Username()
	password, ok := u.User.Password()
	if ok && c.cred.username == nil && c.cred.password == nil {
		c.cred = credentials{username: &name, password: &password}
	}
	c.url = u.Redacted()
}

// call calls a method, of the supervisor namespace unless another is named, and stores its value in reply, a pointer to a type that fits. A
// refusal is a *fault, wrong credentials are errAuth, an answer that is not XML-RPC is a *statusError. Use refused and
// noSocket to ask why there is no connection. Control characters in the answer become "?".
func (c *client) call(ctx context.Context, reply any, method string, args ...any) error {
	body, err := c.post(ctx, method, args)
	if err != nil {
		return err
	}
	return c.understand(method, decode(body, '?', reply))
}

// callText calls a method that answers with a text and returns it with the control characters it has.
func (c *client) callText(ctx context.Context, method string, args ...any) (string, error) {
	body, err := c.post(ctx, method, args)
	if err != nil {
		return "", err
	}
	var text string
	err = c.understand(method, decode(body, controlStandIn, &text))
	return withControls(text), err
}

// controlStandIn is the first of 32 code points that never stand for a character. They take the place of the control
// characters, which XML cannot hold, while an answer is decoded.
const controlStandIn = '\uFDD0'

// understand adds to an error of decode what could not be understood, unless it is a fault.
func (c *client) understand(method string, err error) error {
	if err == nil || codeOf(err) != 0 {
		return err
	}
	return fmt.Errorf("%s: answer to %s is not understood: %w", c.url, method, err)
}

// A statusError is an answer with an HTTP status that is not 200 or 401.
type statusError struct {
	url, status, what string
	code              int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered %s to %s; is it a supervisor? its log may tell more", e.url, e.status, e.what)
}

// errSpeaksTLS is what comes of talking to a server with TLS without it.
var errSpeaksTLS = errors.New("the server speaks TLS")

// statusOf is the HTTP status of the *statusError err is, or 0 when it is none.
func statusOf(err error) int {
	var status *statusError
	if errors.As(err, &status) {
		return status.code
	}
	return 0
}

// post calls a method, of the supervisor namespace unless another is named, and returns the body of the answer.
func (c *client) post(ctx context.Context, method string, args []any) (answer []byte, err error) {
	if c.broken != nil {
		return nil, c.broken
	}
	full := method
	if !strings.Contains(method, ".") {
		full = "supervisor." + method
	}
	if begun := time.Now(); c.called != nil {
		defer func() { c.called(full, time.Since(begun), err) }()
	}
	req, err := xmlrpc.NewRequest(c.endpoint, full, args)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/xml")
	if onlyReads(full) {
		req.Header["Idempotency-Key"] = []string{} // not sent: a connection that was closed meanwhile is made anew
	}
	body, err := c.send(ctx, req, method)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxReply+1))
	if err != nil {
		return nil, fmt.Errorf("%s: answer to %s broke off: %w", c.url, method, err)
	}
	return b, nil
}

// onlyReads tells whether a method, with its namespace, changes nothing, so that a question may be asked twice.
func onlyReads(method string) bool {
	_, name, _ := strings.Cut(method, ".")
	return slices.ContainsFunc([]string{"get", "read", "tail", "why", "plan", "needs", "list"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// send sends a request with the credentials and returns the body of the answer, which the caller closes. what names the
// request in errors.
func (c *client) send(ctx context.Context, req *http.Request, what string) (io.ReadCloser, error) {
	c.authorize(req)
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // which leaves out the made-up address of a socket
		}
		return nil, fmt.Errorf("%s: %w", c.url, err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusUnauthorized:
		err = errAuth
	default:
		err = &statusError{c.url, resp.Status, what, resp.StatusCode}
		if resp.StatusCode == http.StatusBadRequest && resp.TLS == nil {
			if b, _ := io.ReadAll(io.LimitReader(resp.Body, 64)); bytes.Contains(b, []byte("HTTPS server")) { // as net/http says it
				err = fmt.Errorf("%s: %w", c.url, errSpeaksTLS)
			}
		}
	}
	resp.Body.Close()
	return nil, err
}

// authorize adds the credentials to a request.
func (c *client) authorize(req *http.Request) {
	if c.cred.username != nil && c.cred.password != nil {
		req.SetBasicAuth(*c.cred.username, *c.cred.password)
	} else if c.cred.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cred.token)
	}
}

// decode reads an XML-RPC response. Each control character becomes standIn, or, when that is controlStandIn, the code
// point that many places behind it.
func decode(body []byte, standIn rune, reply any) error {
	if len(body) > maxReply {
		return fmt.Errorf("it is longer than %d bytes", maxReply)
	}
	// supervisord sends control characters and bytes that are not UTF-8 as they are (compat.md §4.2).
	body = bytes.Map(func(r rune) rune {
		switch {
		case r >= ' ' || r == '\t' || r == '\n' || r == '\r':
			return r
		case standIn == controlStandIn:
			return standIn + r
		}
		return standIn
	}, bytes.ToValidUTF8(body, []byte("\uFFFD")))
	if depth(body) > maxDepth {
		return fmt.Errorf("it is nested more than %d values deep", maxDepth)
	}
	resp := xmlrpc.Response(body)
	if err := resp.Err(); err != nil {
		var f xmlrpc.FaultError
		if errors.As(err, &f) {
			return &fault{faultCode(f.Code), f.String}
		}
		return err
	}
	return resp.Unmarshal(reply)
}

// depth is how deep <value> elements are nested in body. The decoder recurses and has no limit of its own.
func depth(body []byte) int {
	now, most := 0, 0
	for {
		i := bytes.IndexByte(body, '<')
		if i < 0 {
			return most
		}
		body = body[i+1:]
		switch {
		case bytes.HasPrefix(body, []byte("value")):
			now++
			most = max(most, now)
		case bytes.HasPrefix(body, []byte("/value")):
			now--
		}
	}
}

// refused tells whether err is that nobody listens.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// noSocket tells whether err is that the socket file is missing.
func noSocket(err error) bool { return errors.Is(err, os.ErrNotExist) }

// advice is what to do about an error of a call, "" when there is nothing to say that the error does not.
func (c *client) advice(err error) string {
	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	switch {
	case errors.Is(err, errAuth):
		switch {
		case c.cred.username != nil && c.cred.password != nil:
			return "the server does not know the name and password given with -u and -p, or in [supervisorctl]"
		case c.cred.token != "":
			return "the server does not know the token in SUPD_TOKEN"
		}
		return "give -u and -p, or username= and password= in [supervisorctl]"
	case refused(err), noSocket(err):
		const start = "start the server, or give its address with -s or its configuration file with -c"
		if c.said != "" {
			return "the address is that of " + c.said + "; " + start
		}
		return start
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server has no TLS, use http:// instead of https://"
	case errors.Is(err, errSpeaksTLS):
		return "use https:// instead of http://"
	case errors.As(err, &unknownCA):
		return "if you trust the server, name its certificate, or that of who has signed it: tls_ca= in [supervisorctl] of the file given with -c"
	case statusOf(err) == http.StatusForbidden:
		return "the server lets others in, but not you; its log says why"
	case errors.Is(err, os.ErrPermission):
		return "run as a user who may write to the socket, see chmod= and chown= in [unix_http_server]"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &dns):
		return "check the address given with -s or serverurl="
	case codeOf(err) == faultShutdownState:
		return "the server is shutting down or restarting, try again later"
	}
	return ""
}
