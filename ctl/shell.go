package ctl

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
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
	s := &session{env: o.env, client: o.connect(t), format: o.format, confirm: true, stdin: bufio.NewReader(o.env.Stdin)}
	names := &live{session: s}
	warn := func(err error) { s.advise("the history is not kept: %v", err) }

	// An interrupt that comes between two commands is for the line that is typed next.
	interrupts := make(chan os.Signal, 1)
	if len(o.interrupts) > 0 {
		signal.Notify(interrupts, o.interrupts...)
		defer signal.Stop(interrupts)
	}
	tty := o.env.terminal()
	var in lineInput = &plainInput{out: o.env.Stdout, in: s.stdin, tty: tty, interrupts: interrupts}
	if e := newEditor(o.env, t.history, names.completeLine, warn); e != nil {
		in = e
	}
	defer in.close()
	s.question = in.answer
	if tty != nil {
		s.login = func() (credentials, error) { return login(in) }
	}

	o.runIn(ctx, s, "status")
	aborted := 0
	for !s.done {
		select {
		case <-interrupts:
		default:
		}
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
		if w, _, _ := strings.Cut(strings.TrimSpace(line), " "); w == "EOF" { // what Ctrl-D is to supervisorctl
			s.printf("\n")
			return nil
		}
		o.runIn(ctx, s, line)
	}
	return nil
}

// login asks who the user is.
func login(in lineInput) (credentials, error) {
	name, err := in.answer("Username:")
	if err != nil {
		return credentials{}, err
	}
	password, err := in.secret("Password:")
	if err != nil {
		return credentials{}, err
	}
	return credentials{&name, &password}, nil
}
