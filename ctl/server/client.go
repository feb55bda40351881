package server

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
)

// String is who is at the other end of a connection, for the history: the name it has given, if names are asked for, and the
// account at a unix socket or the address. It may be called on any goroutine.
func (c *conn) String() string {
	var words []string
	if user, _ := c.user.Load().(string); user != "" {
		words = append(words, user)
	}
	if end := c.end(); end != "" {
		words = append(words, end)
	}
	return strings.Join(words, ", ")
}

// end is the account at the other end of a unix socket, or the address; "" when it is not known.
func (c *conn) end() string {
	if peer, ok := c.Conn.(*net.UnixConn); ok {
		return accountOf(peer)
	}
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return ""
	}
	return host
}

// noteUser notes the name of the client of a request, which was checked.
func noteUser(r *http.Request, name string) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.user.Store(name)
	}
}

// isAllowed tells whether the process at the other end of a unix socket may use it: root, an account like that of supd, one of some
// accounts, or of some groups.
func (c *conn) isAllowed(uids, gids []int) bool {
	unix, ok := c.Conn.(*net.UnixConn)
	if !ok {
		return false
	}
	uid, groups, ok := peerOf(unix)
	return ok && (uid == 0 || uid == os.Geteuid() || slices.Contains(uids, uid) || slices.ContainsFunc(groups, func(g int) bool { return slices.Contains(gids, g) }))
}
