package ctl

import (
	"context"
	"errors"
	"os"
	"os/signal"
)

// shell reads command lines until the end of the input and runs each in the same session (compat.md §8.4). Its exit
// status is 0, whatever the commands did.
//
// Ctrl-C never ends the shell: at the prompt it clears the line, during a command it ends waiting for the server.
func (o *options) shell(ctx context.Context) error {
	t, err := o.target()
	if err != nil {
		return o.refuse(err)
	}
	s := &session{env: o.env, client: o.connect(t), format: o.format, confirm: true, self: o.self()}
	if len(o.interrupts) > 0 {
		// One that comes between two lines is not to end the process.
		spare := make(chan os.Signal, 1)
		signal.Notify(spare, o.interrupts...)
		defer signal.Stop(spare)
	}
	names := &live{session: s}
	unkept := func(err error) { s.advise("the history is not kept: %v; -r FILE keeps it elsewhere", err) }
	var in lineInput = newEditor(o.env, t.history, names.completeLine, unkept)
	if in == (*editor)(nil) {
		in = &plainInput{s, o.env.terminal() != nil, func() (context.Context, context.CancelFunc) { return o.untilInterrupt(ctx) }}
	}
	defer in.close()
	defer s.hangUp()

	o.tell(t, s.client)
	o.runIn(ctx, s, func(s *session) { s.run("status") })
	aborted := 0
	for !s.done {
		line, err := in.command(t.prompt + "> ")
		switch {
		case errors.Is(err, errAborted):
			if aborted++; aborted == 2 {
				s.advise("Ctrl-D or quit leaves the shell")
			}
			continue
		case err != nil:
			s.printf("\n")
			return nil
		}
		aborted = 0
		names.forget()
		o.runIn(ctx, s, func(s *session) { s.run(line) })
	}
	return nil
}
