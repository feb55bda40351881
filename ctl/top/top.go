// Package top is the view of a supd on a terminal: the same tree as on the web page, live, with logs and actions.
package top

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Options are where a view is shown.
type Options struct {
	Input   io.Reader // the keyboard
	Output  io.Writer // the screen
	Environ []string  // NAME=value; TERM, COLORTERM and NO_COLOR tell which colours there may be
}

// Run shows the view until the user leaves it or ctx ends. The terminal is as it was before when Run returns.
func Run(ctx context.Context, s Server, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var p *tea.Program
	tell := func(msg any) { p.Send(msg) }
	m := newModel(ctx, s, time.Now, tell)
	p = tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.Input), tea.WithOutput(o.Output), tea.WithEnvironment(o.Environ), tea.WithoutSignalHandler())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		follow(ctx, s, tell)
	}()
	_, err := p.Run()
	cancel()
	<-followed
	if errors.Is(err, tea.ErrProgramKilled) && context.Cause(ctx) != nil {
		return nil // it was to end
	}
	return err
}
