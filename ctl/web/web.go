// Package web is the page for browsers: its HTML, its style and its images, embedded. It knows nothing of supervisors; the
// server fills it in.
//
// The HTML is written by functions, not by html/template: that would make the whole program a quarter larger, as it keeps
// the linker from leaving out methods nobody calls. What is escaped and what is not is told by types; see page.
package web

import (
	"embed"
	"io/fs"
	"strconv"
	"unicode/utf8"
)

// Policy is the Content-Security-Policy of every page: no script, nothing from elsewhere, no frame around it.
const Policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed static
var static embed.FS

// Static returns an embedded file by its path, such as "images/icon.png". dir tells that the path is that of a folder.
func Static(path string) (data []byte, dir, ok bool) {
	if !fs.ValidPath(path) {
		return nil, false, false
	}
	name := "static/" + path
	if info, err := fs.Stat(static, name); err != nil || info.IsDir() {
		return nil, err == nil, false
	}
	data, err := static.ReadFile(name)
	return data, false, err == nil
}

// Quote escapes a value of a query as Python's urllib does, whose links are in bookmarks and scripts: all but letters,
// digits and _.-~/ as %XX.
func Quote(s string) string { return string(appendQuoted(nil, s)) }

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-', c == '~', c == '/':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// markup is HTML as it stands in the source. A string of the program is none without a conversion, and there are no such
// conversions: what comes from outside cannot get where markup is expected.
type markup string

// A page is HTML in the making.
type page []byte

// put appends markup.
func (p *page) put(m ...markup) *page {
	for _, s := range m {
		*p = append(*p, s...)
	}
	return p
}

// text appends text that may come from anywhere, in the place of a text or of the value of an attribute in quotes. It is
// escaped, and bytes that are no UTF-8, or characters that may not stand in HTML, become U+FFFD.
func (p *page) text(s string) *page {
	b := *p
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&#34;"...)
		case r == '\'':
			b = append(b, "&#39;"...)
		case r == '\r':
			b = append(b, "&#13;"...)
		case r < ' ' && r != '\t' && r != '\n' || 0x7f <= r && r <= 0x9f || r == utf8.RuneError && n == 1:
			b = append(b, "\ufffd"...)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	*p = b
	return p
}

// value appends a value of a query, or a part of a path, of a link. Nothing that Quote leaves is special in HTML.
func (p *page) value(s string) *page {
	*p = appendQuoted(*p, s)
	return p
}

func (p *page) number(n int) *page {
	*p = strconv.AppendInt(*p, int64(n), 10)
	return p
}

// head begins a page.
func (p *page) head(title markup, rest string, class markup) *page {
	return p.put(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>`, title).text(rest).put(`</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link href="stylesheets/supervisor.css" rel="stylesheet" type="text/css">
<link href="images/icon.png" rel="icon" type="image/png">
</head>
<body>
<div id="wrapper" class="`, class, `">
`)
}

const foot = `</div>
</body>
</html>
`
