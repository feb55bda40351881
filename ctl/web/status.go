package web

import "slices"

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
	Mood        Mood
	Description string
	Running     bool // can be restarted and stopped
	Down        bool // can be started
}

// A Mood is how good a state is.
type Mood int

// The moods, in the order in which they are summed up.
const (
	Trouble Mood = iota
	Running
	Nominal
)

// classes are those of the moods in supervisord's page.
var classes = [...]markup{Trouble: "statuserror", Running: "statusrunning", Nominal: "statusnominal"}

// rowSize is about what one program takes in HTML, in bytes.
const rowSize = 1200

// HTML renders the page. Everything in it may come from anywhere.
func (s *Status) HTML() []byte {
	p := make(page, 0, 4096+rowSize*len(s.Programs))
	p.head("Supervisor Status", "", "programs")
	p.put(`<header id="header">
<h1><img src="images/icon.png" alt="" width="32" height="32"> `).text(s.Identifier).put("</h1>\n")
	if len(s.Programs) > 0 {
		p.put(`<ul id="counts" aria-label="Programs by state">` + "\n")
		for _, c := range s.counts() {
			p.put(`<li class="`, classes[c.mood], `"><strong>`).number(c.n).put(`</strong> `).text(c.state).put("</li>\n")
		}
		p.put("</ul>\n")
	}
	p.put("</header>\n<main>\n")
	if s.Message != "" {
		p.put(`<div class="status_msg" role="status">`).text(s.Message).put("</div>\n")
	}
	p.put(`<ul id="buttons" class="clr">
<li class="action-button"><form method="post" action="index.html?action=refresh"><button>Refresh</button></form></li>
<li class="action-button"><form method="post" action="index.html?action=restartall"><button>Restart All</button></form></li>
<li class="action-button"><form method="post" action="index.html?action=stopall"><button class="danger">Stop All</button></form></li>
</ul>
`)
	if len(s.Programs) > 0 {
		p.put(`<table id="statustable">
<caption>Programs, their state, and what can be done with them</caption>
<thead>
<tr><th class="state" scope="col">State</th><th class="desc" scope="col">Description</th><th class="name" scope="col">Name</th><th class="action" scope="col">Action</th></tr>
</thead>
<tbody>
`)
		for i := range s.Programs {
			s.Programs[i].row(&p, [...]markup{"", "shade"}[i%2])
		}
		p.put("</tbody>\n</table>\n")
	} else {
		p.put(`<p class="empty">No programs to manage</p>` + "\n")
	}
	p.put(`</main>
<footer id="footer">supd <span>`).text(s.Version).put(`</span> · <a href="mainlogtail" target="_blank" rel="noopener">main log</a></footer>
`, foot)
	return p
}

// row appends the row of a program.
func (r *Program) row(p *page, shade markup) {
	p.put(`<tr class="`, shade, `">
<td class="status"><span class="`, classes[r.Mood], `">`).text(r.State).put(`</span></td>
<td class="desc"><span>`).text(r.Description).put(`</span></td>
<td class="name"><a href="tail.html?processname=`).value(r.Name).put(`" target="_blank" rel="noopener">`).text(r.Name).put(`</a></td>
<td class="action"><ul>
`)
	if r.Running {
		r.button(p, "Restart", " ", "restart", "")
		r.button(p, "Stop", " ", "stop", "danger")
	}
	if r.Down {
		r.button(p, "Start", " ", "start", "go")
	}
	r.button(p, "Clear Log", " of ", "clearlog", "")
	r.follow(p, "Tail -f Stdout", "")
	r.follow(p, "Tail -f Stderr", "/stderr")
	p.put("</ul></td>\n</tr>\n")
}

// button appends a form that carries out an action. of is what stands between the label and the name for those who listen.
func (r *Program) button(p *page, label, of, action, class markup) {
	p.put(`<li><form method="post" action="index.html?processname=`).value(r.Name).put(`&amp;action=`, action, `"><button name="`, label,
		`" class="`, class, `" aria-label="`, label, of).text(r.Name).put(`">`, label, "</button></form></li>\n")
}

// follow appends a link to a log stream.
func (r *Program) follow(p *page, label, channel markup) {
	p.put(`<li><a href="logtail/`).value(r.Name).put(channel, `" target="_blank" rel="noopener" aria-label="`, label, ` of `).text(r.Name).
		put(`">`, label, "</a></li>\n")
}

type count struct {
	state string
	mood  Mood
	n     int
}

// counts sums up the states: trouble first, then what runs.
func (s *Status) counts() []count {
	var counts []count
	for i := range s.Programs {
		r := &s.Programs[i]
		k := slices.IndexFunc(counts, func(c count) bool { return c.state == r.State })
		if k < 0 {
			k = len(counts)
			counts = append(counts, count{state: r.State, mood: r.Mood})
		}
		counts[k].n++
	}
	slices.SortStableFunc(counts, func(a, b count) int { return int(a.mood - b.mood) })
	return counts
}
