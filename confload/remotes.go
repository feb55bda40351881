package confload

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Remote is another supd that is shown together with this one.
type Remote struct {
	Name     string
	URL      string // http://host:port, https://host:port or unix:///path
	Username string // "" Password is a token
	Password string // clear text; never log it
	HasAuth  bool   // there are credentials
}

// remotesType is the type of lists of other nodes. What is refused is not quoted: it may hold a password.
var remotesType = valueType[[]Remote]{
	name: "list", allowed: "NAME:HOST:PORT or NAME:URL with commas between them; a URL is http://HOST:PORT, https://HOST:PORT or unix:///PATH and may have USER:PASSWORD@ or :TOKEN@ in front of the host",
	parse: func(_ *loader, s string) ([]Remote, error) {
		var remotes []Remote
		for i, part := range strings.Split(s, ",") {
			part = strings.TrimFunc(part, isSpace)
			if part == "" {
				continue // as behind the last one
			}
			r, err := parseRemote(part)
			if err == nil && slices.ContainsFunc(remotes, func(o Remote) bool { return o.Name == r.Name }) {
				err = fmt.Errorf("there are two nodes %s", quoted(r.Name))
			}
			if err != nil {
				return nil, fmt.Errorf("node %d: %w", i+1, err)
			}
			remotes = append(remotes, r)
		}
		return remotes, nil
	},
	same: slices.Equal[[]Remote],
}

func parseRemote(text string) (Remote, error) {
	name, rest, ok := strings.Cut(text, ":")
	if name == "" || strings.ContainsAny(name, "/@ \t") {
		return Remote{}, errors.New("it does not begin with the name of a node and a colon")
	}
	r := Remote{Name: name}
	if !ok {
		return r, fmt.Errorf("%s has no address", quoted(name))
	}
	if !strings.Contains(rest, "://") {
		if err := checkAddress(rest); err != nil || strings.ContainsAny(rest, "@/") {
			return r, fmt.Errorf("%s is not followed by HOST:PORT or a URL", quoted(name))
		}
		r.URL = "http://" + rest
		return r, nil
	}
	u, err := url.Parse(rest)
	if err != nil {
		return r, fmt.Errorf("the address of %s is no URL", quoted(name)) // err has it in full
	}
	if u.User != nil {
		r.Username, r.HasAuth = u.User.Username(), true
		r.Password, _ = u.User.Password()
	}
	switch {
	case u.RawQuery != "" || u.Fragment != "":
		return r, fmt.Errorf("the URL of %s has something behind the address", quoted(name))
	case u.Scheme == "unix" && u.Host == "" && filepath.IsAbs(u.Path):
		r.URL = "unix://" + u.Path
		return r, nil
	case u.Scheme != "http" && u.Scheme != "https":
		return r, fmt.Errorf("the URL of %s begins with neither http://, https:// nor unix:///", quoted(name))
	case u.Path != "" && u.Path != "/":
		return r, fmt.Errorf("the URL of %s has something behind the address", quoted(name))
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	if err := checkAddress(host); err != nil {
		return r, fmt.Errorf("the URL of %s: %w", quoted(name), err)
	}
	r.URL = u.Scheme + "://" + host
	return r, nil
}

// checkAddress accepts HOST:PORT.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("it is not HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errors.New("its port is not from 1 to 65535")
	}
	if host == "" || strings.ContainsAny(host, " \t?#") {
		return errors.New("it names no host")
	}
	return nil
}

// readRemotesCA reads the authorities that have signed the certificates of other nodes, besides those of the system.
func (s *Server) readRemotesCA() error {
	pem, err := os.ReadFile(s.RemotesCAFile)
	if err != nil {
		return err
	}
	if s.RemoteCAs, err = x509.SystemCertPool(); err != nil {
		s.RemoteCAs = x509.NewCertPool()
	}
	if !s.RemoteCAs.AppendCertsFromPEM(pem) {
		return errors.New("there is no certificate in " + s.RemotesCAFile)
	}
	return nil
}
