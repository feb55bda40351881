package confload

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// An inetAddress is where an [inet_http_server] listens. An empty host means all addresses.
type inetAddress struct {
	host string // lower case, IPv6 without brackets
	port int
}

var inetAddressType = valueType[inetAddress]{
	name: "inet address", allowed: "PORT, HOST:PORT, :PORT, *:PORT or [IPV6]:PORT, with a port from 1 to 65535",
	parse: func(_ *loader, s string) (inetAddress, error) { return parseInetAddress(s) },
	same:  equal[inetAddress],
}

// parseInetAddress splits at the last colon. An IPv6 address needs brackets when it would be ambiguous.
func parseInetAddress(s string) (inetAddress, error) {
	host, port := "", s
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
	}
	n, err := parsePort(port)
	if err != nil {
		return inetAddress{}, err
	}
	host, err = parseHost(strings.TrimFunc(host, isSpace))
	if host == "*" {
		host = ""
	}
	return inetAddress{strings.ToLower(host), n}, err
}

func parsePort(s string) (int, error) {
	if strings.TrimFunc(s, isSpace) == "" {
		return 0, errors.New("no port number specified")
	}
	n, err := parseInt(s, 10)
	switch {
	case err != nil:
		return 0, errors.New("not a valid port number")
	case n < 1 || n > 65535:
		return 0, errors.New("the port is out of range")
	}
	return int(n), nil
}

// parseHost takes the brackets off an IPv6 address and refuses a bare one: its last group may be the port.
func parseHost(host string) (string, error) {
	inner, bracket := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	switch {
	case bracket != closed:
		return "", errors.New("the brackets of the address do not match")
	case bracket:
		if a, err := netip.ParseAddr(inner); err != nil || !a.Is6() {
			return "", errors.New("there is no IPv6 address in the brackets")
		}
		return inner, nil
	case strings.Contains(host, ":"):
		return "", errors.New("an IPv6 address must be in brackets")
	}
	return host, nil
}

// A socketURL is the value of socket= of an [fcgi-program:x].
type socketURL struct {
	url, network, address string
}

var socketURLType = valueType[socketURL]{
	name: "socket", allowed: "tcp://HOST:PORT or unix:///ABSOLUTE/PATH",
	parse: func(l *loader, s string) (socketURL, error) { return parseSocketURL(l, s) },
	same:  equal[socketURL],
}

func parseSocketURL(l *loader, s string) (socketURL, error) {
	if path, ok := strings.CutPrefix(s, "unix://"); ok {
		if !filepath.IsAbs(path) {
			return socketURL{}, errors.New("the path of the socket is not absolute")
		}
		path = filepath.Clean(path)
		return socketURL{"unix://" + path, "unix", path}, nil
	}
	rest, ok := strings.CutPrefix(s, "tcp://")
	if !ok || strings.ContainsFunc(s, isSpace) {
		return socketURL{}, errors.New("bad socket format")
	}
	a, err := parseInetAddress(rest)
	switch {
	case err != nil:
		return socketURL{}, err
	case !strings.Contains(rest, ":") || rest[0] == ':':
		return socketURL{}, errors.New("the host is missing")
	}
	address := net.JoinHostPort(a.host, strconv.Itoa(a.port))
	return socketURL{"tcp://" + address, "tcp", address}, nil
}

// DefaultServerURL is where a client looks for the server when nothing tells it another place. SupdIniServerURL is the same
// when its configuration file is a supd.ini: the supervisor in Go that has files of this name looks there.
const (
	DefaultServerURL = "http://localhost:9001"
	SupdIniServerURL = "http://localhost:9002"
)

// ParseServerURL checks and normalises the URL of a server: unix:///path (~ is a home directory, a relative path is
// taken from the current directory), http://host:port or another scheme with an address or a path.
func ParseServerURL(s string) (string, error) {
	return parseServerURL(newLoader(Options{}), s)
}

func parseServerURL(l *loader, s string) (string, error) {
	if path, ok := strings.CutPrefix(s, "unix://"); ok {
		path, err := socketPathType.parse(l, path)
		return "unix://" + path, err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" && u.Opaque == "" {
		return "", errors.New("it is not a URL")
	}
	return s, nil
}

var ctlURLType = valueType[string]{
	name: "URL", allowed: "unix:///PATH or http://HOST:PORT",
	parse: parseServerURL,
	same:  equal[string],
}
