package confload

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ProbeKind tells how it is found out whether a program is well.
type ProbeKind int

// The kinds of checks.
const (
	ProbeCommand ProbeKind = iota // a command must end with status 0
	ProbeHTTP                     // a request must be answered with a status from 200 to 399
	ProbeTCP                      // a connection must be accepted
	ProbeFile                     // a file must appear
)

// A Probe is a question that is put to a program again and again.
type Probe struct {
	Kind ProbeKind
	Text string   // as it is written
	Args []string // ProbeCommand: the words; the first is looked up when it is run
	URL  string   // ProbeHTTP
	Addr string   // ProbeTCP: host:port
	Path string   // ProbeFile: absolute

	// What follows is for ProbeHTTP.
	Headers  []Header
	Data     string // sent as a POST request when HasData; with DataFile it is the name of the file to send
	HasData  bool
	DataFile bool
	KeyFile  string // of the client's certificate; "" none
	CertFile string
	CAFile   string // who may have signed the server's certificate; "": who the system trusts
}

// A Header is one header of a request.
type Header struct{ Name, Value string }

// probeType reads a check; nil: none.
var probeType = valueType[*Probe]{
	name: "check", allowed: "nothing, a command, tcp://HOST:PORT, or an http or https URL with the options -H HEADER, -d DATA, " +
		"-d @FILE, --key-file, --cert-file and --ca-file",
	parse: func(_ *loader, s string) (*Probe, error) { return parseProbe(s) },
	same: func(a, b *Probe) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.Text == b.Text
	},
}

// parseProbe reads a check. The first word tells its kind.
func parseProbe(s string) (*Probe, error) {
	c := &Probe{Text: strings.TrimFunc(s, isSpace)}
	if c.Text == "" {
		return nil, nil
	}
	words, err := SplitCommand(c.Text)
	switch {
	case err != nil:
		return nil, err
	case len(words) == 0 || words[0] == "":
		return nil, errors.New("the command is empty")
	}
	scheme, rest, _ := strings.Cut(words[0], "://")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return c, c.parseHTTP(words)
	case "tcp":
		if len(words) > 1 {
			return nil, fmt.Errorf("there is something after the address: %s", quoted(words[1]))
		}
		c.Kind, c.Addr = ProbeTCP, rest
		return c, checkHostPort(rest)
	}
	if unknownScheme.MatchString(words[0]) {
		return nil, fmt.Errorf("there is no check by %s%s", quoted(scheme), nearestHint(scheme, []string{"http", "https", "tcp"}))
	}
	c.Kind, c.Args = ProbeCommand, words
	return c, nil
}

var unknownScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// httpFlags are the options of a request, each with its long name and what it sets.
var httpFlags = []struct {
	short, long string
	set         func(c *Probe, v string) error
}{
	{"-H", "--header", (*Probe).addHeader},
	{"-d", "--data", (*Probe).setData},
	{"", "--key-file", func(c *Probe, v string) error { c.KeyFile = v; return nil }},
	{"", "--cert-file", func(c *Probe, v string) error { c.CertFile = v; return nil }},
	{"", "--ca-file", func(c *Probe, v string) error { c.CAFile = v; return nil }},
}

func (c *Probe) parseHTTP(words []string) error {
	c.Kind, c.URL = ProbeHTTP, words[0]
	if u, err := url.Parse(c.URL); err != nil || u.Hostname() == "" {
		return errors.New("the URL has no host, or cannot be read")
	}
	for words = words[1:]; len(words) > 0; words = words[1:] {
		name, value, given := words[0], "", false
		if strings.HasPrefix(name, "--") {
			name, value, given = strings.Cut(name, "=")
		} else if len(name) > 2 && name[0] == '-' {
			name, value, given = name[:2], name[2:], true
		}
		i := -1
		for j, f := range httpFlags {
			if name == f.long || name == f.short && f.short != "" {
				i = j
			}
		}
		switch {
		case i < 0 && strings.HasPrefix(name, "-"):
			var known []string
			for _, f := range httpFlags {
				known = append(known, f.long)
			}
			return fmt.Errorf("there is no option %s%s", quoted(name), nearestHint(name, known))
		case i < 0:
			return errors.New("there is something after the URL that is no option")
		case !given && len(words) < 2:
			return fmt.Errorf("the option %s has no value", name)
		case !given:
			words = words[1:]
			value = words[0]
		}
		if err := httpFlags[i].set(c, value); err != nil {
			return err
		}
	}
	if (c.KeyFile == "") != (c.CertFile == "") {
		return errors.New("--key-file and --cert-file are needed both")
	}
	return nil
}

func (c *Probe) addHeader(v string) error {
	name, value, ok := strings.Cut(v, ":")
	if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) ||
		strings.ContainsAny(value, "\r\n\x00") {
		return errors.New("a header is not of the form NAME: VALUE")
	}
	c.Headers = append(c.Headers, Header{name, strings.Trim(value, " \t")})
	return nil
}

func (c *Probe) setData(v string) error {
	if c.HasData {
		return errors.New("--data is given twice")
	}
	c.HasData = true
	c.Data, c.DataFile = strings.CutPrefix(v, "@")
	if c.DataFile && c.Data == "" {
		return errors.New("--data @ names no file")
	}
	return nil
}

// checkHostPort checks an address to connect to.
func checkHostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return errors.New("the address is not of the form HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errors.New("the port is not a number from 1 to 65535")
	}
	return nil
}

// ReadyKind tells when a program that is RUNNING is ready.
type ReadyKind int

// The kinds of readiness.
const (
	ReadyStartSecs ReadyKind = iota // when it is RUNNING
	ReadyNotify                     // when it says READY=1 by the protocol of sd_notify
	ReadyLog                        // when a line of its output matches
	ReadyFD                         // when it writes a line to a descriptor
	ReadyProbe                      // when a check succeeds
)

// Readiness is the value of ready=.
type Readiness struct {
	Kind    ReadyKind
	Text    string // as it is written
	Pattern string // ReadyLog: a regular expression that compiles
	FD      int    // ReadyFD: from MinReadyFD to MaxReadyFD
	Probe   *Probe // ReadyProbe
}

// The descriptors that ready=fd:N may name.
const (
	MinReadyFD = 3
	MaxReadyFD = 255
)

// readyKinds are the words ready= may begin with, in the order of the reference.
var readyKinds = []struct {
	word  string
	shape string // what follows the word, for people
	parse func(l *loader, r *Readiness, rest string) error
}{
	{"startsecs", "", func(*loader, *Readiness, string) error { return nil }},
	{"notify", "", func(_ *loader, r *Readiness, _ string) error { r.Kind = ReadyNotify; return nil }},
	{"log", ":REGEX", parseReadyLog},
	{"tcp", ":HOST:PORT", func(_ *loader, r *Readiness, rest string) error {
		return r.probe("tcp://"+strings.TrimPrefix(rest, "//"), ProbeTCP)
	}},
	{"http", ":URL", func(_ *loader, r *Readiness, rest string) error {
		if strings.HasPrefix(rest, "//") {
			rest = "http:" + rest
		}
		return r.probe(rest, ProbeHTTP)
	}},
	{"https", "://HOST/PATH", func(_ *loader, r *Readiness, rest string) error { return r.probe("https:"+rest, ProbeHTTP) }},
	{"exec", ":COMMAND", func(_ *loader, r *Readiness, rest string) error { return r.probe(rest, ProbeCommand) }},
	{"file", ":PATH", parseReadyFile},
	{"fd", ":N", parseReadyFD},
}

// probe reads a probe of one kind.
func (r *Readiness) probe(text string, kind ProbeKind) error {
	c, err := parseProbe(text)
	r.Kind, r.Probe = ReadyProbe, c
	switch {
	case err != nil:
		return err
	case c == nil:
		return errors.New("there is nothing after the colon")
	case c.Kind == kind:
		return nil
	}
	return errors.New("what stands after the colon is something else")
}

func parseReadyLog(_ *loader, r *Readiness, rest string) error {
	r.Kind, r.Pattern = ReadyLog, rest
	if rest == "" {
		return errors.New("there is nothing after the colon")
	}
	return compiles(rest)
}

func parseReadyFile(l *loader, r *Readiness, rest string) error {
	path, err := l.expandUser(strings.TrimPrefix(rest, "//"))
	if err == nil && !filepath.IsAbs(path) {
		err = errors.New("the path is not absolute")
	}
	r.Kind, r.Probe = ReadyProbe, &Probe{Kind: ProbeFile, Text: rest, Path: path}
	return err
}

func parseReadyFD(_ *loader, r *Readiness, rest string) error {
	n, err := parseInt(rest, 10)
	if err != nil || n < MinReadyFD || n > MaxReadyFD {
		return fmt.Errorf("the descriptor is not a number from %d to %d", MinReadyFD, MaxReadyFD)
	}
	r.Kind, r.FD = ReadyFD, int(n)
	return nil
}

var readyType = valueType[Readiness]{
	name: "readiness", allowed: readyShapes(),
	parse: func(l *loader, s string) (Readiness, error) {
		r := Readiness{Text: strings.TrimFunc(s, isSpace)}
		word, rest, colon := strings.Cut(r.Text, ":")
		word = strings.ToLower(word)
		for _, k := range readyKinds {
			if k.word == word && colon == (k.shape != "") {
				return r, k.parse(l, &r, rest)
			}
		}
		var words []string
		for _, k := range readyKinds {
			words = append(words, k.word)
		}
		if slices.Contains(words, word) {
			return r, errNotAllowed
		}
		return r, fmt.Errorf("%s is not known%s", quoted(word), nearestHint(word, words))
	},
	same: func(a, b Readiness) bool { return a.Text == b.Text },
}

func readyShapes() string {
	var out []string
	for _, k := range readyKinds {
		out = append(out, k.word+k.shape)
	}
	return strings.Join(out, ", ")
}
