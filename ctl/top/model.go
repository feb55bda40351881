package top

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gwaycc/supd/ctl/api"
)

// A model is the state of the view. Only the loop of the library changes it.
type model struct {
	ctx    context.Context
	server Server
	now    func() time.Time
	tell   func(any) // hands a message to the loop

	world     *world
	connected bool
	lost      error // why it is not connected; nil: it has not been tried yet

	width, height int
	choice        choice
	rows          []row
	nameWidth     int    // columns that the longest name needs
	selected      string // id of a row
	cursor        int    // its index
	top           int    // index of the first row in sight

	pane       *pane
	paneNumber int
	inPane     bool // keys move in the pane

	typing  *typing
	asking  *question
	asked   int // how many questions there were
	help    bool
	message string
	bad     bool // the message is about something that has failed
}

// A typing is a line that is being typed.
type typing struct {
	label string
	text  string
	each  func(text string)         // hears of every change; nil: nobody
	enter func(text string) tea.Cmd // hears the line
	leave func()                    // it was given up; nil: nobody hears
}

// A question is something that is done only if the user says yes.
type question struct {
	text   string
	number int      // what was asked for by another question is not for this one
	lines  []string // what it is about; nil: the text says all
	yes    func() tea.Cmd
}

// planned tells what a stop would lead to.
type planned struct {
	number int
	name   string
	steps  []api.Step
}

// tick comes once a second, for the times on the screen.
type tick struct{}

// acted tells what an action has come to.
type acted struct {
	text string
	err  error
}

// reread tells how the configuration differs.
type reread struct {
	node    string
	changes api.Changes
	err     error
}

func newModel(ctx context.Context, s Server, now func() time.Time, tell func(any)) *model {
	m := &model{ctx: ctx, server: s, now: now, tell: tell, world: newWorld(), width: 80, height: 24}
	m.choice.folded = map[string]bool{}
	return m
}

// Init has the clock run.
func (m *model) Init() tea.Cmd { return nextTick() }

func nextTick() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tick{} }) }

// Update takes a message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch v := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = v.Width, v.Height
		m.refresh()
		m.scroll()
	case tea.KeyPressMsg:
		return m, m.key(v.String(), v.Text)
	case tea.PasteMsg:
		if m.typing != nil {
			m.edit(m.typing.text + strings.Map(oneLine, v.Content))
		}
	case tick:
		return m, nextTick()
	case connection:
		m.connected, m.lost = v.err == nil, v.err
	case change:
		m.world.apply(v, m.now())
		before := m.selected
		m.refresh()
		if m.pane != nil && m.selected != before {
			return m, m.follow()
		}
		return m, m.heard(v)
	case logged:
		m.log(v)
	case told:
		return m, m.take(v)
	case acted:
		m.say(v.text, v.err)
	case reread:
		m.reread(v)
	case planned:
		if m.asking != nil && m.asking.number == v.number && slices.ContainsFunc(v.steps, func(s api.Step) bool { return s.Program != v.name }) {
			m.asking.lines = stepLines(v.steps)
		}
	}
	return m, nil
}

func oneLine(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// say shows a message. An error is shown instead of the text.
func (m *model) say(text string, err error) {
	m.message, m.bad = text, err != nil
	if err != nil {
		m.message = err.Error()
	}
}

// refresh makes the rows anew. What was selected stays selected; if it is not there any more, what has taken its place is.
func (m *model) refresh() {
	m.rows = m.world.rows(&m.choice)
	m.nameWidth = 0
	at := -1
	for i := range m.rows {
		r := &m.rows[i]
		if r.program != nil {
			m.nameWidth = max(m.nameWidth, 2*r.depth+len(r.program.Namespec))
		}
		if at < 0 && r.id() == m.selected {
			at = i
		}
	}
	if at < 0 {
		at = m.cursor
	}
	m.move(at)
}

// move selects the row with an index, or the nearest one.
func (m *model) move(to int) {
	m.cursor = max(0, min(to, len(m.rows)-1))
	m.selected = ""
	if r := m.current(); r != nil {
		m.selected = r.id()
	}
	height := m.listHeight()
	m.top = min(m.top, m.cursor)
	m.top = max(m.top, m.cursor-height+1)
	m.top = max(0, min(m.top, len(m.rows)-height))
}

// current is the selected row; nil: there is none.
func (m *model) current() *row {
	if m.cursor < len(m.rows) {
		return &m.rows[m.cursor]
	}
	return nil
}

// follow has the pane show what is selected now.
func (m *model) follow() tea.Cmd {
	if m.pane == nil || m.pane.kind == allPane {
		return nil
	}
	r := m.current()
	if r != nil && r.node.name == m.pane.node && r.names() == m.pane.names {
		return nil
	}
	inPane := m.inPane
	cmd := m.open(m.pane.kind)
	m.inPane = inPane
	return cmd
}

// may tells whether the user may do something to a node, and says so if not.
func (m *model) may(n *node, role api.Role) bool {
	if m.world.may(n, role) {
		return true
	}
	what := "nobody is connected"
	if s := m.world.nodes[0].server; s != nil {
		what = fmt.Sprintf("this needs the role %s, yours is %s", role, s.Role)
		if n.server != nil && n.name != "" {
			what += fmt.Sprintf(", and %s on %s", n.server.Role, n.title())
		}
	}
	m.say("", fmt.Errorf("%s", what))
	return false
}

// do has something done to what is selected, after a question if there is one.
func (m *model) do(a api.Action, doing string, question string) tea.Cmd {
	r := m.current()
	if r == nil || !m.may(r.node, api.Operate) {
		return nil
	}
	a.Names = []string{r.names()}
	what := r.names()
	switch {
	case what == "*":
		what = "all programs of " + r.node.title()
	case r.node.name != "":
		what += " on " + r.node.name
	}
	name := r.node.name
	perform := func() tea.Cmd {
		m.say(doing+" "+what+" …", nil)
		return func() tea.Msg {
			done, failed, err := act(m.ctx, m.server, name, a)
			if failed > 1 {
				err = fmt.Errorf("%w, and %d more", err, failed-1)
			}
			text := fmt.Sprintf("%s: %s is done", what, a.Do)
			if done > 1 {
				text = fmt.Sprintf("%s: %s is done for %d programs", what, a.Do, done)
			}
			return acted{text, err}
		}
	}
	if question == "" {
		return perform()
	}
	m.confirm(question+" "+what+"?", nil, perform)
	if r.program == nil || a.Do == "clear-logs" {
		return nil
	}
	ctx, server, path, p := m.ctx, m.server, programPath(name, r.names()), planned{number: m.asking.number, name: r.names()}
	return func() tea.Msg {
		if server.Do(ctx, "GET", path+"/plan?do=stop", nil, &p.steps) != nil {
			return nil // without it the question is the same
		}
		return p
	}
}

// stepLines are the steps of a plan.
func stepLines(steps []api.Step) []string {
	var lines []string
	for _, s := range steps {
		line := clean(s.Do + " " + s.Program)
		if s.Why != "" {
			line += paint(dim, "  "+clean(s.Why))
		}
		lines = append(lines, line)
	}
	return lines
}

// confirm asks before something is done.
func (m *model) confirm(text string, lines []string, yes func() tea.Cmd) {
	m.asked++
	m.asking = &question{text, m.asked, lines, yes}
	m.message = ""
}

// plan has the configuration of the selected node read and shows what an update would do.
func (m *model) plan() tea.Cmd {
	n := m.world.nodes[0]
	if r := m.current(); r != nil {
		n = r.node
	}
	if !m.may(n, api.Admin) {
		return nil
	}
	m.say("reading the configuration of "+n.title()+" …", nil)
	ctx, server, name := m.ctx, m.server, n.name
	return func() tea.Msg {
		answer := reread{node: name}
		answer.err = server.Do(ctx, "POST", nodePath(name)+"/config/reread", nil, &answer.changes)
		return answer
	}
}

// reread asks whether what has changed is to come into effect.
func (m *model) reread(v reread) {
	if v.err != nil {
		m.say("", v.err)
		return
	}
	lines := stepLines(v.changes.Plan)
	title := m.world.node(v.node).title()
	later := ""
	if changed := v.changes.Reload; len(changed) > 0 {
		later = strings.Join(changed, ", ") + ": in force when supd is restarted"
	}
	if len(lines) == 0 {
		m.say(either(later, "the configuration of "+title+" is in effect as it is"), nil)
		return
	}
	if later != "" {
		lines = append(lines, clean(later))
	}
	m.confirm("Update "+title+"?", lines, func() tea.Cmd {
		m.say("updating "+title+" …", nil)
		ctx, server := m.ctx, m.server
		return func() tea.Msg {
			var rows []api.Updated
			err := server.Do(ctx, "POST", nodePath(v.node)+"/config/update", api.UpdateRequest{}, &rows)
			failed := 0
			for _, r := range rows {
				if r.OK {
					continue
				}
				if failed++; err == nil {
					err = fmt.Errorf("%s: %s", either(r.Program, r.Group), r.Error)
				}
			}
			if failed > 1 {
				err = fmt.Errorf("%w, and %d more", err, failed-1)
			}
			return acted{title + " is updated", err}
		}
	})
}
