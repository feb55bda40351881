package ctl

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/top"
)

var verbTop = verb{
	name:  "top",
	short: "watch and steer all programs on the whole terminal",
	forms: []form{
		{"top", "the tree, live, with logs, reasons and actions; ? lists the keys, q quits"},
		{"top --once", "what it shows, printed once"},
	},
	notes: `What it shows comes as it happens; nothing is asked for again and again. CPU and memory are those of the process group of a
program and of their descendants, or of its control group, sampled every five seconds while somebody looks. Where the server has
remotes= all of them are shown. Actions need the role operate, update the role admin.

Where the output is no terminal, and for -o json, what there is is printed once; that takes five seconds, as CPU is told from two
samples.

` + topKeys(),
	example: `$ top
$ top --once
$ -o json top | jq -r 'sort_by(-.memory)[:5][] | "\(.memory) \(.namespec)"'`,
	upcheck: true,
	flags:   []form{{"--once", "print what there is, and end"}},
	json:    top.Row{},
	run:     runTop,
}

// topKeys lists the keys.
func topKeys() string {
	var b strings.Builder
	b.WriteString("Keys:\n\n")
	for _, k := range top.Keys() {
		if k.Help != "" {
			fmt.Fprintf(&b, "    %-9s  %s\n", k.Shown, k.Help)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func runTop(s *session, args []string) error {
	once := false
	rest, err := parseFlags("top", args, func(fl *pflag.FlagSet) { fl.BoolVar(&once, "once", false, "") })
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return misuseError("Error: top accepts no arguments; / filters what it shows")
	}
	var about api.Server // credentials and whether it can be shown at all, while there is still somebody to tell
	if err := s.client.Do(s.ctx, "GET", "/server", nil, &about); err != nil {
		return err
	}
	out, _ := s.env.Stdout.(*os.File)
	keys := s.env.terminal()
	if once || s.format == formatJSON || out == nil || keys == nil || s.env.Getenv("TERM") == "dumb" {
		return s.topOnce()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	undo := onDeath(func() {
		cancel()
		<-ended // by then the terminal is as it was
	})
	err = top.Run(ctx, s.client, top.Options{Input: keys, Output: out, Environ: s.environ()})
	close(ended)
	undo()
	cancel()
	return err
}

// topOnce prints what there is.
func (s *session) topOnce() error {
	picture, err := top.Take(s.ctx, s.client)
	if err != nil {
		return err
	}
	if s.format == formatJSON {
		return s.json(picture.Rows())
	}
	width := 0
	if out, ok := s.env.Stdout.(*os.File); ok && s.env.colour() {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil {
			width = w
		}
	}
	_, err = s.env.Stdout.Write([]byte(picture.Text(width)))
	return ignoreBroken(err)
}

// environ is what tells which colours a terminal has.
func (s *session) environ() []string {
	var out []string
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM", "TMUX", "STY", "SSH_TTY"} {
		if v := s.env.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}
