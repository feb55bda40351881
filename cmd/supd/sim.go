package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/scenario"
)

// simFlags is what the command line of a simulation says.
type simFlags struct {
	file     string
	seed     uint64
	script   string
	until    time.Duration
	output   outputFlag
	envFiles pathList
}

// runSim plays a configuration through in a simulation.
func runSim(name string, args []string, stdout, stderr io.Writer) int {
	f := simFlags{seed: 1, until: time.Hour}
	cmd := newTool(name, "CONF", simHelp(), "  "+name+" supervisord.conf                          an hour with programs that crash now and then\n"+
		"  "+name+" supervisord.conf --seed 7                 another hour\n"+
		"  "+name+" supervisord.conf --script night.sim       what a script says\n"+
		"  "+name+" supervisord.conf --until 24h -o json      a day, one JSON object a line")
	fl := cmd.Flags()
	fl.VarP(&onceString{dst: &f.file, flag: "-c/--configuration"}, "configuration", "c", "the configuration, instead of as an argument")
	fl.Uint64Var(&f.seed, "seed", f.seed, "a `NUMBER` that settles what is made up; the same one gives the same transcript")
	fl.StringVar(&f.script, "script", "", "a `FILE` that says how programs behave and what is done to them")
	fl.Var(&untilFlag{&f.until}, "until", "how much `TIME` passes")
	fl.VarP(&f.output, "output", "o", "text or json")
	fl.Var(&f.envFiles, "env-file", "add the variables of this file to the environment, as the daemon would")
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) { return f.run(name, rest, stdout) })
}

// An untilFlag is a time of more than 0.
type untilFlag struct{ to *time.Duration }

func (f *untilFlag) String() string { return f.to.String() }
func (f *untilFlag) Type() string   { return "TIME" }

func (f *untilFlag) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return errors.New("write a time such as 10m or 24h")
	}
	*f.to = d
	return nil
}

// simHelp has the lists of what scripts know in it.
func simHelp() string {
	behaviours, commands := scenario.Forms()
	var b strings.Builder
	b.WriteString(`Runs a configuration without running anything: supd itself with all its decisions, in simulated time, with simulated
programs. Prints what happens and why. Three of five lives of a program stay up, the others end after up to a minute or
an hour; a script says otherwise.

A script has one statement a line; lines that begin with # are comments. PROGRAMS is a program ("web", "web:0"), a
group ("web:*") or "all". How programs behave, from the begin or from a time on, also in one life only:

  web:0 exits 1 after 5s
  web:0 life 2 fails to start
  at 1m all stays up

`)
	forms := func(lead string, list [][2]string) {
		for _, f := range list {
			fmt.Fprintf(&b, "  %-42s %s\n", lead+f[0], f[1])
		}
	}
	forms("PROGRAMS ", behaviours)
	b.WriteString("\nWhat is done from outside:\n\n")
	forms("at TIME ", commands)
	b.WriteString(`
Files do not change, output goes nowhere, no socket is opened, and what programs would execute need not exist. Exit status:
0 the simulation has come to its end; 1 there was an internal error of supd; 2 the command line, the configuration or the
script is wrong.`)
	return b.String()
}

// exitMisbehaved is the exit status of a simulation in which supd had an internal error.
const exitMisbehaved = 1

func (f *simFlags) run(name string, rest []string, stdout io.Writer) (int, error) {
	if f.file != "" {
		rest = append(rest, f.file)
	}
	if len(rest) != 1 {
		return exitUsage, &usageError{fmt.Sprintf("%s needs one configuration file", name)}
	}
	load := func(path string) (*confload.Config, error) {
		return confload.Load(path, confload.Options{EnvFiles: f.envFiles})
	}
	config, err := load(rest[0])
	if err != nil {
		return exitUsage, err
	}
	script, later, err := f.read(config, load)
	if err != nil {
		return exitUsage, err
	}
	out := &simOutput{to: stdout, json: f.output.json}
	result, err := actors.Simulate(config, actors.SimulateOptions{Script: script, Seed: f.seed, Until: f.until, Report: out.happened,
		Load: func(file string) (*confload.Config, error) {
			if file == "" {
				return load(rest[0])
			}
			return later[file], nil
		}})
	if err != nil {
		return exitUsage, err
	}
	out.end(result)
	if result.Bugs != "" {
		return exitMisbehaved, out.err
	}
	return 0, out.err
}

// read reads the script and the configurations that it names, whose paths count from where the script is.
func (f *simFlags) read(first *confload.Config, load func(string) (*confload.Config, error)) (*scenario.Script, map[string]*confload.Config, error) {
	if f.script == "" {
		return nil, nil, nil
	}
	text, err := os.ReadFile(f.script)
	if err != nil {
		return nil, nil, fmt.Errorf("the script cannot be read: %w", err)
	}
	script, err := scenario.Parse(f.script, string(text))
	if err != nil {
		return nil, nil, err
	}
	configs, later := []*confload.Config{first}, map[string]*confload.Config{}
	for _, st := range script.Statements {
		if st.Command == nil || st.Command.File == "" || later[st.Command.File] != nil {
			continue
		}
		path := st.Command.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(f.script), path)
		}
		c, err := load(path)
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", st.File, st.Line, err)
		}
		later[st.Command.File] = c
		configs = append(configs, c)
	}
	return script, later, script.Check(configs...)
}

// simOutput prints a transcript.
type simOutput struct {
	to   io.Writer
	json bool
	err  error // the first one of writing
}

// A simLine is a line of the transcript as JSON.
type simLine struct {
	At      float64 `json:"at"`   // seconds since the begin
	Kind    string  `json:"kind"` // transition, note, group, request, tree; command, answer; program and end, when it is over
	Seq     uint64  `json:"seq,omitempty"`
	Cause   uint64  `json:"cause,omitempty"` // the seq of what has led to it
	Program string  `json:"program,omitempty"`
	From    string  `json:"from,omitempty"`
	To      string  `json:"to,omitempty"`
	PID     int     `json:"pid,omitempty"`
	Code    string  `json:"code,omitempty"` // of the reason
	Text    string  `json:"text,omitempty"` // of the reason, command or answer
	Command string  `json:"command,omitempty"`
}

func (o *simOutput) happened(h actors.Happening) {
	if !o.json {
		o.printf("%s  %s\n", simTime(h.At), h.Text())
		return
	}
	l := simLine{At: h.At.Seconds()}
	switch r := h.Record; {
	case r != nil:
		l.Kind, l.Seq, l.Cause, l.Program, l.PID, l.Code, l.Text = r.Kind.String(), r.Seq, r.Cause, r.Program, r.Pid, r.Reason.Code, r.Reason.Text
		if r.Kind == actors.RecordTransition {
			l.From, l.To = r.From.String(), r.To.String()
		}
	case h.Command != "":
		l.Kind, l.Command = "command", h.Command
	default:
		l.Kind, l.Command, l.Text = "answer", h.Of, h.Answer
	}
	o.line(&l)
}

// simTime is a time since the begin, to the millisecond.
func simTime(d time.Duration) string { return fmt.Sprintf("%10.3fs", d.Seconds()) }

// end prints how it has ended.
func (o *simOutput) end(s *actors.Simulated) {
	for _, command := range s.Pending {
		o.ended(s, "answer", "", "", "not answered so far: "+command)
	}
	for _, p := range s.Programs {
		text := cmp.Or(p.Reason.Text, "it was never started")
		o.ended(s, "program", p.Program.NameSpec(), p.State.String(), text)
	}
	if s.Bugs != "" {
		o.ended(s, "bug", "", "", s.Bugs)
	}
	end := fmt.Sprintf("the end, after %s", s.At)
	if s.Idle {
		end += ": nothing more will happen"
	}
	o.ended(s, "end", "", "", end)
}

func (o *simOutput) ended(s *actors.Simulated, kind, program, state, text string) {
	switch {
	case o.json:
		o.line(&simLine{At: s.At.Seconds(), Kind: kind, Program: program, To: state, Text: text})
	case program != "":
		o.printf("%s  %s is %s: %s\n", simTime(s.At), logs.Clean(program), state, text)
	default:
		o.printf("%s  %s\n", simTime(s.At), text)
	}
}

func (o *simOutput) line(l *simLine) {
	b, err := json.Marshal(l)
	if err != nil {
		o.err = cmp.Or(o.err, err)
		return
	}
	o.printf("%s\n", b)
}

func (o *simOutput) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(o.to, format, args...); err != nil && o.err == nil {
		o.err = err
	}
}
