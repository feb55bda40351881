package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/peterh/liner"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// errAborted says that the user pressed Ctrl-C instead of entering a line.
var errAborted = errors.New("interrupted")

// A lineInput is where a shell gets its command lines from. What a command asks is read from session.input.
type lineInput interface {
	// command shows a prompt and reads a line. The error is errAborted after Ctrl-C and io.EOF at the end of the input.
	command(prompt string) (string, error)
	// close puts the terminal back into the state it was found in.
	close()
}

// terminal returns the standard input when both it and the output are terminals, else nil.
func (e Env) terminal() *os.File {
	in, ok := e.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !e.IsTerminal() {
		return nil
	}
	return in
}

// plainInput reads lines as they come, from a pipe, a file or a terminal that cannot place its cursor.
type plainInput struct {
	session *session
	tty     bool // it is a terminal
	until   func() (context.Context, context.CancelFunc)
}

func (p *plainInput) command(prompt string) (string, error) {
	ctx, stop := p.until()
	defer stop()
	p.session.printf("%s", prompt)
	line, err := p.session.input().line(ctx)
	if err != nil && ctx.Err() != nil {
		err = io.EOF
		if p.tty {
			p.session.printf("\n")
			err = errAborted
		}
	}
	return strings.TrimRight(line, "\r"), err
}

func (p *plainInput) close() {}

// An editor reads lines on a terminal, with editing, history and completion.
type editor struct {
	state       *liner.State
	cooked, raw liner.ModeApplier // how commands and how the editor find the terminal
	history     history
	warn        func(error) // told once when the history cannot be kept
	last        string
	undo        func()
}

// newEditor returns an editor for the standard input and output, or nil when they are no terminal for it.
func newEditor(env Env, path string, complete liner.WordCompleter, warn func(error)) *editor {
	if env.terminal() != os.Stdin || env.Stdout != os.Stdout || !liner.TerminalSupported() {
		return nil
	}
	cooked, err := liner.TerminalMode()
	if err != nil {
		return nil
	}
	e := &editor{cooked: cooked, state: liner.NewLiner(), history: history{path}, warn: warn}
	// From the prompt on Ctrl-C is a key: the editor alone would make it one a moment later.
	changeMode(os.Stdin, func(m *unix.Termios) { m.Lflag &^= unix.ISIG })
	if e.raw, err = liner.TerminalMode(); err != nil {
		e.state.Close()
		return nil
	}
	_ = cooked.ApplyMode()
	e.undo = onDeath(func() { _ = cooked.ApplyMode() })
	e.state.SetCtrlCAborts(true)
	e.state.SetWordCompleter(complete)
	e.state.SetTabCompletionStyle(liner.TabPrints)
	if path != "" {
		lines, err := e.history.load()
		e.unkept(err)
		for _, l := range lines {
			e.state.AppendHistory(l)
			e.last = l
		}
	}
	return e
}

// unkept says that the history is not kept.
func (e *editor) unkept(err error) {
	if err != nil && e.history.path != "" {
		e.history.path = ""
		e.warn(err)
	}
}

func (e *editor) command(prompt string) (string, error) {
	_ = e.raw.ApplyMode()
	line, err := e.state.Prompt(strings.Map(widthKnown, prompt))
	_ = e.cooked.ApplyMode()
	if errors.Is(err, liner.ErrPromptAborted) {
		err = errAborted
	}
	if err == nil && memorable(line, e.last) {
		e.last = line
		e.state.AppendHistory(line)
		if e.history.path != "" {
			e.unkept(e.history.add(line))
		}
	}
	return line, err
}

// widthKnown drops the characters whose width the editor cannot tell and which it refuses in a prompt.
func widthKnown(r rune) rune {
	if unicode.Is(unicode.C, r) {
		return -1
	}
	return r
}

func (e *editor) close() {
	e.undo()
	_ = e.state.Close()
}

// onDeath calls restore before a signal ends the process, until the function it returns is called, which does not
// return once a signal came: another thread may be the one that dies of it, a moment later, and an orderly end must not
// overtake it. A signal that the process was started to ignore, as by nohup, goes on being ignored.
func onDeath(restore func()) (undo func()) {
	ch, quit, gone := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(ch, sig)
		}
	}
	go func() {
		select {
		case sig := <-ch:
			restore()
			signal.Stop(ch)
			signal.Reset(sig)
			_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
		case <-quit:
			close(gone)
		}
	}()
	return func() {
		signal.Stop(ch)
		close(quit)
		<-gone
	}
}
