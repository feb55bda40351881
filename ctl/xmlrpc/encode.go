package xmlrpc

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// The Append functions append to b and return it, as those of strconv do. A value ends with a line break, as Python's
// encoder has it, so answers can be compared with supervisord's byte by byte.

// AppendResponseStart begins the answer to a call; one value follows, then AppendResponseEnd.
func AppendResponseStart(b []byte) []byte {
	return append(b, "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"...)
}

// AppendResponseEnd ends what AppendResponseStart began.
func AppendResponseEnd(b []byte) []byte {
	return append(b, "</param>\n</params>\n</methodResponse>\n"...)
}

// AppendFaultResponse appends a whole answer that tells of a fault.
func AppendFaultResponse(b []byte, f *Fault) []byte {
	b = append(b, "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n"...)
	b = AppendFault(b, f)
	return append(b, "</fault>\n</methodResponse>\n"...)
}

// AppendFault appends a fault as a value, as it stands among the results of system.multicall.
func AppendFault(b []byte, f *Fault) []byte {
	b = AppendStructStart(b)
	b = AppendMemberInt(b, "faultCode", int64(f.Code))
	b = AppendMemberString(b, "faultString", f.Text)
	return AppendStructEnd(b)
}

// AppendInt appends an int. XML-RPC's int has 32 bits; what is outside them becomes the nearest that fits (compat.md §4.2).
func AppendInt(b []byte, n int64) []byte {
	b = append(b, "<value><int>"...)
	b = strconv.AppendInt(b, clamp(n), 10)
	return append(b, "</int></value>\n"...)
}

func clamp(n int64) int64 { return min(max(n, math.MinInt32), math.MaxInt32) }

// AppendBool appends a boolean.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "<value><boolean>1</boolean></value>\n"...)
	}
	return append(b, "<value><boolean>0</boolean></value>\n"...)
}

// AppendDouble appends a double, without an exponent. What is not finite has no form in XML-RPC and becomes 0.
func AppendDouble(b []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		f = 0
	}
	b = append(b, "<value><double>"...)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	return append(b, "</double></value>\n"...)
}

// AppendString appends a string; see AppendText for what cannot be carried.
func AppendString(b []byte, s string) []byte {
	return AppendStringEnd(AppendText(AppendStringStart(b), s))
}

// AppendBytes is AppendString of bytes, such as the window of a log.
func AppendBytes(b, data []byte) []byte {
	return AppendStringEnd(AppendText(AppendStringStart(b), data))
}

// AppendStringStart begins a string that is put together by AppendText, or by plain append of characters that need no
// escape.
func AppendStringStart(b []byte) []byte { return append(b, "<value><string>"...) }

// AppendStringEnd ends what AppendStringStart began.
func AppendStringEnd(b []byte) []byte { return append(b, "</string></value>\n"...) }

// What a byte needs in XML text.
const (
	plain = iota
	escaped
	forbidden
	multibyte
)

var byteClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c == '&' || c == '<' || c == '>' || c == '\r':
			t[c] = escaped
		case c < ' ' && c != '\t' && c != '\n':
			t[c] = forbidden
		case c >= utf8.RuneSelf:
			t[c] = multibyte
		}
	}
	return t
}()

const replacement = "\uFFFD"

// AppendText appends s as character data. Bytes that are not UTF-8 and characters XML cannot carry (control characters but
// TAB, LF and CR) become U+FFFD each; supervisord sends them as they are, or fails.
func AppendText[S string | []byte](b []byte, s S) []byte {
	i := 0
	for i < len(s) && byteClass[s[i]] == plain {
		i++
	}
	if i == len(s) { // nearly always
		return append(b, s...)
	}
	done := 0 // s[:done] is in b
	for i < len(s) {
		c := s[i]
		class := byteClass[c]
		if class == plain {
			i++
			continue
		}
		size, text := 1, replacement
		switch class {
		case escaped:
			text = escapeOf(c)
		case multibyte:
			var r rune
			r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if (r != utf8.RuneError || size > 1) && isXMLChar(r) {
				i += size
				continue
			}
		}
		b = append(b, s[done:i]...)
		b = append(b, text...)
		i += size
		done = i
	}
	return append(b, s[done:]...)
}

func escapeOf(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return "&#13;"
}

// AppendArrayStart begins an array: values follow, then AppendArrayEnd.
func AppendArrayStart(b []byte) []byte { return append(b, "<value><array><data>\n"...) }

// AppendArrayEnd ends what AppendArrayStart began.
func AppendArrayEnd(b []byte) []byte { return append(b, "</data></array></value>\n"...) }

// AppendStructStart begins a struct: members follow, then AppendStructEnd.
func AppendStructStart(b []byte) []byte { return append(b, "<value><struct>\n"...) }

// AppendStructEnd ends what AppendStructStart began.
func AppendStructEnd(b []byte) []byte { return append(b, "</struct></value>\n"...) }

// AppendMemberStart begins a member of a struct: one value follows, then AppendMemberEnd.
func AppendMemberStart(b []byte, name string) []byte {
	b = append(b, "<member>\n<name>"...)
	b = AppendText(b, name)
	return append(b, "</name>\n"...)
}

// AppendMemberEnd ends what AppendMemberStart began.
func AppendMemberEnd(b []byte) []byte { return append(b, "</member>\n"...) }

// AppendMemberInt appends a member that is an int.
func AppendMemberInt(b []byte, name string, n int64) []byte {
	b = AppendText(append(b, "<member>\n<name>"...), name)
	b = append(b, "</name>\n<value><int>"...)
	b = strconv.AppendInt(b, clamp(n), 10)
	return append(b, "</int></value>\n</member>\n"...)
}

// AppendMemberTime appends a member that is a time, in Unix seconds as an int, 0 for the zero time.
func AppendMemberTime(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return AppendMemberInt(b, name, 0)
	}
	return AppendMemberInt(b, name, t.Unix())
}

// AppendMemberBool appends a member that is a boolean.
func AppendMemberBool(b []byte, name string, v bool) []byte {
	return AppendMemberEnd(AppendBool(AppendMemberStart(b, name), v))
}

// AppendMemberString appends a member that is a string.
func AppendMemberString(b []byte, name, s string) []byte {
	b = AppendText(append(b, "<member>\n<name>"...), name)
	b = AppendText(append(b, "</name>\n<value><string>"...), s)
	return append(b, "</string></value>\n</member>\n"...)
}

// AppendStrings appends an array of strings.
func AppendStrings(b []byte, list []string) []byte {
	b = AppendArrayStart(b)
	for _, s := range list {
		b = AppendString(b, s)
	}
	return AppendArrayEnd(b)
}

// Append appends any value; a DateTime must lie in the years 0 to 9999. There is no nil in answers (compat.md §4.2): it becomes an empty string.
func Append(b []byte, v *Value) []byte {
	switch v.Kind {
	case Bool:
		return AppendBool(b, v.Int != 0)
	case Int:
		return AppendInt(b, v.Int)
	case Double:
		return AppendDouble(b, v.Double)
	case Base64:
		b = append(b, "<value><base64>"...)
		b = base64.StdEncoding.AppendEncode(b, []byte(v.Text))
		return append(b, "</base64></value>\n"...)
	case DateTime:
		b = append(b, "<value><dateTime.iso8601>"...)
		b = v.Time.AppendFormat(b, "20060102T15:04:05")
		return append(b, "</dateTime.iso8601></value>\n"...)
	case Array:
		b = AppendArrayStart(b)
		for i := range v.Items {
			b = Append(b, &v.Items[i])
		}
		return AppendArrayEnd(b)
	case Struct:
		b = AppendStructStart(b)
		for i := range v.Members {
			b = AppendMemberStart(b, v.Members[i].Name)
			b = AppendMemberEnd(Append(b, &v.Members[i].Value))
		}
		return AppendStructEnd(b)
	}
	return AppendString(b, v.Text)
}
