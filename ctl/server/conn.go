package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gwaycc/supd/actors"
)

// conn is a connection of a client. It gives what net/http itself has to say the form of our other answers.
type conn struct {
	net.Conn
	state atomic.Int32 // an http.ConnState
	since atomic.Int64 // when it got this state, by a monotonic clock

	arriving  atomic.Bool  // the request is not here whole
	answering bool         // a handler has written, or will; only the goroutine that serves the connection uses it
	refused   atomic.Bool  // net/http could not make anything of what came
	user      atomic.Value // string: the name that the client of the present request has given, "" none; nil: there was no request
}

// Accept is called by net/http.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

type connKey struct{}

// connOf is our connection below what net/http has.
func connOf(c net.Conn) (*conn, bool) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	own, ok := c.(*conn)
	return own, ok
}

// withConn lets the handlers of a connection find it, and the history who it belongs to.
func withConn(ctx context.Context, c net.Conn) context.Context {
	own, ok := connOf(c)
	if !ok {
		return ctx
	}
	return context.WithValue(actors.WithClient(ctx, own), connKey{}, own)
}

// beginAnswer notes that what is written to the connection of r from now on comes from a handler.
func beginAnswer(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.answering = true
	}
}

// arrived notes that all of r is here: its answer may take as long as it likes.
func arrived(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.arriving.Store(false)
	}
}

// How the answers begin and go on that net/http gives by itself, when a request cannot be handed to a handler.
var (
	refusalStart  = []byte("HTTP/1.1 ")
	refusalHeader = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")
)

// Write writes, and puts our page in the place of what net/http says to a request it cannot understand.
func (c *conn) Write(p []byte) (int, error) {
	if c.answering || !bytes.HasPrefix(p, refusalStart) || !bytes.Contains(p, refusalHeader) {
		return c.Conn.Write(p)
	}
	word, _, _ := bytes.Cut(p[len(refusalStart):], []byte(" "))
	status, err := strconv.Atoi(string(word))
	if err != nil {
		return c.Conn.Write(p)
	}
	c.refused.Store(true)
	page := errorPage(status)
	b := append([]byte(nil), refusalStart...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, " "+http.StatusText(status)+"\r\nServer: "+serverHeader[0]+"\r\nDate: "...)
	b = time.Now().UTC().AppendFormat(b, http.TimeFormat)
	b = append(b, "\r\nContent-Type: text/html\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(page)), 10)
	b = append(b, "\r\nConnection: close\r\n\r\n"+page...)
	if _, err := c.Conn.Write(b); err != nil {
		return 0, err
	}
	return len(p), nil
}

// How long, and for how many bytes, a client may go on sending after it has been refused. Closing while data are
// underway would make its kernel throw our answer away.
const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// Close closes the connection for net/http; see lingerTime.
func (c *conn) Close() error {
	if c.refused.Swap(false) {
		if c.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
	}
	return c.Conn.Close()
}

// cut closes the connection at once, from any goroutine.
func (c *conn) cut() { c.Conn.Close() }

// CloseWrite tells the client that nothing more will come.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
