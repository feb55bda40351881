// Package web is the page for browsers: its HTML, its style and its images, embedded. It knows nothing of supervisors; the
// server fills it in.
package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/url"
	"slices"
	"strings"
)

// Policy is the Content-Security-Policy of every page: no script, nothing from elsewhere, no frame around it.
const Policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed status.html tail.html confirm.html
var pages embed.FS

//go:embed static
var static embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"quote": func(s string) template.URL { return template.URL(Quote(s)) },
	"shade": func(row int) string { return []string{"", "shade"}[row%2] },
}).ParseFS(pages, "*.html"))

// A Status is the page of all programs.
type Status struct {
	Identifier string    // of the daemon
	Version    string    // of supd
	Message    string    // what the last action came to; "" none
	Programs   []Program // in the order of the rows
}

// A Program is one row of Status.
type Program struct {
	Name        string // namespec
	State       string // "running", as shown
	Class       string // of the state: "statusrunning", "statuserror", "statusnominal"
	Description string
	Running     bool // can be restarted and stopped
	Down        bool // can be started
}

// Count is how many programs are in a state.
type Count struct {
	State, Class string
	N            int
}

// Counts sums up the states: trouble first, then what runs.
func (s *Status) Counts() []Count {
	var counts []Count
	at := map[string]int{}
	for i := range s.Programs {
		p := &s.Programs[i]
		k, ok := at[p.State]
		if !ok {
			k = len(counts)
			at[p.State] = k
			counts = append(counts, Count{State: p.State, Class: p.Class})
		}
		counts[k].N++
	}
	rank := map[string]int{"statuserror": 0, "statusrunning": 1, "statusnominal": 2}
	slices.SortStableFunc(counts, func(a, b Count) int { return rank[a.Class] - rank[b.Class] })
	return counts
}

// A Tail is the page with the end of a log.
type Tail struct {
	Name  string // namespec; "" none was asked for
	Text  string // the log, or why there is none
	Limit int    // in bytes, for the link that shows it again
	Asked bool   // a program was asked for
}

// A Confirm is the page that asks whether an action is meant, when the browser does not tell whose page it comes from.
type Confirm struct {
	Action string // "stop"
	Words  string // "Stop"
	Name   string // namespec; "" for all
}

// Page renders a page: data is a *Status, a *Tail or a *Confirm. Everything in it may come from anywhere: it is escaped,
// and bytes that are no UTF-8 or may not stand in HTML become U+FFFD.
func Page(data any) ([]byte, error) {
	var name string
	switch d := data.(type) {
	case *Status:
		name = "status.html"
		c := *d
		c.Identifier, c.Version, c.Message = clean(c.Identifier), clean(c.Version), clean(c.Message)
		c.Programs = make([]Program, len(d.Programs))
		for i, p := range d.Programs {
			p.Description = clean(p.Description)
			c.Programs[i] = p
		}
		data = &c
	case *Tail:
		name = "tail.html"
		c := *d
		c.Text = clean(c.Text)
		data = &c
	case *Confirm:
		name = "confirm.html"
	}
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, name, data)
	return b.Bytes(), err
}

// Show makes a name fit to be seen; in links it stays as it is.
func (p Program) Show() string { return clean(p.Name) }

// Show makes a name fit to be seen.
func (t Tail) Show() string { return clean(t.Name) }

// Show makes a name fit to be seen.
func (c Confirm) Show() string { return clean(c.Name) }

// clean replaces what may not stand in HTML.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || 0x7f <= r && r <= 0x9f {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// Quote escapes a value of a query as Python's urllib does, whose links are in bookmarks and scripts: all but letters,
// digits and _.-~/ as %XX.
func Quote(s string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
}

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
