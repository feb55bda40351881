package ctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/pflag"
)

// options are the global flags.
type options struct {
	env         Env
	interrupts  []os.Signal // what ends waiting for the server
	config      once
	serverURL   once
	username    once
	password    once
	verbose     bool
	historyFile once // for the shell
	interactive bool
	help        bool
	format      format
}

// define defines the flags.
func (o *options) define(fl *pflag.FlagSet) {
	fl.SortFlags = false
	fl.SetInterspersed(false)
	o.config.kind, o.serverURL.kind, o.username.kind = "FILE", "URL", "NAME"
	o.password.kind, o.historyFile.kind = "PASSWORD", "FILE"
	o.serverURL.check = checkURL
	fl.VarP(&o.config, "configuration", "c", "the configuration file (looked for when not given)")
	fl.VarP(&o.serverURL, "serverurl", "s", "the server: http://host:port or unix:///path/of/socket")
	fl.VarP(&o.username, "username", "u", "user name for the server")
	fl.VarP(&o.password, "password", "p", "password for the server, also -P; others can see it in the list of processes")
	fl.VarP(&o.historyFile, "history_file", "r", "where an interactive shell keeps its history")
	fl.BoolVarP(&o.interactive, "interactive", "i", false, "ask before shutdown and reload, and for credentials the server wants")
	fl.VarP(&o.format, "output", "o", "how to print listings: text or json")
	if !o.env.isOriginal() {
		fl.VarP(&o.password, "P", "P", "what -p is to other supervisors")
		_ = fl.MarkHidden("P")
		fl.BoolVarP(&o.verbose, "verbose", "v", false, "say on the error output which server, file and user are used, and what each call took")
	}
	fl.BoolVarP(&o.help, "help", "h", false, "this help")
	fl.BoolVarP(&o.help, "?", "?", false, "this help")
	_ = fl.MarkHidden("?")
}

// run runs one command on the server that the flags and the configuration file name.
func (o *options) run(ctx context.Context, command func(*session)) error {
	t, err := o.target()
	if err != nil {
		return o.refuse(err)
	}
	s := &session{env: o.env, client: o.connect(t), format: o.format, confirm: o.interactive, self: o.self()}
	defer s.hangUp()
	o.tell(t, s.client)
	o.runIn(ctx, s, command)
	if s.status != 0 {
		return &ExitError{s.status}
	}
	return nil
}

// runIn runs one command in a session. An interrupt ends it.
func (o *options) runIn(ctx context.Context, s *session, command func(*session)) {
	ctx, stop := o.untilInterrupt(ctx)
	defer stop()
	s.ctx = ctx
	command(s)
}

// untilInterrupt is ctx that ends at an interrupt, too.
func (o *options) untilInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	if len(o.interrupts) == 0 {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, o.interrupts...)
}

// self is how a user runs another command on the same server.
func (o *options) self() string {
	words := o.env.Name
	for _, f := range []struct {
		flag string
		v    *string
	}{{"-c", o.config.value}, {"-s", o.serverURL.value}} {
		if f.v != nil && (f.flag == "-c" || !strings.Contains(*f.v, "@")) { // which may have a password before it
			words += " " + f.flag + " " + *f.v
		}
	}
	return words
}

// refuse says that the server to talk to is not known.
func (o *options) refuse(err error) error {
	fmt.Fprintf(o.env.Stderr, "Error: %v\nFor help, use %s -h\n", err, o.env.Name)
	return &ExitError{exitUsage}
}

// target is what the configuration file says, and the flags instead of it.
func (o *options) target() (target, error) {
	t, err := readTarget(o.config.value, o.env.isOriginal())
	if err != nil {
		return t, err
	}
	if o.serverURL.value != nil {
		t.url, t.urlFrom = *o.serverURL.value, "-s"
	}
	if o.username.value != nil {
		t.cred.username, t.userFrom = o.username.value, "-u"
	}
	if o.password.value != nil {
		t.cred.password = o.password.value
	}
	if o.historyFile.value != nil {
		t.history = *o.historyFile.value
	}
	return t, nil
}

// connect returns a client of a server. It does not connect yet.
func (o *options) connect(t target) *client {
	if !o.env.isOriginal() {
		t.cred.token = strings.TrimSpace(o.env.Getenv("SUPD_TOKEN"))
	}
	c := newClient(t.url, o.env.Getenv("HOME"), t.cred, t.files)
	if t.file != "" && t.urlFrom != "-s" {
		c.said = t.file
	}
	return c
}

// checkURL accepts what has a scheme and something behind it. Whether it can be used is seen when it is.
func checkURL(v string) error {
	scheme, rest, ok := strings.Cut(v, ":")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "./ ") || strings.TrimPrefix(rest, "//") == "" {
		return fmt.Errorf("value '%s' is not a URL; use http://host:port or unix:///path", v)
	}
	return nil
}

// once is the value of a flag that may be given one time only; nil means that it was not given.
type once struct {
	value *string
	kind  string // what help calls the value
	check func(string) error
}

var _ pflag.Value = (*once)(nil)

// Set takes the value.
func (o *once) Set(v string) error {
	if o.value != nil {
		return errors.New("the flag was given before; give it once")
	}
	if o.check != nil {
		if err := o.check(v); err != nil {
			return err
		}
	}
	o.value = &v
	return nil
}

// String is the default that help shows: none.
func (o *once) String() string { return "" }

// Type is what help calls the value.
func (o *once) Type() string { return o.kind }

// completeLong spells out the long flags before the command that are given by a unique beginning, as supervisorctl
// allows (compat.md §2.1).
func completeLong(flags *pflag.FlagSet, args []string) ([]string, error) {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" || a == "-" || !strings.HasPrefix(a, "-") {
			return append(out, args[i:]...), nil
		}
		if long, ok := strings.CutPrefix(a, "--"); ok {
			name, rest, attached := strings.Cut(long, "=")
			full, err := fullName(flags, name)
			if err != nil {
				return nil, err
			}
			a = "--" + full
			if attached {
				a += "=" + rest
			}
		}
		out = append(out, a)
		if wantsValue(flags, a) && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out, nil
}

// fullName is the long flag that name is or begins. A name that begins none is returned as it is.
func fullName(flags *pflag.FlagSet, name string) (string, error) {
	if flags.Lookup(name) != nil {
		return name, nil
	}
	var hits []string
	flags.VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Name, name) {
			hits = append(hits, f.Name)
		}
	})
	switch len(hits) {
	case 0:
		return name, nil
	case 1:
		return hits[0], nil
	}
	return "", fmt.Errorf("option --%s not a unique prefix: it may be --%s", name, strings.Join(hits, " or --"))
}

// wantsValue tells whether the value of the flag, or bundle of short flags, is the next argument.
func wantsValue(flags *pflag.FlagSet, arg string) bool {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		f := flags.Lookup(long)
		return f != nil && f.NoOptDefVal == ""
	}
	for i := 1; i < len(arg); i++ {
		f := flags.ShorthandLookup(arg[i : i+1])
		if f == nil {
			return false
		}
		if f.NoOptDefVal == "" {
			return i == len(arg)-1
		}
	}
	return false
}
