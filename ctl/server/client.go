package server

import (
	"net"
	"net/http"
	"strings"
)

// String is who is at the other end of a connection, for the history: the name it has given, if names are asked for, and the
// account at a unix socket or the address. It may be called on any goroutine.
func (c *conn) String() string {
	var words []string
	if user, _ := c.user.Load().(string); user != "" {
		words = append(words, user)
	}
	switch peer := c.Conn.(type) {
	case *net.UnixConn:
		if account := accountOf(peer); account != "" {
			words = append(words, account)
		}
	default:
		if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil {
			words = append(words, host)
		}
	}
	return strings.Join(words, ", ")
}

// noteUser notes the name that the client of a request has given, when that was checked.
func noteUser(r *http.Request, checked bool) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok {
		return
	}
	user := ""
	if checked {
		user, _, _ = r.BasicAuth()
	}
	c.user.Store(user)
}
