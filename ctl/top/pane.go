package top

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/sse"
)

// A paneKind is what the lower part of the screen shows.
type paneKind int

const (
	logPane     paneKind = iota // the output of the selected program
	eventsPane                  // what has happened to what is selected
	allPane                     // what has happened
	whyPane                     // why the selected program is as it is
	detailsPane                 // the selected program
)

func (k paneKind) String() string {
	return [...]string{"log", "events", "all events", "why", "details"}[k]
}

// linesKept is how many lines of a log are kept.
const linesKept = 5000

// A pane is the lower part of the screen.
type pane struct {
	kind   paneKind
	node   string
	names  string // what it is about, as row.names
	number int    // what was asked for by another pane is not for this one
	lines  []string
	state  string // instead of lines: why there are none
	up     int    // how many lines below the last one in sight there are; 0: it follows
	filter string
	cancel context.CancelFunc // ends what feeds it
	asking bool               // an answer is on its way
	stale  bool               // it will be old when it comes

	half map[string]string // of a log: the begin of a line whose end has not come yet, by stream
}

// logged is a piece of a log.
type logged struct {
	number int
	kind   string
	stream string
	text   string
	err    error // the stream has ended
}

// told is text for a pane.
type told struct {
	number int
	lines  []string
	err    error
}

// open shows a pane about what is selected.
func (m *model) open(kind paneKind) tea.Cmd {
	m.closePane()
	r := m.current()
	p := &pane{kind: kind, half: map[string]string{}, state: "One moment …"}
	if r != nil {
		p.node, p.names = r.node.name, r.names()
	}
	if kind == allPane {
		p.node, p.names = "", ""
	}
	m.paneNumber++
	p.number = m.paneNumber
	m.pane = p
	m.scroll()
	return m.feed(r)
}

// closePane ends the pane. Without one it does nothing.
func (m *model) closePane() {
	if m.pane != nil && m.pane.cancel != nil {
		m.pane.cancel()
	}
	m.pane, m.inPane = nil, false
}

// feed has the pane get what it shows.
func (m *model) feed(r *row) tea.Cmd {
	p := m.pane
	switch {
	case p.kind == eventsPane || p.kind == allPane:
		m.listEvents()
		return nil
	case r == nil || r.program == nil:
		p.state = "Select a program to see its " + p.kind.String() + "."
		return nil
	case p.kind == logPane:
		if r.program.Stdout == "" && r.program.Stderr == "" {
			p.state = "It has no log; stdout_logfile and stderr_logfile tell where what it prints goes."
			return nil
		}
		p.state = "Nothing was printed yet."
		ctx, cancel := context.WithCancel(m.ctx)
		p.cancel = cancel
		path := fmt.Sprintf("%s/logs/both?follow=true&lines=%d", programPath(p.node, p.names), firstLines)
		number, tell, server := p.number, m.tell, m.server
		return func() tea.Msg {
			err := listen(ctx, server, path, "", func(e sse.Event) error {
				piece, err := readPiece(e)
				piece.number = number
				if err == nil {
					tell(piece)
				}
				return err
			})
			if ctx.Err() != nil {
				return nil
			}
			return logged{number: number, err: err}
		}
	}
	return m.ask()
}

// ask has the server tell what a pane shows, unless it has been asked already.
func (m *model) ask() tea.Cmd {
	p := m.pane
	if p.asking {
		p.stale = true
		return nil
	}
	p.asking, p.stale = true, false
	ctx, server, path, now := m.ctx, m.server, programPath(p.node, p.names), m.now
	number, kind := p.number, p.kind
	return func() tea.Msg {
		var lines []string
		var err error
		if kind == whyPane {
			lines, err = whyLines(ctx, server, path, now())
		} else {
			lines, err = detailLines(ctx, server, path, now())
		}
		return told{number, lines, err}
	}
}

// take shows what the server has told.
func (m *model) take(t told) tea.Cmd {
	p := m.pane
	if p == nil || p.number != t.number {
		return nil
	}
	p.asking = false
	if t.err != nil {
		p.lines, p.state = nil, t.err.Error()
		return nil
	}
	if p.lines == nil && len(t.lines) > 0 {
		p.up = len(t.lines) // its begin
	}
	p.lines = t.lines
	m.scroll()
	if p.stale {
		return m.ask()
	}
	return nil
}

// heard brings the pane up to date after a change of the world.
func (m *model) heard(c change) tea.Cmd {
	p := m.pane
	if p == nil {
		return nil
	}
	_, isRecord := c.value.(*api.Record)
	switch p.kind {
	case eventsPane, allPane:
		if isRecord {
			m.listEvents()
		}
	case whyPane, detailsPane:
		_, isUsage := c.value.(*api.Usage)
		if r := m.current(); c.node == p.node && r != nil && r.program != nil && (isRecord || isUsage && p.kind == detailsPane) {
			return m.ask()
		}
	}
	return nil
}

// listEvents makes the lines of a pane of events.
func (m *model) listEvents() {
	p := m.pane
	p.lines = p.lines[:0]
	records := m.world.records
	if p.kind == eventsPane {
		name := p.names
		if name == "*" {
			name = ""
		}
		records = m.world.about(p.node, name)
	}
	several := len(m.world.nodes) > 1 && p.kind == allPane
	for i := range records {
		line := eventLine(&records[i].record, m.now())
		if several {
			line = clean(m.world.node(records[i].node).title()) + "  " + line
		}
		p.lines = append(p.lines, line)
	}
	p.state = "Nothing has happened yet."
	m.scroll()
}

// log takes a piece of a log.
func (m *model) log(l logged) {
	p := m.pane
	if p == nil || p.number != l.number {
		return
	}
	switch {
	case l.err != nil:
		p.lines = append(p.lines, paint(dim, "— "+clean(l.err.Error())+"; l shows the log again —"))
	case l.kind == "truncated":
		p.lines = append(p.lines, paint(dim, "— "+clean(l.stream)+" was emptied or replaced —"))
		delete(p.half, l.stream)
	case l.kind == "log":
		before := len(p.lines)
		text := p.half[l.stream] + l.text
		for {
			line, rest, whole := strings.Cut(text, "\n")
			if !whole {
				p.half[l.stream] = text[:min(len(text), 64<<10)]
				break
			}
			line = harmless(strings.TrimSuffix(line, "\r"))
			if l.stream == "stderr" {
				line = paint("31", "!") + " " + line
			}
			p.lines = append(p.lines, line)
			text = rest
		}
		if p.up > 0 {
			p.up += len(p.lines) - before // what is looked at stays where it is
		}
	}
	if len(p.lines) > linesKept {
		p.lines = slices.Clone(p.lines[len(p.lines)-linesKept:])
	}
	m.scroll()
}

// inSight are the lines that the filter of the pane leaves.
func (p *pane) inSight() []string {
	if p.filter == "" {
		return p.lines
	}
	word := strings.ToLower(p.filter)
	var out []string
	for _, l := range p.lines {
		if strings.Contains(strings.ToLower(stripped(l)), word) {
			out = append(out, l)
		}
	}
	return out
}

// shownLines are the lines of the pane as they are shown: those of a log are cut at the end of the line, others go on in the next
// one, so that no reason is cut.
func (m *model) shownLines() []string {
	lines := m.pane.inSight()
	if m.pane.kind == logPane || m.width <= 2*hang {
		return lines
	}
	var out []string
	for _, l := range lines {
		if ansi.StringWidth(l) <= m.width {
			out = append(out, l)
			continue
		}
		for i, part := range strings.Split(ansi.Wrap(l, m.width-hang, ""), "\n") {
			if i > 0 {
				part = strings.Repeat(" ", hang) + part
			}
			out = append(out, part)
		}
	}
	return out
}

// hang is how far the rest of a line that was too long stands to the right.
const hang = 12

// scroll keeps the pane within its lines.
func (m *model) scroll() {
	if p := m.pane; p != nil {
		p.up = max(0, min(p.up, len(m.shownLines())-m.paneHeight()))
	}
}

// eventLine is a record as a line.
func eventLine(r *api.Record, now time.Time) string {
	line := fmt.Sprintf("%s %5d ", moment(r.At, now), r.Seq)
	if r.Cause != 0 {
		line += fmt.Sprintf("%-7s", fmt.Sprintf("< %d", r.Cause))
	} else {
		line += "       "
	}
	if r.To == "" {
		return line + " " + clean(happened(r))
	}
	return line + " " + clean(r.Program) + " " + strings.ToLower(clean(r.From)) + " → " + paint(colours[r.To], strings.ToLower(clean(r.To))) + ": " + clean(r.Reason.Text)
}

// moment is a time of today as 14:03:22, an older one with its day.
func moment(at, now time.Time) string {
	at = at.In(now.Location())
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return at.Format("15:04:05")
	}
	return at.Format("Jan _2 15:04:05")
}

// whyLines asks why a program is as it is.
func whyLines(ctx context.Context, s Server, path string, now time.Time) ([]string, error) {
	var why api.Why
	if err := s.Do(ctx, "GET", path+"/why", nil, &why); err != nil {
		return nil, err
	}
	lines := []string{clean(why.Program) + " is " + paint(colours[why.State], strings.ToLower(clean(why.State))) + ":"}
	for i := range why.Chain {
		words := "          "
		if i > 0 {
			words = "  because "
		}
		lines = append(lines, words+eventLine(&why.Chain[i], now))
		if i == 0 && why.Skipped > 0 {
			lines = append(lines, paint(dim, fmt.Sprintf("          … %d more in between", why.Skipped)))
		}
	}
	if len(why.Chain) == 0 {
		lines = append(lines, "  nothing has happened to it yet")
	} else if !why.Complete {
		lines = append(lines, paint(dim, "  what came before is not kept any more"))
	}
	if len(why.Begun) > 0 {
		lines = append(lines, "", "That life had begun:")
		for i := range why.Begun {
			lines = append(lines, "          "+eventLine(&why.Begun[i], now))
		}
	}
	return lines, nil
}

// detailLines asks for all about a program.
func detailLines(ctx context.Context, s Server, path string, now time.Time) ([]string, error) {
	var p api.Program
	var lives []api.Life
	var usage api.UsageHistory
	var config api.ProgramConfig
	for part, into := range map[string]any{"": &p, "/lives": &lives, "/usage": &usage, "/config": &config} {
		if err := s.Do(ctx, "GET", path+part, nil, into); err != nil {
			return nil, err
		}
	}
	var lines []string
	add := func(label, text string) { lines = append(lines, paint("1", fmt.Sprintf("%-9s", label))+" "+text) }
	state := paint(colours[p.State], strings.ToLower(clean(p.State)))
	if p.Pid != 0 {
		state += fmt.Sprintf(", pid %d for %s, started %s", p.Pid, span(now.Sub(p.Start).Seconds()), moment(p.Start, now))
	}
	if p.State == "RUNNING" && !p.Ready {
		state += ", not ready"
	}
	if p.Unhealthy {
		state += ", unhealthy"
	}
	add("state", state)
	add("why", clean(p.Reason.Text))
	if text := activity(&p, now); text != "" && text != p.Reason.Text {
		add("status", clean(text))
	}
	for _, n := range p.Needs {
		text := clean(n.Program) + " (" + clean(n.Condition) + ")"
		if n.Met {
			text += ": met"
		} else {
			text += paint("33", ": not met") + ", it is " + strings.ToLower(clean(either(n.State, "not there")))
		}
		add("needs", text)
	}
	if len(usage.At) > 0 {
		memory := make([]float64, len(usage.Memory))
		for i, v := range usage.Memory {
			memory[i] = float64(v)
		}
		add("cpu", bars(usage.CPU, 60, 10)+" "+percent(usage.CPU[len(usage.CPU)-1])+" %")
		add("memory", bars(memory, 60, 1e6)+" "+size(usage.Memory[len(usage.Memory)-1]))
	}
	for _, log := range []struct{ name, path string }{{"stdout", p.Stdout}, {"stderr", p.Stderr}} {
		if log.path != "" {
			add(log.name, clean(log.path))
		}
	}
	for i, l := range lives[:min(len(lives), 8)] {
		label := ""
		if i == 0 {
			label = "lives"
		}
		text := fmt.Sprintf("#%d from %s", l.Number, moment(l.Start, now))
		if !l.End.IsZero() {
			text += fmt.Sprintf(" for %s: %s", span(l.End.Sub(l.Start).Seconds()), clean(l.Exit))
		}
		if l.Reason.Text != "" {
			text += paint(dim, ", "+clean(l.Reason.Text))
		}
		add(label, text)
	}
	add("options", fmt.Sprintf("%s:%d", clean(config.File), config.Line))
	for _, o := range config.Options {
		switch {
		case o.Secret:
			lines = append(lines, "          "+clean(o.Name)+" is not told")
		case !o.Default:
			lines = append(lines, "          "+clean(o.Name)+" = "+clean(o.Value))
		}
	}
	return lines, nil
}
