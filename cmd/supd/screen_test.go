package main

import (
	"fmt"
	"html"
	"image/color"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// A screen is a program on a terminal of its own, which shows what a real one would.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	done chan struct{} // closed when the program has gone

	mu    sync.Mutex
	shown *vt.Emulator
	alt   bool // the other screen is shown
	news  chan struct{}
}

// onScreen starts a program on a terminal with so many columns and rows.
func onScreen(t *testing.T, columns, rows int, env []string, name string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, cmd: exec.Command(name, args...), done: make(chan struct{}), shown: vt.NewEmulator(columns, rows), news: make(chan struct{}, 1)}
	s.shown.SetCallbacks(vt.Callbacks{AltScreen: func(on bool) { s.alt = on }})
	s.cmd.Env = append(append(os.Environ(), "TERM=xterm-256color", "COLORTERM=", "NO_COLOR="), env...)
	var err error
	if s.tty, err = pty.StartWithSize(s.cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() { // what the terminal answers when it is asked
		defer close(answered)
		_, _ = io.Copy(s.tty, s.shown)
	}()
	go func() {
		defer close(s.done)
		buf := make([]byte, 32<<10)
		for {
			n, err := s.tty.Read(buf)
			s.mu.Lock()
			_, _ = s.shown.Write(buf[:n])
			s.mu.Unlock()
			select {
			case s.news <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		<-s.done
		_ = s.shown.InputPipe().(io.Closer).Close() // closing the emulator itself would be a race with reading from it
		s.tty.Close()
		<-answered
	})
	return s
}

// text is what is on the screen.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// wait waits until the screen is as it should be.
func (s *screen) wait(what string, ok func(text string) bool) {
	s.t.Helper()
	limit := time.After(time.Minute)
	for {
		text := s.text()
		if ok(text) {
			return
		}
		select {
		case <-s.news:
		case <-s.done:
			if !ok(s.text()) {
				s.t.Fatalf("the program has ended without %s:\n%s", what, s.text())
			}
		case <-limit:
			s.t.Fatalf("it does not come to %s; the screen shows\n%s", what, text)
		}
	}
}

// shows waits until words are on the screen.
func (s *screen) shows(words string) {
	s.t.Helper()
	s.wait(fmt.Sprintf("%q", words), func(text string) bool { return strings.Contains(text, words) })
}

// line waits until one line has all these words.
func (s *screen) line(words ...string) {
	s.t.Helper()
	s.wait(fmt.Sprintf("a line with %q", words), func(text string) bool {
		for l := range strings.Lines(text) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(l, w)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// press types.
func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// resize makes the terminal another size.
func (s *screen) resize(columns, rows int) {
	s.t.Helper()
	s.mu.Lock()
	s.shown.Resize(columns, rows)
	s.mu.Unlock()
	if err := pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// end waits until the program has ended, and returns its state. The terminal must be as it was.
func (s *screen) end() *os.ProcessState {
	s.t.Helper()
	limit := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Signal(syscall.SIGABRT) })
	defer limit.Stop()
	_ = s.cmd.Wait()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alt {
		s.t.Error("the other screen is still shown")
	}
	if s.shown.CursorHidden() {
		s.t.Error("the cursor is still hidden")
	}
	return s.cmd.ProcessState
}

// html is the screen as a web page.
func (s *screen) html() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset=utf-8><style>body{margin:0;padding:14px;background:#16181d;color:#d8dbe0;font:14px/1.35 "DejaVu Sans Mono",monospace}
pre{margin:0;font:inherit}</style><pre>`)
	css := func(c color.Color, otherwise string) string {
		if c == nil {
			return otherwise
		}
		r, g, bl, _ := c.RGBA()
		hex := fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, bl>>8)
		if lighter := map[string]string{"#800000": "#f0625d", "#008000": "#57ab5a", "#808000": "#d4a72c", "#008080": "#39c5cf"}[hex]; lighter != "" {
			return lighter // as terminals show these on a dark ground
		}
		return hex
	}
	for y := range s.shown.Height() {
		for x := 0; x < s.shown.Width(); {
			cell := s.shown.CellAt(x, y)
			if cell == nil || cell.Width == 0 {
				x++
				continue
			}
			fg, bg := css(cell.Style.Fg, "#d8dbe0"), css(cell.Style.Bg, "#16181d")
			const bold, faint, reverse = 1 << 0, 1 << 1, 1 << 5
			style := ""
			attrs := uint8(cell.Style.Attrs)
			if attrs&reverse != 0 {
				fg, bg = bg, fg
			}
			if attrs&bold != 0 {
				style += ";font-weight:bold"
			}
			if attrs&faint != 0 {
				style += ";opacity:.6"
			}
			if cell.Style.Underline != 0 {
				style += ";text-decoration:underline"
			}
			fmt.Fprintf(&b, `<span style="color:%s;background:%s%s">%s</span>`, fg, bg, style, html.EscapeString(cell.Content))
			x += cell.Width
		}
		b.WriteByte('\n')
	}
	return b.String()
}
