package logs

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"
)

// maxValue bounds one value of a k=v argument, in bytes before escaping.
const maxValue = 8 << 10

// Clean makes a name that comes from a user (a program, a file, a peer) fit for a message: line breaks, control
// characters, invalid UTF-8 and characters that reorder or break the line on a screen are escaped as in Go, for example
// \n, \x1b, \u202e. So a name cannot forge a line. What is clean already is returned as it is.
func Clean(s string) string {
	if isClean(s, "") {
		return s
	}
	return string(appendClean(nil, s, ""))
}

// isClean tells whether appendClean would change s.
func isClean(s, keep string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if isUnsafe(r, n, keep) {
			return false
		}
		i += n
	}
	return true
}

// appendClean appends s, escaped except for the control characters in keep.
func appendClean(b []byte, s, keep string) []byte {
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isUnsafe(r, n, keep) {
			i += n
			continue
		}
		b = append(b, s[start:i]...)
		switch {
		case r == utf8.RuneError && n == 1:
			b = fmt.Appendf(b, `\x%02x`, s[i])
		default:
			q := strconv.AppendQuoteRuneToASCII(nil, r)
			b = append(b, q[1:len(q)-1]...)
		}
		i += n
		start = i
	}
	return append(b, s[start:]...)
}

// isUnsafe tells whether the rune r, n bytes long, must not be printed.
func isUnsafe(r rune, n int, keep string) bool {
	switch {
	case r < 0x20:
		for i := range len(keep) {
			if rune(keep[i]) == r {
				return false
			}
		}
		return true
	case r < 0x7f:
		return false
	case r <= 0x9f: // DEL and C1
		return true
	case r == utf8.RuneError:
		return n == 1
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return true
	case 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069: // direction overrides and isolates
		return true
	}
	return false
}

// appendArgs appends key and value pairs as " k=v", without the severity.
func appendArgs(b []byte, args []any) []byte {
	for i := 0; i < len(args); i += 2 {
		if i+1 == len(args) { // a value without a key: a mistake of the caller that must not hide the value
			b = append(b, " ?="...)
			b = appendValue(b, args[i])
			break
		}
		key, ok := args[i].(string)
		if !ok {
			key = fmt.Sprint(args[i])
		}
		if key == severityKey && (args[i+1] == LevelCritical.Code() || args[i+1] == LevelBlather.Code()) {
			continue
		}
		b = append(b, ' ')
		b = appendClean(b, key, "")
		b = append(b, '=')
		b = appendValue(b, args[i+1])
	}
	return b
}

// appendValue appends one value, in quotes when it would not read as one word.
func appendValue(b []byte, v any) []byte {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case bool:
		return strconv.AppendBool(b, v)
	case []byte:
		s = string(v[:min(len(v), maxValue+1)])
	case hclog.Format:
		s = formatted(v)
	default:
		s = fmt.Sprint(v)
	}
	if len(s) > maxValue {
		s = s[:maxValue] + "…"
	}
	if isWord(s) {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

// formatted renders hclog's "format and arguments" value.
func formatted(v hclog.Format) string {
	if len(v) == 0 {
		return ""
	}
	format, ok := v[0].(string)
	if !ok {
		return fmt.Sprint([]any(v)...)
	}
	return fmt.Sprintf(format, v[1:]...)
}

// isWord tells whether s can stand as a value without quotes.
func isWord(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '=' || c >= 0x7f {
			return false
		}
	}
	return true
}
