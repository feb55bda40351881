package xmlrpc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A SyntaxError is a request that is not well-formed XML, or well-formed but not a call within the limits.
type SyntaxError struct {
	Offset int // in bytes, of the request
	Text   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("offset %d: %s", e.Offset, e.Text) }

// tag is a start or an end tag.
type tag struct {
	name  string // as written, with its prefix
	end   bool   // </name>
	empty bool   // <name/>
}

// local is the name without its namespace prefix: "i8" of "ex:i8".
func (t tag) local() string { return t.name[strings.LastIndexByte(t.name, ':')+1:] }

// scanner reads tags and text of one XML document. It knows what a call may need and refuses the rest: there is no DOCTYPE,
// no entity but the five of XML, no encoding but UTF-8.
type scanner struct {
	data []byte
	pos  int
	text []byte // scratch of readText
}

func (s *scanner) fail(format string, args ...any) error {
	return &SyntaxError{s.pos, fmt.Sprintf(format, args...)}
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	openXMLDecl   = []byte("<?xml")
	openPI        = []byte("<?")
	closePI       = []byte("?>")
	openComment   = []byte("<!--")
	closeComment  = []byte("-->")
	openCDATA     = []byte("<![CDATA[")
	closeCDATA    = []byte("]]>")
)

// open checks the characters of the whole document and reads the XML declaration, if there is one.
func (s *scanner) open() error {
	for i := 0; i < len(s.data); {
		c := s.data[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				s.pos = i
				return s.fail("control character %#02x", c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(s.data[i:])
		if r == utf8.RuneError && n == 1 || !isXMLChar(r) {
			s.pos = i
			return s.fail("not valid UTF-8")
		}
		i += n
	}
	if bytes.HasPrefix(s.data, byteOrderMark) {
		s.pos = len(byteOrderMark)
	}
	if rest := s.data[s.pos:]; bytes.HasPrefix(rest, openXMLDecl) && len(rest) > len(openXMLDecl) && isSpace(rest[len(openXMLDecl)]) {
		end := bytes.Index(rest, closePI)
		if end < 0 {
			return s.fail("the XML declaration does not end")
		}
		if enc := encodingOf(rest[:end]); !strings.EqualFold(enc, "utf-8") && !strings.EqualFold(enc, "us-ascii") &&
			!strings.EqualFold(enc, "utf8") && !strings.EqualFold(enc, "ascii") {
			return s.fail("encoding %q is not supported", enc)
		}
		s.pos += end + len(closePI)
	}
	return nil
}

// encodingOf returns the encoding an XML declaration names, "utf-8" when it names none.
func encodingOf(decl []byte) string {
	_, rest, ok := bytes.Cut(decl, []byte("encoding"))
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if !ok || len(rest) == 0 {
		return "utf-8"
	}
	enc, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(enc)
}

// readTag reads the next tag. It is an error when there is something else than white space, comments and processing
// instructions before it.
func (s *scanner) readTag() (tag, error) {
	start := s.pos
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
	if rest := s.data[s.pos:]; len(rest) > 1 && rest[0] == '<' && rest[1] != '!' && rest[1] != '?' {
		return s.tagHere() // nearly always
	}
	text, err := s.readText()
	if err != nil {
		return tag{}, err
	}
	if strings.Trim(text, " \t\r\n") != "" {
		s.pos = start
		return tag{}, s.fail("text where only elements may be")
	}
	return s.tagHere()
}

// tagHere reads the tag at s.pos.
func (s *scanner) tagHere() (tag, error) {
	if s.pos >= len(s.data) {
		return tag{}, s.fail("the document ends too early")
	}
	i := s.pos + 1 // data[pos] is '<': readText stops nowhere else
	var t tag
	if i < len(s.data) && s.data[i] == '/' {
		t.end = true
		i++
	}
	start := i
	for i < len(s.data) && isNameByte(s.data[i], i == start) {
		i++
	}
	if i == start {
		return tag{}, s.fail("not a tag")
	}
	t.name = intern(s.data[start:i])
	rest, err := s.tagEnd(i, t.end)
	if err != nil {
		return tag{}, err
	}
	t.empty = !t.end && s.data[rest-2] == '/'
	s.pos = rest
	return t, nil
}

// tagEnd skips attributes and returns where the tag that has its name before i is over.
func (s *scanner) tagEnd(i int, end bool) (int, error) {
	for first := true; i < len(s.data); first = false {
		switch c := s.data[i]; {
		case c == '>':
			return i + 1, nil
		case isSpace(c):
			i++
		case end:
			return 0, s.fail("an end tag has no attributes")
		case c == '/':
			if i+1 >= len(s.data) || s.data[i+1] != '>' {
				return 0, s.fail("a slash inside a tag")
			}
			i++
		case first:
			return 0, s.fail("not a tag")
		default:
			n, err := s.skipAttribute(i)
			if err != nil {
				return 0, err
			}
			i = n
		}
	}
	return 0, s.fail("a tag does not end")
}

// skipAttribute returns where the attribute at i is over.
func (s *scanner) skipAttribute(i int) (int, error) {
	start := i
	for i < len(s.data) && isNameByte(s.data[i], i == start) {
		i++
	}
	named := i > start
	for i < len(s.data) && isSpace(s.data[i]) {
		i++
	}
	if !named || i >= len(s.data) || s.data[i] != '=' {
		return 0, s.fail("not an attribute")
	}
	i++
	for i < len(s.data) && isSpace(s.data[i]) {
		i++
	}
	if i >= len(s.data) || s.data[i] != '"' && s.data[i] != '\'' {
		return 0, s.fail("an attribute without quotes")
	}
	n := bytes.IndexByte(s.data[i+1:], s.data[i])
	if n < 0 || bytes.IndexByte(s.data[i+1:i+1+n], '<') >= 0 {
		return 0, s.fail("an attribute does not end")
	}
	return i + n + 2, nil
}

// readText reads character data up to the next tag or the end of the document: references replaced, line ends as \n,
// CDATA taken in, comments and processing instructions left out.
func (s *scanner) readText() (string, error) {
	rest := s.data[s.pos:]
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		n = len(rest)
	}
	markup := n+1 < len(rest) && (rest[n+1] == '!' || rest[n+1] == '?')
	if !markup && bytes.IndexByte(rest[:n], '&') < 0 && bytes.IndexByte(rest[:n], '\r') < 0 &&
		!bytes.Contains(rest[:n], closeCDATA) {
		s.pos += n
		return intern(rest[:n]), nil
	}
	s.text = s.text[:0]
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case '<':
			done, err := s.markup()
			if done || err != nil {
				return string(s.text), err
			}
		case '&':
			if err := s.reference(); err != nil {
				return "", err
			}
		case '\r':
			s.lineEnd()
		default:
			if c == ']' && bytes.HasPrefix(s.data[s.pos:], closeCDATA) {
				return "", s.fail("]]> outside CDATA")
			}
			s.text = append(s.text, c)
			s.pos++
		}
	}
	return string(s.text), nil
}

// lineEnd takes the \r at s.pos, and the \n after it, as one \n.
func (s *scanner) lineEnd() {
	s.text = append(s.text, '\n')
	s.pos++
	if s.pos < len(s.data) && s.data[s.pos] == '\n' {
		s.pos++
	}
}

// markup takes what stands at the '<' at s.pos when it is part of a text; done tells that it is a tag.
func (s *scanner) markup() (done bool, err error) {
	rest := s.data[s.pos:]
	switch {
	case bytes.HasPrefix(rest, openComment):
		n := bytes.Index(rest[len(openComment):], closeComment)
		if n < 0 {
			return false, s.fail("a comment does not end")
		}
		s.pos += len(openComment) + n + len(closeComment)
	case bytes.HasPrefix(rest, openCDATA):
		n := bytes.Index(rest, closeCDATA)
		if n < 0 {
			return false, s.fail("a CDATA section does not end")
		}
		end := s.pos + n
		for s.pos += len(openCDATA); s.pos < end; {
			if s.data[s.pos] == '\r' {
				s.lineEnd()
				continue
			}
			s.text = append(s.text, s.data[s.pos])
			s.pos++
		}
		s.pos += len(closeCDATA)
	case bytes.HasPrefix(rest, openPI):
		n := bytes.Index(rest, closePI)
		if n < 0 {
			return false, s.fail("a processing instruction does not end")
		}
		if bytes.HasPrefix(rest, openXMLDecl) && isSpace(rest[len(openXMLDecl)]) {
			return false, s.fail("an XML declaration inside the document")
		}
		s.pos += n + len(closePI)
	case len(rest) > 1 && rest[1] == '!':
		return false, s.fail("no DOCTYPE or other declaration is allowed")
	default:
		return true, nil
	}
	return false, nil
}

var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// reference takes the reference at s.pos.
func (s *scanner) reference() error {
	const longest = 12
	rest := s.data[s.pos+1 : min(s.pos+longest, len(s.data))]
	n := bytes.IndexByte(rest, ';')
	if n <= 0 {
		return s.fail("an ampersand that begins no reference")
	}
	name := string(rest[:n])
	if c, ok := entities[name]; ok {
		s.text = append(s.text, c)
	} else {
		digits, isNumber := strings.CutPrefix(name, "#")
		base := 10
		if hex, ok := strings.CutPrefix(digits, "x"); ok {
			digits, base = hex, 16
		}
		code, err := strconv.ParseUint(digits, base, 32)
		if !isNumber || err != nil || code > utf8.MaxRune || !isXMLChar(rune(code)) {
			return s.fail("unknown reference &%s;", name)
		}
		s.text = utf8.AppendRune(s.text, rune(code))
	}
	s.pos += n + 2
	return nil
}

// intern returns b as a string, without garbage for the words that stand in every request.
func intern(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "\n":
		return "\n"
	case "methodCall":
		return "methodCall"
	case "methodName":
		return "methodName"
	case "params":
		return "params"
	case "param":
		return "param"
	case "value":
		return "value"
	case "string":
		return "string"
	case "int":
		return "int"
	case "boolean":
		return "boolean"
	case "array":
		return "array"
	case "data":
		return "data"
	case "struct":
		return "struct"
	case "member":
		return "member"
	case "name":
		return "name"
	}
	return string(b)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// isNameByte tells whether c may stand in a name of XML; names are not looked at more closely.
func isNameByte(c byte, first bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':', c >= utf8.RuneSelf:
		return true
	case c >= '0' && c <= '9', c == '-', c == '.':
		return !first
	}
	return false
}

// isXMLChar tells whether XML 1.0 can carry r at all.
func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD ||
		r >= 0x10000 && r <= utf8.MaxRune
}
