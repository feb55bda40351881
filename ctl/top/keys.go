package top

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/gwaycc/supd/ctl/api"
)

// A Key is what a key does.
type Key struct {
	Shown string // the keys, for people
	Help  string // what they do
	short string // in the last line of the screen; "" not there
	keys  []string
	do    func(*model) tea.Cmd
}

// Keys are all keys, as help lists them.
func Keys() []Key {
	return []Key{
		{Shown: "↑ ↓ k j", Help: "move", keys: []string{"up", "k"}, do: by(-1)},
		{keys: []string{"down", "j"}, do: by(1)},
		{Shown: "PgUp PgDn", Help: "move by a page", keys: []string{"pgup", "ctrl+b"}, do: page(-1)},
		{keys: []string{"pgdown", "ctrl+f"}, do: page(1)},
		{Shown: "Home End", Help: "move to the first or last; at its end a log follows what is written", keys: []string{"home"}, do: by(-1 << 30)},
		{keys: []string{"end", "G"}, do: by(1 << 30)},
		{Shown: "Space", Help: "fold or unfold a group, or a node", keys: []string{"space"}, do: (*model).fold},
		{Shown: "Enter", Help: "fold a group, show the details of a program", keys: []string{"enter"}, do: (*model).enter},

		{Shown: "s", Help: "start what is selected: a program, a group or all of a node", short: "start", keys: []string{"s"},
			do: func(m *model) tea.Cmd { return m.do(api.Action{Do: "start"}, "starting", "") }},
		{Shown: "x", Help: "stop it, after a question", short: "stop", keys: []string{"x"},
			do: func(m *model) tea.Cmd { return m.do(api.Action{Do: "stop"}, "stopping", "Stop") }},
		{Shown: "r", Help: "restart it, after a question", short: "restart", keys: []string{"r"},
			do: func(m *model) tea.Cmd { return m.do(api.Action{Do: "restart"}, "restarting", "Restart") }},
		{Shown: "K", Help: "send it a signal, whose name is asked for", keys: []string{"K"}, do: (*model).signal},
		{Shown: "c", Help: "clear its logs, after a question", keys: []string{"c"},
			do: func(m *model) tea.Cmd {
				return m.do(api.Action{Do: "clear-logs"}, "clearing the logs of", "Clear the logs of")
			}},
		{Shown: "u", Help: "reread the configuration, show what an update would do, and do it after a question", keys: []string{"u"}, do: (*model).plan},

		{Shown: "l", Help: "show its log, and follow it", short: "log", keys: []string{"l"}, do: show(logPane)},
		{Shown: "w", Help: "show why it is as it is", short: "why", keys: []string{"w"}, do: show(whyPane)},
		{Shown: "d", Help: "show its details: what it needs, uses, its last lives, its options", short: "details", keys: []string{"d"}, do: show(detailsPane)},
		{Shown: "e E", Help: "show what has happened to it, or to all", short: "events", keys: []string{"e"}, do: show(eventsPane)},
		{keys: []string{"E"}, do: show(allPane)},
		{Shown: "Tab", Help: "move in the lower part of the screen, and back", keys: []string{"tab"}, do: func(m *model) tea.Cmd {
			m.inPane = m.pane != nil && !m.inPane
			return nil
		}},

		{Shown: "/", Help: "filter by name, state or reason; in the lower part: lines", short: "filter", keys: []string{"/"}, do: (*model).filter},
		{Shown: "!", Help: "only programs that are not well", keys: []string{"!"}, do: func(m *model) tea.Cmd {
			m.choice.unwell = !m.choice.unwell
			m.refresh()
			return m.follow()
		}},
		{Shown: "o", Help: "sort by CPU, memory, restarts, or in start order", keys: []string{"o"}, do: func(m *model) tea.Cmd {
			m.choice.order = (m.choice.order + 1) % orders
			m.refresh()
			return m.follow()
		}},
		{Shown: "Esc", Help: "leave the filter, or close the lower part", keys: []string{"esc"}, do: (*model).escape},
		{Shown: "?", Help: "this help", short: "help", keys: []string{"?", "h", "f1"}, do: func(m *model) tea.Cmd {
			m.help = true
			return nil
		}},
		{Shown: "Ctrl-Z", Help: "pause, and give the terminal back to the shell", keys: []string{"ctrl+z"}, do: func(*model) tea.Cmd { return tea.Suspend }},
		{Shown: "q", Help: "quit", short: "quit", keys: []string{"q", "ctrl+c", "f10"}, do: func(*model) tea.Cmd { return tea.Quit }},
	}
}

// by moves by so many rows or lines.
func by(n int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		if m.inPane {
			m.pane.up = max(0, m.pane.up-n)
			m.scroll()
			return nil
		}
		m.move(m.cursor + n)
		return m.follow()
	}
}

// page moves by what is in sight.
func page(direction int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		height := m.listHeight()
		if m.inPane {
			height = m.paneHeight()
		}
		return by(direction * max(1, height-1))(m)
	}
}

// show opens a pane, or closes it when it is there.
func show(kind paneKind) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		if m.pane != nil && m.pane.kind == kind && !m.logEnded() {
			m.closePane()
			m.move(m.cursor)
			return nil
		}
		cmd := m.open(kind)
		m.move(m.cursor)
		return cmd
	}
}

// logEnded tells whether the log that is shown goes on no more.
func (m *model) logEnded() bool {
	return m.pane.kind == logPane && len(m.pane.lines) > 0 && strings.HasSuffix(stripped(m.pane.lines[len(m.pane.lines)-1]), "l shows the log again —")
}

func (m *model) fold() tea.Cmd {
	if r := m.current(); r != nil && r.program == nil && !m.choice.narrows() {
		m.choice.folded[r.id()] = !r.folded
		m.refresh()
	}
	return nil
}

func (m *model) enter() tea.Cmd {
	if r := m.current(); r != nil && r.program != nil {
		return show(detailsPane)(m)
	}
	return m.fold()
}

func (m *model) escape() tea.Cmd {
	switch {
	case m.pane != nil && m.pane.filter != "":
		m.pane.filter = ""
	case m.pane != nil:
		m.closePane()
		m.move(m.cursor)
	case m.choice.narrows():
		m.choice.filter, m.choice.unwell = "", false
		m.refresh()
	}
	return nil
}

// filter has a filter typed.
func (m *model) filter() tea.Cmd {
	if m.inPane {
		p := m.pane
		before := p.filter
		set := func(text string) {
			p.filter = text
			m.scroll()
		}
		m.typing = &typing{label: "lines with: ", text: p.filter, each: set, leave: func() { set(before) }}
		return nil
	}
	before := m.choice.filter
	set := func(text string) {
		m.choice.filter = text
		m.refresh()
		if first := slices.IndexFunc(m.rows, func(r row) bool { return r.program != nil }); first >= 0 && m.current().program == nil {
			m.move(first) // which is what was looked for
		}
	}
	m.typing = &typing{label: "filter: ", text: before, each: set, leave: func() { set(before) },
		enter: func(string) tea.Cmd { return m.follow() }}
	return nil
}

// signal has the name of a signal typed and sends it.
func (m *model) signal() tea.Cmd {
	r := m.current()
	if r == nil || !m.may(r.node, api.Operate) {
		return nil
	}
	id := r.id()
	m.typing = &typing{label: "signal for " + r.names() + " (HUP, USR1, …): ", enter: func(name string) tea.Cmd {
		if now := m.current(); name == "" || now == nil || now.id() != id {
			m.say("nothing was sent", nil) // what was meant may not be there any more
			return nil
		}
		return m.do(api.Action{Do: "signal", Signal: strings.ToUpper(name)}, "signalling", "")
	}}
	return nil
}

// key takes a key that was pressed; text is what it types.
func (m *model) key(name, text string) tea.Cmd {
	switch {
	case m.typing != nil:
		return m.typed(name, text)
	case name == "ctrl+c":
		return tea.Quit
	case m.asking != nil:
		q := m.asking
		m.asking = nil
		if name == "y" || name == "Y" {
			return q.yes()
		}
		m.say("nothing was done", nil)
		return nil
	case m.help:
		m.help = false
		return nil
	}
	m.message = ""
	for _, k := range Keys() {
		if slices.Contains(k.keys, name) {
			return k.do(m)
		}
	}
	return nil
}

// typed takes a key while a line is being typed.
func (m *model) typed(name, text string) tea.Cmd {
	t := m.typing
	switch name {
	case "enter":
		m.typing = nil
		if t.enter != nil {
			return t.enter(strings.TrimSpace(t.text))
		}
	case "esc", "ctrl+c":
		m.typing = nil
		if t.leave != nil {
			t.leave()
		}
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(t.text)
		m.edit(t.text[:len(t.text)-n])
	case "ctrl+u":
		m.edit("")
	default:
		if text != "" {
			m.edit(t.text + text)
		}
	}
	return nil
}

// edit changes the line that is being typed.
func (m *model) edit(text string) {
	m.typing.text = text
	if m.typing.each != nil {
		m.typing.each(text)
	}
}
