package ctl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/peterh/liner"
	"golang.org/x/term"
)

// errAborted says that the user pressed Ctrl-C instead of entering a line.
var errAborted = errors.New("interrupted")

// A lineInput is where a shell gets its lines from.
type lineInput interface {
	// command reads a line after a prompt, with history and completion where there are any. The error is errAborted
	// after Ctrl-C and io.EOF at the end of the input.
	command(prompt string) (string, error)
	// answer reads a line that is no command.
	answer(prompt string) (string, error)
	// secret reads a line without showing it.
	secret(prompt string) (string, error)
	// close puts the terminal back into the state it was found in.
	close()
}

// stdio returns the standard input when both it and the output are terminals, else nil.
func (e Env) terminal() *os.File {
	in, ok := e.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !e.IsTerminal() {
		return nil
	}
	return in
}

// plainInput reads lines as they come, from a pipe, a file or a terminal that cannot place its cursor.
type plainInput struct {
	out        io.Writer
	in         *bufio.Reader
	tty        *os.File // nil when it is not a terminal
	interrupts <-chan os.Signal
	pending    chan read // the reader that waits, left over from an interrupted line
}

// read is what a read of a line brought.
type read struct {
	line string
	err  error
}

func (p *plainInput) command(prompt string) (string, error) {
	fmt.Fprint(p.out, prompt)
	if p.pending == nil {
		pending := make(chan read, 1)
		go func() {
			line, err := p.in.ReadString('\n')
			pending <- read{line, err}
		}()
		p.pending = pending
	}
	select {
	case r := <-p.pending:
		p.pending = nil
		if r.err != nil && r.line != "" {
			r.err = nil // the last line has no end
		}
		return strings.TrimRight(r.line, "\r\n"), r.err
	case <-p.interrupts:
		if p.tty == nil {
			return "", io.EOF
		}
		fmt.Fprintln(p.out)
		return "", errAborted
	}
}

func (p *plainInput) answer(prompt string) (string, error) { return p.command(prompt) }

func (p *plainInput) secret(prompt string) (string, error) {
	if p.tty == nil {
		return p.command(prompt)
	}
	fmt.Fprint(p.out, prompt)
	b, err := term.ReadPassword(int(p.tty.Fd()))
	fmt.Fprintln(p.out)
	return string(b), err
}

func (p *plainInput) close() {}

// An editor reads lines on a terminal, with editing, history and completion.
type editor struct {
	state       *liner.State
	cooked, raw liner.ModeApplier // how commands and how the editor find the terminal
	complete    liner.WordCompleter
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
	e := &editor{cooked: cooked, state: liner.NewLiner(), complete: complete, history: history{path}, warn: warn}
	if e.raw, err = liner.TerminalMode(); err != nil {
		e.state.Close()
		return nil
	}
	_ = cooked.ApplyMode()
	e.undo = onDeath(func() { _ = cooked.ApplyMode() })
	e.state.SetCtrlCAborts(true)
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
	e.state.SetWordCompleter(e.complete)
	line, err := e.read(e.state.Prompt, prompt)
	if err == nil && memorable(line, e.last) {
		e.last = line
		e.state.AppendHistory(line)
		if e.history.path != "" {
			e.unkept(e.history.add(line))
		}
	}
	return line, err
}

func (e *editor) answer(prompt string) (string, error) {
	e.state.SetWordCompleter(nil)
	return e.read(e.state.Prompt, prompt)
}

func (e *editor) secret(prompt string) (string, error) {
	return e.read(e.state.PasswordPrompt, prompt)
}

// read lets the editor have the terminal for a line.
func (e *editor) read(from func(string) (string, error), prompt string) (string, error) {
	prompt = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) {
			return -1 // the editor refuses a prompt whose width it cannot tell
		}
		return r
	}, prompt)
	_ = e.raw.ApplyMode()
	defer func() { _ = e.cooked.ApplyMode() }()
	line, err := from(prompt)
	if errors.Is(err, liner.ErrPromptAborted) {
		err = errAborted
	}
	return line, err
}

func (e *editor) close() {
	e.undo()
	_ = e.state.Close()
}

// onDeath calls restore before a signal ends the process, until the function it returns is called.
func onDeath(restore func()) (undo func()) {
	ch, quit, gone := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		defer close(gone)
		select {
		case sig := <-ch:
			restore()
			signal.Stop(ch)
			signal.Reset(sig)
			_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
		case <-quit:
		}
	}()
	return func() {
		signal.Stop(ch)
		close(quit)
		<-gone
	}
}
