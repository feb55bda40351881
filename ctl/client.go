package ctl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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

// credentials are for HTTP basic authentication. They are sent when both are known, even if empty.
type credentials struct{ username, password *string }

// A client calls one server. It is not for concurrent use.
type client struct {
	url      string // as the user or the configuration gave it, for messages; no password in it
	endpoint string
	cred     credentials
	http     *http.Client
	broken   error // why no call can be made
}

// newClient returns a client of the server at addr: http://host:port, https://host:port or unix:///path. Whatever
// follows the port is ignored, as supervisorctl does. home replaces "~" in the path of a socket. Nothing is connected;
// an address that cannot be used makes each call fail.
func newClient(addr, home string, cred credentials) *client {
	dialer := &net.Dialer{Timeout: connectTimeout}
	transport := &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: connectTimeout,
		DisableCompression:  true,
	}
	c := &client{url: addr, cred: cred, http: &http.Client{
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
	}
	return c
}

// takeUserinfo uses the name and the password in an address unless others were given, and keeps the password out of
// messages.
func (c *client) takeUserinfo(u *url.URL) {
	name := u.User.Username()
	password, ok := u.User.Password()
	if ok && c.cred.username == nil && c.cred.password == nil {
		c.cred = credentials{&name, &password}
	}
	c.url = u.Redacted()
}

// call calls a method of the supervisor namespace and stores its value in reply, a pointer to a type that fits. A
// refusal is a *fault, wrong credentials are errAuth. Use refused and noSocket to ask why there is no connection.
func (c *client) call(ctx context.Context, reply any, method string, args ...any) error {
	if c.broken != nil {
		return c.broken
	}
	req, err := xmlrpc.NewRequest(c.endpoint, "supervisor."+method, args)
	if err != nil {
		return err
	}
	req = req.WithContext(ctx)
	req.Header.Set("Accept", "text/xml")
	if c.cred.username != nil && c.cred.password != nil {
		req.SetBasicAuth(*c.cred.username, *c.cred.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // which leaves out the made-up address of a socket
		}
		return fmt.Errorf("%s: %w", c.url, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return errAuth
	default:
		return fmt.Errorf("%s answered %s to %s; is it a supervisor? its log may tell more", c.url, resp.Status, method)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return fmt.Errorf("%s: answer to %s broke off: %w", c.url, method, err)
	}
	if err := decode(body, reply); err != nil {
		if codeOf(err) != 0 {
			return err
		}
		return fmt.Errorf("%s: answer to %s is not understood: %w", c.url, method, err)
	}
	return nil
}

// decode reads an XML-RPC response.
func decode(body []byte, reply any) error {
	if len(body) > maxReply {
		return fmt.Errorf("it is longer than %d bytes", maxReply)
	}
	// supervisord sends control characters and bytes that are not UTF-8 as they are (compat.md §4.2).
	body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	for i, b := range body {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' {
			body[i] = '?'
		}
	}
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
	switch {
	case errors.Is(err, errAuth):
		return "give -u and -p, or username= and password= in [supervisorctl]"
	case refused(err), noSocket(err):
		return "start the server, or give its address with -s or its configuration file with -c"
	case errors.Is(err, os.ErrPermission):
		return "run as a user who may write to the socket, see chmod= and chown= in [unix_http_server]"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &dns):
		return "check the address given with -s or serverurl="
	case codeOf(err) == faultShutdownState:
		return "the server is shutting down or restarting, try again later"
	}
	return ""
}
