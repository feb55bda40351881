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
}
