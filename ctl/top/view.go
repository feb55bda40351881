package top

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

const (
	headLines = 3 // above the list
	footLines = 1 // below everything
)

// listHeight is how many rows of the list are in sight.
func (m *model) listHeight() int {
	height := m.height - headLines - footLines
	if m.pane != nil {
		height -= m.paneHeight() + 1
	}
	return max(1, height)
}

// paneHeight is how many lines of the pane are in sight.
func (m *model) paneHeight() int {
	room := m.height - headLines - footLines - 1 // its title
	return max(1, min(room-3, max(room/2, 6)))
}

// View draws the screen.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.screen(), "\n"))
	v.AltScreen = true
	return v
}

// screen is the lines of the screen, all as wide as it.
func (m *model) screen() []string {
	lines := []string{m.title(), m.totals()}
	room := m.height - len(lines) - footLines
	switch {
	case m.help:
		lines = append(lines, block(helpLines(m.width), m.width, room)...)
	case m.asking != nil && m.asking.lines != nil:
		lines = append(lines, block(append([]string{paint("1", clean(m.asking.text)) + "  What would happen:", ""}, m.asking.lines...), m.width, room)...)
	default:
		lines = append(lines, m.columns().heads(m))
		height := m.listHeight()
		for i := m.top; i < m.top+height; i++ {
			lines = append(lines, m.row(i))
		}
		if m.pane != nil {
			lines = append(lines, m.paneLines()...)
		}
	}
	if len(lines) > m.height-footLines {
		lines = lines[:max(0, m.height-footLines)]
	}
	return append(lines, fit(m.foot(), m.width))
}

// block is text as exactly so many lines.
func block(text []string, width, height int) []string {
	var out []string
	for i := range max(0, height) {
		line := ""
		switch {
		case i == height-1 && len(text) > height:
			line = paint(dim, fmt.Sprintf("… %d more; a higher window shows them", len(text)-height+1))
		case i < len(text):
			line = text[i]
		}
		out = append(out, fit(line, width))
	}
	return out
}

// title is the first line: who this is, and how many programs are in which state.
func (m *model) title() string {
	left := paint("1", "supd")
	if s := m.world.nodes[0].server; s != nil {
		left = paint("1", "supd on "+clean(s.Node)) + paint(dim, fmt.Sprintf("  version %s, pid %d", clean(s.Version), s.Pid))
		if s.State != "RUNNING" {
			left += "  " + paint("33", strings.ToLower(clean(s.State)))
		}
	}
	return spread(left, counted(m.world.counts()), m.width)
}

// counted is how many programs are in which state.
func counted(total int, byState map[string]int) string {
	words := programs(total)
	for _, s := range stateOrder {
		if n := byState[s]; n > 0 {
			words += "  " + paint(colours[s], fmt.Sprintf("%s %d %s", signs[s], n, strings.ToLower(s)))
		}
	}
	return words
}

// spread is a line with something at both ends. The left one goes first when there is no room.
func spread(left, end string, width int) string {
	n := ansi.StringWidth(end)
	if n+2 > width {
		return fit(end, width)
	}
	return fit(left, width-n-2) + "  " + end
}

// totals is the second line: what all use together, and what is not shown.
func (m *model) totals() string {
	left := "connecting …"
	switch {
	case m.connected:
		left = "one moment …"
		if cpu, memory, known := m.world.used(); known {
			left = fmt.Sprintf("CPU %s %%   memory %s", percent(cpu), size(memory))
		}
	case m.lost != nil:
		left = paint("31", "no connection: "+clean(m.lost.Error())) + "; trying again"
	}
	var notes []string
	if m.choice.order != byTree {
		notes = append(notes, "by "+m.choice.order.String())
	}
	if m.choice.unwell {
		notes = append(notes, "only what is not well")
	}
	if f := strings.TrimSpace(m.choice.filter); f != "" {
		notes = append(notes, "filter: "+clean(f))
	}
	if s := m.world.nodes[0].server; s != nil && s.Role != "admin" {
		notes = append(notes, "role "+string(s.Role))
	}
	if !m.connected && m.lost != nil {
		return fit(left, m.width)
	}
	return spread(left, paint("36", strings.Join(notes, " · ")), m.width)
}

// A columnSet is how wide the columns are; 0: there is no room for one.
type columnSet struct{ name, state, pid, uptime, cpu, memory, restarts, words int }

// columns divides the width of the screen. What matters least goes first when there is no room.
func (m *model) columns() columnSet {
	c := columnSet{name: max(12, min(m.nameWidth+1, 48)), state: 10, pid: 8, uptime: 10, cpu: 6, memory: 8, restarts: 5}
	room := m.width - 1
	used := func() int { return c.name + c.state + c.pid + c.uptime + c.cpu + c.memory + c.restarts + 8 }
	for _, column := range []*int{&c.pid, &c.restarts, &c.uptime, &c.memory, &c.cpu} {
		if used() <= room {
			break
		}
		*column = 0
	}
	if used() > room {
		c.name = max(8, room-c.state-2)
	}
	c.words = max(0, room-used())
	return c
}

// line puts cells into the columns.
func (c *columnSet) line(name, state, pid, uptime, cpu, memory, restarts, words string) string {
	out := " " + fit(name, c.name) + " " + fit(state, c.state)
	for _, cell := range []struct {
		text  string
		width int
	}{{pid, c.pid}, {uptime, c.uptime}, {cpu, c.cpu}, {memory, c.memory}, {restarts, c.restarts}} {
		if cell.width > 0 {
			out += " " + right(cell.text, cell.width)
		}
	}
	if c.words > 2 {
		out += "  " + fit(words, c.words-1)
	}
	return out
}

func (c columnSet) heads(m *model) string {
	return paint("1;4", fit(c.line("PROGRAM", "STATE", "PID", "UPTIME", "CPU %", "MEMORY", "RSTS", "WHAT IT DOES"), m.width))
}

func programs(n int) string {
	if n == 1 {
		return "1 program"
	}
	return fmt.Sprintf("%d programs", n)
}

// row is a line of the list.
func (m *model) row(i int) string {
	if i >= len(m.rows) {
		if i == 0 {
			return fit(" "+m.nothing(), m.width)
		}
		return fit("", m.width)
	}
	r := &m.rows[i]
	marked := i == m.cursor
	indent := strings.Repeat("  ", r.depth)
	if r.program == nil {
		line := fit(" "+indent+r.head(m), m.width)
		if marked {
			return m.mark(line)
		}
		return line
	}
	p := r.program
	now := m.now()
	name := indent + clean(p.Namespec)
	if m.choice.order != byTree && len(m.world.nodes) > 1 {
		name = clean(r.node.title()) + " " + name
	}
	state := signs[p.State] + " " + strings.ToLower(clean(p.State))
	var pid, uptime, cpu, memory, restarts string
	if p.Pid != 0 {
		pid = strconv.Itoa(p.Pid)
		if !p.Start.IsZero() {
			uptime = span(now.Sub(p.Start).Seconds())
		}
	}
	if s, known := r.node.sample(p); known {
		cpu, memory = percent(s.CPU), size(s.Memory)
	}
	if p.Restarts > 0 {
		restarts = strconv.FormatUint(p.Restarts, 10)
	}
	c := m.columns()
	if !marked {
		colour := colours[p.State]
		if unwell(p) && p.State == "RUNNING" {
			colour = "33"
		}
		state = paint(colour, state)
	}
	line := fit(c.line(name, state, pid, uptime, cpu, memory, restarts, clean(activity(p, now))), m.width)
	if marked {
		return m.mark(line)
	}
	return line
}

// mark shows that a row is selected.
func (m *model) mark(line string) string {
	line = stripped(line)
	if m.inPane {
		return paint("4", line)
	}
	return paint("7", line)
}

// head is the text of the row of a group or a node.
func (r *row) head(m *model) string {
	arrow := "▾ "
	if r.folded {
		arrow = "▸ "
	}
	if r.group != nil {
		text := standing(r.group, m.now().Sub(r.node.told))
		colour := dim
		if r.group.Budget != nil && r.group.Budget.GaveUp {
			colour = "31"
		}
		return arrow + paint("1", clean(r.group.Name)) + "  " + paint(colour, clean(text))
	}
	text := programs(len(r.node.programs))
	colour := dim
	if r.node.offline != "" {
		text, colour = "offline: "+r.node.offline, "31"
	} else if s := r.node.server; s != nil {
		text = "supd " + s.Version + " · " + text
	}
	return arrow + paint("1;36", clean(r.node.title())) + "  " + paint(colour, clean(text))
}

// nothing says why the list is empty.
func (m *model) nothing() string {
	switch {
	case !m.connected:
		return ""
	case m.choice.narrows():
		return "No program fits the filter. Esc shows all."
	}
	return "There are no programs. Add one to the configuration, then press u."
}

// paneLines are the title and the lines of the pane.
func (m *model) paneLines() []string {
	p := m.pane
	title := "── " + p.kind.String()
	if p.kind != allPane {
		name := p.names
		if name == "*" || name == "" {
			name = m.world.node(p.node).title()
		}
		title += " of " + clean(name)
	}
	if p.filter != "" {
		title += " · lines with " + clean(p.filter)
	}
	if p.up > 0 {
		title += fmt.Sprintf(" · %d lines below", p.up)
	}
	title += " "
	title += strings.Repeat("─", max(0, m.width-ansi.StringWidth(title)))
	attributes := dim
	if m.inPane {
		attributes = "1"
	}
	lines := []string{paint(attributes, fit(title, m.width))}
	text := m.shownLines()
	height := m.paneHeight()
	end := max(0, len(text)-p.up)
	text = text[max(0, end-height):end]
	if len(text) == 0 && p.state != "" && len(p.lines) == 0 {
		text = []string{paint(dim, clean(p.state))}
	}
	for i := range height {
		line := ""
		if i < len(text) {
			line = text[i]
		}
		lines = append(lines, fit(line, m.width))
	}
	return lines
}

// foot is the last line: a question, what is being typed, a message, or the keys.
func (m *model) foot() string {
	switch {
	case m.typing != nil:
		return clean(m.typing.label+m.typing.text) + paint("7", " ")
	case m.asking != nil:
		return paint("1;33", clean(m.asking.text)) + "  y yes, any other key no"
	case m.help:
		return "any key goes back"
	case m.message != "" && m.bad:
		return paint("31", clean(m.message))
	case m.message != "":
		return clean(m.message)
	}
	var words []string
	hint := func(key, does string) { words = append(words, paint("1", key)+" "+does) }
	switch {
	case m.inPane:
		hint("Tab", "back")
		hint("Esc", "close")
	case m.pane != nil:
		hint("Tab", "scroll")
		hint("Esc", "close")
	}
	for _, k := range Keys() {
		if k.short != "" {
			key, _, _ := strings.Cut(k.Shown, " ")
			hint(key, k.short)
		}
	}
	return strings.Join(words, "  ")
}

// helpLines list the keys.
func helpLines(width int) []string {
	lines := []string{paint("1", "Keys"), ""}
	for _, k := range Keys() {
		if k.Help == "" {
			continue
		}
		label := "  " + paint("1", fit(k.Shown, 10)) + "  "
		for _, part := range strings.Split(ansi.Wordwrap(k.Help, max(20, width-15), ""), "\n") {
			lines = append(lines, label+part)
			label = strings.Repeat(" ", 14)
		}
	}
	return lines
}
