package confload

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// What SplitCommand and environment= report. The texts are those of Python's shlex, which clients show.
var (
	//lint:ignore ST1005 the text is shown by clients
	errNoClosing = errors.New("No closing quotation")
	//lint:ignore ST1005 the text is shown by clients
	errNoEscaped = errors.New("No escaped character")
)

// SplitCommand splits a command into words by POSIX shell rules, as Python's shlex.split does: quotes join and group,
// a backslash escapes outside quotes and, before " and \, inside double quotes. Nothing is a comment, an operator, a
// variable or a pattern. An empty quoted part makes an empty word. A command without words gives an empty slice. The
// errors are "No closing quotation" and "No escaped character".
func SplitCommand(s string) ([]string, error) {
	return (&lexer{text: s}).all()
}

// A lexer splits text into tokens with the state machine of Python's shlex in POSIX mode. The zero value splits at
// white space only.
//
// github.com/anmitsu/go-shlex is not used: it drops empty words (” and ""), splits at every Unicode space and replaces
// bytes that are not UTF-8.
type lexer struct {
	text string
	pos  int
	// isWord, when set, makes every character outside quotes that is not a word character a token of its own, and
	// # the begin of a comment that ends with the line.
	isWord func(rune) bool
}

// all returns the tokens up to the end.
func (l *lexer) all() ([]string, error) {
	tokens := []string{}
	for {
		token, ok, err := l.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return tokens, nil
		}
		tokens = append(tokens, token)
	}
}

// next returns the next token; ok is false at the end of the text.
func (l *lexer) next() (token string, ok bool, err error) {
	var b strings.Builder
	started := false // a token has begun; it may be empty when it was quoted
	for l.pos < len(l.text) {
		c, size := utf8.DecodeRuneInString(l.text[l.pos:])
		char := l.text[l.pos : l.pos+size]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			l.pos += size
			if started {
				return b.String(), true, nil
			}
		case c == '#' && l.isWord != nil:
			l.skipLine()
			if started {
				return b.String(), true, nil
			}
		case c == '\\':
			l.pos += size
			if l.pos >= len(l.text) {
				return "", false, errNoEscaped
			}
			_, size = utf8.DecodeRuneInString(l.text[l.pos:])
			b.WriteString(l.text[l.pos : l.pos+size])
			l.pos += size
			started = true
		case c == '"' || c == '\'':
			l.pos += size
			if err := l.quote(byte(c), &b); err != nil {
				return "", false, err
			}
			started = true
		case l.isWord == nil || l.isWord(c):
			b.WriteString(char)
			l.pos += size
			started = true
		case started:
			return b.String(), true, nil
		default:
			l.pos += size
			return char, true, nil
		}
	}
	return b.String(), started, nil
}

// quote takes the text up to the closing quote q.
func (l *lexer) quote(q byte, b *strings.Builder) error {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		l.pos++
		switch {
		case c == q:
			return nil
		case c == '\\' && q == '"':
			if l.pos >= len(l.text) {
				return errNoEscaped
			}
			next := l.text[l.pos]
			l.pos++
			if next != '\\' && next != q {
				b.WriteByte(c)
			}
			b.WriteByte(next)
		default:
			b.WriteByte(c)
		}
	}
	return errNoClosing
}

// skipLine goes to the begin of the next line.
func (l *lexer) skipLine() {
	if i := strings.IndexByte(l.text[l.pos:], '\n'); i >= 0 {
		l.pos += i + 1
		return
	}
	l.pos = len(l.text)
}
