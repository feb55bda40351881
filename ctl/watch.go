package ctl

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// watchInterval is how often a watch asks the server. There is nothing to subscribe to in supervisord's interface.
const watchInterval = time.Second

// takeWatchFlag takes -w out of the arguments of status.
func takeWatchFlag(args []string) ([]string, bool) {
	isFlag := func(a string) bool { return a == "-w" || a == "--watch" }
	watching := slices.ContainsFunc(args, isFlag)
	return slices.DeleteFunc(slices.Clone(args), isFlag), watching
}

// A watch shows programs again and again.
type watch struct {
	fetch func() ([]programInfo, error)
	show  func(programs []programInfo, err error)
	tick  <-chan time.Time // when to ask again
	size  <-chan os.Signal // when to draw again, because the terminal has another size
	done  <-chan struct{}
}

// run fetches and shows until done.
func (w *watch) run() {
	programs, err := w.fetch()
	for {
		select {
		case <-w.done:
			return // an answer that was broken off is not shown
		default:
		}
		w.show(programs, err)
		select {
		case <-w.done:
			return
		case <-w.tick:
			programs, err = w.fetch()
		case <-w.size:
		}
	}
}

// watch shows the named programs, or all, until it is interrupted. All requests go over the connection of the session.
func (s *session) watch(names []string) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	w := &watch{tick: ticker.C, done: s.ctx.Done(), fetch: func() ([]programInfo, error) {
		all, err := s.allForStatus()
		return slices.DeleteFunc(all, func(p programInfo) bool { return !named(names, p) }), err
	}}
	out, _ := s.env.Stdout.(*os.File)
	if s.format == formatJSON || out == nil || !s.env.IsTerminal() || s.env.Getenv("TERM") == "dumb" {
		w.show = s.changeLines(time.Now)
		w.run()
		return nil
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	w.size = resized
	p := &display{colour: s.env.colour(), long: s.env.longNames(), title: s.client.url, size: func() (int, int) {
		width, height, err := term.GetSize(int(out.Fd()))
		if err != nil {
			return 80, 24
		}
		return width, height
	}}
	show := changeMode(s.env.terminal(), func(m *unix.Termios) { m.Lflag &^= unix.ECHO })
	leave := func() {
		fmt.Fprint(out, leaveScreen)
		show()
	}
	undo := onDeath(leave)
	defer undo()
	fmt.Fprint(out, enterScreen)
	w.show = func(programs []programInfo, err error) { fmt.Fprint(out, p.draw(programs, err)) }
	w.run()
	leave()
	s.statusTable(p.last) // which stays to be read
	return nil
}

// named tells whether one of names means the program, or there are none.
func named(names []string, p programInfo) bool {
	return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return means(n, p) })
}

// changeLines returns a show that prints a line for each program that has another state or process than before.
func (s *session) changeLines(now func() time.Time) func([]programInfo, error) {
	type life struct {
		state int
		pid   int
		start int64
	}
	seen := map[string]life{}
	failure := ""
	return func(programs []programInfo, err error) {
		stamp := now().Format(time.DateTime)
		if err != nil {
			if text := err.Error(); text != failure {
				failure = text
				fmt.Fprintf(s.problems(), "%s error: %s\n", stamp, text)
			}
			return
		}
		failure = ""
		gone := seen
		seen = map[string]life{}
		for i, row := range statusRows(programs, s.env.longNames()) {
			p := programs[i]
			seen[p.Namespec] = life{p.State, p.PID, p.Start}
			before, known := gone[p.Namespec]
			delete(gone, p.Namespec)
			switch {
			case known && before == seen[p.Namespec]:
			case s.format == formatJSON:
				_ = json.NewEncoder(s.env.Stdout).Encode(p)
			default:
				s.printf("%s %s\n", stamp, strings.TrimRight(row.render(false, 0), " "))
			}
		}
		for _, n := range slices.Sorted(maps.Keys(gone)) {
			if s.format == formatText {
				s.printf("%s %-33s%s\n", stamp, n, "removed")
			}
		}
	}
}

// What a watch does to the terminal: it draws on the other screen, without a cursor, and without lines that wrap.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// A display draws the lines of a watch on a terminal; only what has changed is written.
type display struct {
	colour, long  bool // long: see statusRows
	title         string
	size          func() (width, height int)
	last          []programInfo // what was shown last
	lines         []string      // what is on the screen
	width, height int
}

// draw returns what makes the terminal show the programs, or the last ones and err.
func (s *display) draw(programs []programInfo, err error) string {
	if err == nil {
		s.last = programs
	}
	var b strings.Builder
	width, height := s.size()
	if width != s.width || height != s.height {
		s.width, s.height, s.lines = width, height, nil
		b.WriteString("\x1b[2J")
	}
	lines := s.text(err)
	for i := range max(len(lines), len(s.lines)) {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		if i >= len(s.lines) || s.lines[i] != text {
			fmt.Fprintf(&b, "\x1b[%d;1H%s\x1b[K", i+1, text)
		}
	}
	s.lines = lines
	return b.String()
}

// text is what is to be on the screen: a title and the programs, as many as fit.
func (s *display) text(err error) []string {
	title := s.title + "  " + tally(s.last) + "  Ctrl-C ends"
	if err != nil {
		title = "no answer: " + err.Error() + "  Ctrl-C ends"
	}
	lines := []string{cut(title, s.width)}
	room := s.height - 1
	for i, row := range statusRows(s.last, s.long) {
		if i == room-1 && len(s.last) > room {
			lines = append(lines, cut(fmt.Sprintf("... and %d more; a higher window shows them", len(s.last)-i), s.width))
			break
		}
		lines = append(lines, row.render(s.colour, s.width))
	}
	return lines[:min(len(lines), max(1, s.height))]
}

// tally is how many programs are in which state, the most frequent first.
func tally(programs []programInfo) string {
	count := map[string]int{}
	for _, p := range programs {
		count[p.StateName]++
	}
	var parts []string
	states := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	for _, st := range states {
		parts = append(parts, fmt.Sprintf("%s %d", st, count[st]))
	}
	if len(parts) == 0 {
		return "no programs"
	}
	return strings.Join(parts, ", ")
}

// cut shortens text to width columns.
func cut(text string, width int) string {
	r := []rune(text)
	return string(r[:min(len(r), max(0, width))])
}
