package confload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// readEnvFiles returns environ with the variables of the files over it, later files over earlier ones. Lines of a file
// are, as dotenv files have them:
//
//	# a comment, alone or after white space
//	KEY=VALUE
//	export KEY=VALUE
//	KEY='taken as it is, over several lines if need be'
//	KEY="with \n, \r, \t, \", \\ and \$, over several lines if need be"
//
// Nothing is substituted: a dollar sign stands for itself. What is wrong is reported with file and line, values never.
func (l *loader) readEnvFiles(environ []string, files []string) []string {
	for _, name := range files {
		path, err := filepath.Abs(name)
		if err == nil {
			var data []byte
			if data, err = readBounded(path); err == nil {
				environ = mergeEnv(environ, l.parseEnvFile(path, string(data)))
				continue
			}
		}
		l.fail(&Error{Text: fmt.Sprintf("could not read the environment file %s: %s", name, reason(err))})
	}
	return environ
}

// ReadEnvFiles returns the variables of files as KEY=VALUE with unique keys, later files over earlier ones. The error names
// the first file that cannot be read, or the first line that is wrong; it holds no values. It does not block: what is no
// regular file is an error.
func ReadEnvFiles(files []string) ([]string, error) {
	for _, name := range files {
		if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
			return nil, &Error{Text: fmt.Sprintf("could not read the environment file %s: it is not a regular file", name)}
		}
	}
	l := &loader{}
	env := l.readEnvFiles(nil, files)
	if len(l.errs) > 0 {
		return nil, l.errs[0]
	}
	return env, nil
}

// parseEnvFile returns the variables of one file as KEY=VALUE with unique keys.
func (l *loader) parseEnvFile(path, text string) []string {
	r := &envReader{text: strings.TrimPrefix(text, "\ufeff"), line: 1}
	var env []string
	for r.text != "" {
		line := r.line
		kv, err := r.next()
		switch {
		case err != nil:
			l.fail(&Error{File: path, Line: line, Text: "environment file: " + err.Error()})
			r.skipLine()
		case kv != "":
			env = mergeEnv(env, []string{kv})
		}
	}
	return env
}

// An envReader reads the variables of an environment file one by one.
type envReader struct {
	text string // what is left
	line int    // the 1-based line it begins on
}

// next returns the variable of the next line, "" when the line is blank or a comment.
func (r *envReader) next() (string, error) {
	r.skipBlanks()
	if end := r.lineEnd(); end == 0 || r.text[0] == '#' {
		r.skipLine()
		return "", nil
	}
	if rest, ok := strings.CutPrefix(r.text, "export"); ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		r.text = rest
		r.skipBlanks()
	}
	line := r.text[:r.lineEnd()]
	key, _, ok := strings.Cut(line, "=")
	if !ok {
		return "", fmt.Errorf("a line must be KEY=VALUE or a # comment")
	}
	r.text = r.text[len(key)+1:]
	key = strings.TrimRight(key, " \t")
	if !isEnvName(key) {
		return "", fmt.Errorf("the name before = must be made of letters, digits and any of _ . - and not begin with a digit")
	}
	value, err := r.value()
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if strings.ContainsRune(value, 0) {
		return "", fmt.Errorf("%s: the value contains a zero byte", key)
	}
	return key + "=" + value, nil
}

// value reads a value and the end of its line.
func (r *envReader) value() (string, error) {
	raw := r.text[:r.lineEnd()]
	if trimmed := strings.TrimLeft(raw, " \t"); trimmed == "" || trimmed[0] != '"' && trimmed[0] != '\'' {
		r.skipLine()
		return strings.Trim(cutEnvComment(raw), " \t"), nil
	}
	r.skipBlanks()
	value, size, err := unquoteEnv(r.text)
	if err != nil {
		return "", err
	}
	r.line += strings.Count(r.text[:size], "\n")
	r.text = r.text[size:]
	rest := strings.TrimLeft(r.text[:r.lineEnd()], " \t")
	if rest != "" && rest[0] != '#' {
		return "", fmt.Errorf("nothing but a comment may follow the closing quote; a quote inside a value must be escaped or in the other kind of quotes")
	}
	r.skipLine()
	return value, nil
}

// cutEnvComment cuts off what follows a # after white space.
func cutEnvComment(s string) string {
	for i := 1; i < len(s); i++ {
		if s[i] == '#' && (s[i-1] == ' ' || s[i-1] == '\t') {
			return s[:i]
		}
	}
	return s
}

// envEscapes are what may follow a backslash in double quotes. Before anything else a backslash stands for itself.
var envEscapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '"': `"`, '\\': `\`, '$': "$", '`': "`", '\n': ""}

// unquoteEnv reads the quoted text at the begin of s and returns how long it is, quotes included.
func unquoteEnv(s string) (value string, size int, err error) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return b.String(), i + 1, nil
		case c == '\\' && quote == '"' && i+1 < len(s):
			if e, ok := envEscapes[s[i+1]]; ok {
				b.WriteString(e)
				i++
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, fmt.Errorf("the quote %c is never closed", quote)
}

// isEnvName tells whether a file may set a variable of that name.
func isEnvName(s string) bool {
	if s == "" || !utf8.ValidString(s) || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	for _, c := range s {
		if c >= utf8.RuneSelf || !isEnvWord(c) || strings.ContainsRune("/+():", c) {
			return false
		}
	}
	return true
}

// lineEnd returns where the current line ends, without its LF or CR LF.
func (r *envReader) lineEnd() int {
	end := strings.IndexByte(r.text, '\n')
	switch {
	case end < 0:
		return len(r.text)
	case end > 0 && r.text[end-1] == '\r':
		return end - 1
	}
	return end
}

func (r *envReader) skipLine() {
	_, r.text, _ = strings.Cut(r.text, "\n")
	r.line++
}

func (r *envReader) skipBlanks() { r.text = strings.TrimLeft(r.text, " \t") }
