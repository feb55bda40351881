package actors

import (
	"errors"
	"fmt"
	"os"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is where the output of a program goes.

func (p *program) reopenLogs() {
	for _, s := range p.sinks {
		if s == nil {
			continue
		}
		if err := s.Reopen(); err != nil && !errors.Is(err, os.ErrClosed) {
			p.tree.logger.Warn(fmt.Sprintf("could not reopen a log of %s: %v", logs.Clean(p.cfg.NameSpec()), err))
		}
	}
}

// makeLogFiles settles where the output goes for as long as the group exists; automatic files are made now.
func (p *program) makeLogFiles() {
	for c, s := range []*confload.Stream{&p.cfg.Stdout, &p.cfg.Stderr} {
		if s.Kind == confload.LogMemory && p.files.memory[c] == nil {
			p.files.memory[c] = logs.NewMemory(s.MaxBytes)
		}
	}
	if p.files.stdout == "" {
		p.files.stdout = p.logFile(&p.cfg.Stdout, "stdout")
	}
	if p.files.stderr == "" && !p.cfg.RedirectStderr {
		p.files.stderr = p.logFile(&p.cfg.Stderr, "stderr")
	}
}

// name is what clients are told of the log of a channel.
func (f *logFiles) name(channel int) string {
	if m := f.memory[channel]; m != nil {
		return m.Name()
	}
	return [2]string{f.stdout, f.stderr}[channel]
}

func (p *program) logFile(s *confload.Stream, channel string) string {
	switch s.Kind {
	case confload.LogPath:
		return s.Path
	case confload.LogAuto:
		d := p.tree.config.Supervisord
		path, err := logs.CreateAuto(d.ChildLogDir, p.cfg.Name, channel, d.Identifier)
		if err != nil {
			logs.Critical(p.tree.logger, "could not make the %s log of %s, its output is thrown away: %v", channel, p.policy.Name, err)
			return ""
		}
		return path
	}
	return ""
}
