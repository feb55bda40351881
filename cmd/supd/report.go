package main

import (
	"fmt"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// report logs what had to wait until the log was open.
func (g *generation) report() {
	d, cfg := g.daemon, g.config
	g.early.replay(d.logger)
	warnRoot(d.logger, &cfg.Supervisord)
	for _, m := range cfg.Messages {
		text := m.Text
		if m.File != "" && m.Level != confload.Info {
			text = fmt.Sprintf("%s (%s:%d)", text, m.File, m.Line)
		}
		switch m.Level {
		case confload.Critical:
			logs.Critical(d.logger, "%s", text)
		case confload.Warn:
			d.logger.Warn(text)
		default:
			d.logger.Info(text)
		}
	}
	for _, n := range g.notes {
		d.logger.Info(n)
	}
	for _, m := range notYet(cfg) {
		d.logger.Warn(m)
	}
}

// notYet lists what a configuration asks for and does not get in this version, so that nobody finds out by its absence.
func notYet(cfg *confload.Config) []string {
	var out []string
	say := func(p *confload.Program, what string) {
		out = append(out, fmt.Sprintf("[%s] %s (%s:%d)", p.Section, what, p.File, p.Line))
	}
	seen := map[string]bool{}
	for i := range cfg.Groups {
		for j := range cfg.Groups[i].Programs {
			p := &cfg.Groups[i].Programs[j]
			if seen[p.Section] {
				continue
			}
			seen[p.Section] = true
			if p.Stdout.Syslog || p.Stderr.Syslog {
				say(p, "this version does not write output to syslog")
			}
		}
	}
	if cfg.Supervisord.LogSyslog {
		out = append(out, "[supervisord] logfile=syslog: this version does not write the main log to syslog")
	}
	return out
}
