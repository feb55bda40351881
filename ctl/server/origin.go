package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/gwaycc/supd/supervisor/logs"
)

// Two things are asked of a request, so that a page of another site cannot give orders through the browser of somebody who
// is allowed to.
//
// Its Host. A page of evil.example whose name is made to lead here (DNS rebinding) is, to the browser, of the same site as we
// are; only the Host header still has the name. Where that can do harm, at a TCP server without a password, a name is accepted
// when nobody could have made it lead here but the owner of the machine: an IP address, localhost and what ends in
// .localhost, a name without a dot, the host's own name in any domain, the host in the configuration, a name in the hosts file.
// At a server that others can reach only browsers are asked: programs there may well use other names, and no other site gives
// them orders. An outsider does not know the password, nor has the browser one for his site; and no browser opens a unix
// socket.
//
// Its origin. What changes something is refused when Sec-Fetch-Site, Origin or else Referer name another site. Without any
// of them it comes from a program, and is accepted, unless it says that it is a browser: those leave out all three for a
// link on a page that hides where it is. The page asks back then.

// An origin is whose page a request comes from.
type origin int

const (
	ownPage     origin = iota // ours, typed by the user, or not from a browser
	foreignPage               // another site's
	unknownPage               // the browser does not say
)

// originOf tells whose page a request comes from.
func originOf(r *http.Request) origin {
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin", "none":
		return ownPage
	case "":
	default:
		return foreignPage
	}
	for _, name := range []string{"Origin", "Referer"} {
		value, given := r.Header[name]
		if !given {
			continue
		}
		u, err := url.Parse(value[0])
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return foreignPage
		}
		return ownPage
	}
	if strings.HasPrefix(r.UserAgent(), "Mozilla/") {
		return unknownPage
	}
	return ownPage
}

// refuseForeign refuses a request of another site's page. what tells the log what the page wanted, or why it is refused.
func refuseForeign(r *http.Request, what string) error {
	short := func(header string) string { return logs.Clean(header[:min(len(header), maxLoggedHeader)]) }
	return &foreignError{httpError{status: http.StatusForbidden, detail: "a web page of another site may not use the interface",
		reason: fmt.Sprintf("a web page of another site tried to use the interface: %s (Origin: %s, Referer: %s, "+
			"Host: %s); a proxy in front of the server must pass the Host header on", what, short(r.Header.Get("Origin")),
			short(r.Header.Get("Referer")), short(r.Host))}}
}

// A foreignError is that of a request that another site may have made. Any page can make a browser send many.
type foreignError struct{ httpError }

// As has it found as an httpError.
func (e *foreignError) As(target any) bool {
	if t, ok := target.(**httpError); ok {
		*t = &e.httpError
		return true
	}
	return false
}

// maxLoggedHeader is how much of a header is logged, in bytes.
const maxLoggedHeader = 200

// hostsFile has the names that the owner of the machine has given to addresses.
const hostsFile = "/etc/hosts"

// A hostGuard tells of which requests the Host is looked at.
type hostGuard int

const (
	noHost      hostGuard = iota
	browserHost           // of those that come from browsers
	everyHost
)

// guardsHost tells of which requests to a listener the Host is looked at.
func (f *front) guardsHost() hostGuard {
	switch a, ok := f.listener.Addr().(*net.TCPAddr); {
	case !ok:
		return noHost
	case f.config.AllowedHosts != nil, a.IP.IsLoopback() && !f.auth.asks():
		return everyHost
	case !f.auth.asks():
		return browserHost
	}
	return noHost
}

// isBrowser tells whether a request may come from a browser: a page can leave out some of this, but not all.
func isBrowser(r *http.Request) bool {
	return strings.HasPrefix(r.UserAgent(), "Mozilla/") || slices.ContainsFunc([]string{"Accept-Language", "Sec-Fetch-Site", "Origin", "Referer"},
		func(name string) bool { return r.Header.Get(name) != "" })
}

// checkHost refuses a request whose Host is a name that may be anybody's.
func (f *front) checkHost(r *http.Request) error {
	if f.hosts == noHost || f.hosts == browserHost && !isBrowser(r) {
		return nil
	}
	host := hostname(r.Host)
	if host == "" || !strings.Contains(host, ".") || net.ParseIP(host) != nil || strings.HasSuffix(host, ".localhost") ||
		host == f.config.Host || slices.Contains(f.config.AllowedHosts, host) {
		return nil
	}
	if own, err := os.Hostname(); err == nil && (strings.EqualFold(host, own) || f.hosts == browserHost && firstLabel(host) == firstLabel(own)) ||
		inHosts(hostsFile, host) {
		return nil
	}
	host = host[:min(len(host), maxLoggedHeader)]
	return &foreignError{httpError{status: http.StatusForbidden,
		reason: "a request for the host " + host + " was refused: the name may be of another site " +
			"that leads here; add it to allowed_hosts of [" + f.config.Section + "] or to " + hostsFile,
		detail: "the name of this host is not known here; its owner can add it to allowed_hosts of [" + f.config.Section + "]"}}
}

// firstLabel is the name of a host without its domain.
func firstLabel(host string) string {
	label, _, _ := strings.Cut(strings.ToLower(host), ".")
	return label
}

// hostname is the name in a Host header: without the port, in lower case.
func hostname(host string) string {
	if h, port, err := net.SplitHostPort(host); err == nil && strings.Trim(port, "0123456789") == "" {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// inHosts tells whether a file in the format of hosts(5) has a name.
func inHosts(path, name string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) > 1 && slices.ContainsFunc(words[1:], func(w string) bool { return strings.EqualFold(w, name) }) {
			return true
		}
	}
	return false
}
