package confload

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A reader reads the lines of one file into a document by the rules of Python's RawConfigParser (compat.md §1.2):
// strict off, inline comments with ; and #, values continued by deeper indentation.
type reader struct {
	doc    *document
	rep    *report
	file   string
	indent int // of the line that opened the current key or section, in characters
	sec    *section
	key    string   // current key, "" none
	keyAt  place    // of the current key
	value  []string // lines of the current key
	open   rune     // quote that is open at the end of value, 0 none
}

// readFile reads data, the contents of the file with that name, into doc and reports what is wrong with it.
func readFile(doc *document, rep *report, name string, data []byte) {
	r := &reader{doc: doc, rep: rep, file: name}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		r.rep.say(Message{Level: Warn, File: name, Text: "the file is not valid UTF-8; its bytes are taken as they are"})
	}
	for n := 1; text != ""; n++ {
		var line string
		line, text = cutLine(text)
		if !r.line(n, line) {
			break
		}
	}
	r.flush()
}

// cutLine cuts the first line off text. Lines end with LF, CR LF or CR.
func cutLine(text string) (line, rest string) {
	i := strings.IndexAny(text, "\r\n")
	switch {
	case i < 0:
		return text, ""
	case text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
		return text[:i], text[i+2:]
	}
	return text[:i], text[i+1:]
}

// line takes one line. It returns false when reading must end.
func (r *reader) line(n int, line string) bool {
	cut := commentStart(line)
	kept := line
	if cut >= 0 {
		kept = line[:cut]
	}
	text := strings.TrimFunc(kept, isSpace)
	if text == "" {
		// A blank line belongs to the value it stands in; a comment does not.
		if cut < 0 && r.key != "" {
			r.value = append(r.value, "")
		}
		return true
	}
	indent := 0
	for _, c := range line {
		if !isSpace(c) {
			break
		}
		indent++
	}
	if r.sec != nil && r.key != "" && indent > r.indent {
		r.addValue(n, text, line, cut)
		return true
	}
	r.indent = indent
	if name, ok := headerName(text); ok {
		r.flush()
		at := place{r.file, n}
		r.sec = r.doc.open(name, at)
		r.rep.reopened(r.sec, at)
		return true
	}
	if r.sec == nil {
		r.fail(n, "file contains no section headers: the first line that is not a comment must be like [supervisord]")
		return false
	}
	r.option(n, text, line, cut)
	return true
}

// headerName takes the name up to the last closing bracket.
func headerName(text string) (string, bool) {
	end := strings.LastIndexByte(text, ']')
	if text[0] != '[' || end < 2 {
		return "", false
	}
	return text[1:end], true
}

// option takes a line that must be a key with its value.
func (r *reader) option(n int, text, line string, cut int) {
	r.flush()
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		r.fail(n, fmt.Sprintf("source contains parsing errors: a line must be a [section], KEY=VALUE or an indented continuation, not %s",
			quoted(shorten(text))))
		return
	}
	key := strings.ToLower(strings.TrimRightFunc(text[:i], isSpace))
	if key == "" {
		r.fail(n, "source contains parsing errors: the name of the option is missing before "+quoted(text[i:i+1]))
		return
	}
	value := strings.TrimFunc(text[i+1:], isSpace)
	r.key, r.keyAt = key, place{r.file, n}
	r.addValue(n, value, line, cut)
}

// flush stores the current key.
func (r *reader) flush() {
	if r.key != "" {
		r.rep.replaced(r.sec, r.key, r.keyAt)
		r.sec.set(r.key, strings.TrimRightFunc(strings.Join(r.value, "\n"), isSpace), r.keyAt)
	}
	r.key, r.value, r.open = "", nil, 0
}

func (r *reader) fail(n int, text string) {
	r.rep.fail(&Error{File: r.file, Line: n, Text: text})
}

// addValue adds one line to the value of the current key. It warns when a comment was cut off at line[cut:] while a quote
// was open that the comment closes: that is what supervisord does, and hardly what was meant.
func (r *reader) addValue(n int, text, line string, cut int) {
	r.value = append(r.value, text)
	r.open = openQuote(r.open, text)
	if cut < 0 || r.open == 0 || !strings.ContainsRune(line[cut:], r.open) {
		return
	}
	r.rep.say(Message{Level: Warn, File: r.file, Line: n, Section: r.sec.name, Option: r.key,
		Text: fmt.Sprintf("the value of %s is cut at %q inside quotes: there it begins a comment, as for supervisord; "+
			"take away the white space before it", r.key, line[cut])})
}

// openQuote returns the quote that is open at the end of s, 0 when none is. open is the one at its begin.
func openQuote(open rune, s string) rune {
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && open != '\'':
			escaped = true
		case open != 0:
			if c == open {
				open = 0
			}
		case c == '"' || c == '\'':
			open = c
		}
	}
	return open
}

// commentStart returns where the comment of a line begins, -1 when it has none: at the first ; or # that is the first
// character or follows white space. (Python before 3.14 looks at the n-th of each prefix in turn and can miss the first.)
func commentStart(line string) int {
	space := true
	for i, c := range line {
		if space && (c == ';' || c == '#') {
			return i
		}
		space = isSpace(c)
	}
	return -1
}

// isSpace tells whether Python's str.isspace is true for c.
func isSpace(c rune) bool {
	return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f
}

// quoted puts s into single quotes for a message, on one line.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range s {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case unicode.IsControl(c):
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// shorten keeps the first characters of a text for a message.
func shorten(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
