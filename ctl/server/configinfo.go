package server

import (
	"context"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

func (s *service) getAllConfigInfo(ctx context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	dst = xmlrpc.AppendArrayStart(dst)
	for _, c := range s.tree.ConfigInfos() {
		dst = s.appendConfig(dst, &c, commandFor(ctx, c.Program))
	}
	return xmlrpc.AppendArrayEnd(dst), nil
}

// appendConfig appends the struct of compat.md §4.7: the fields of supervisord 4.2.5 in its order, and autorestart, which
// later versions have.
func (s *service) appendConfig(dst []byte, c *actors.ConfigInfo, command string) []byte {
	p := c.Program
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberBool(dst, "autostart", p.Autostart)
	dst = appendAutorestart(dst, p.Autorestart)
	dst = xmlrpc.AppendMemberString(dst, "directory", orNone(p.Directory))
	if p.User != nil {
		dst = xmlrpc.AppendMemberInt(dst, "uid", int64(p.User.UID))
	} else {
		dst = xmlrpc.AppendMemberString(dst, "uid", "none")
	}
	dst = xmlrpc.AppendMemberString(dst, "command", command)
	dst = xmlrpc.AppendMemberStart(dst, "exitcodes")
	dst = xmlrpc.AppendArrayStart(dst)
	for _, code := range p.ExitCodes {
		dst = xmlrpc.AppendInt(dst, int64(code))
	}
	dst = xmlrpc.AppendArrayEnd(dst)
	dst = xmlrpc.AppendMemberEnd(dst)
	dst = xmlrpc.AppendMemberString(dst, "group", p.Group)
	dst = xmlrpc.AppendMemberInt(dst, "group_prio", int64(c.GroupPriority))
	dst = xmlrpc.AppendMemberBool(dst, "inuse", c.InUse)
	dst = xmlrpc.AppendMemberBool(dst, "killasgroup", p.KillAsGroup)
	dst = xmlrpc.AppendMemberString(dst, "name", p.Name)
	dst = xmlrpc.AppendMemberInt(dst, "process_prio", int64(p.Priority))
	dst = xmlrpc.AppendMemberBool(dst, "redirect_stderr", p.RedirectStderr)
	dst = xmlrpc.AppendMemberInt(dst, "startretries", int64(p.StartRetries))
	dst = xmlrpc.AppendMemberInt(dst, "startsecs", int64(p.StartSecs))
	stdout, stderr := s.logNames(c)
	dst = appendStream(dst, "stdout", &p.Stdout, stdout)
	dst = xmlrpc.AppendMemberInt(dst, "stopsignal", int64(p.StopSignal))
	dst = xmlrpc.AppendMemberInt(dst, "stopwaitsecs", int64(p.StopWaitSecs))
	dst = appendStream(dst, "stderr", &p.Stderr, stderr)
	dst = xmlrpc.AppendMemberString(dst, "serverurl", orNone(p.ServerURL))
	return xmlrpc.AppendStructEnd(dst)
}

// commandFor is the command of a program as a client may see it: what variables stand for may be a secret, so only an administrator is
// told; others see it as it is written.
func commandFor(ctx context.Context, p *confload.Program) string {
	if may(callerOf(ctx).role, api.Admin) {
		return p.Command
	}
	for _, o := range p.Options() {
		if o.Name == "command" {
			return o.Value
		}
	}
	return ""
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func appendAutorestart(dst []byte, a confload.Autorestart) []byte {
	if a == confload.RestartUnexpected {
		return xmlrpc.AppendMemberString(dst, "autorestart", "unexpected")
	}
	return xmlrpc.AppendMemberBool(dst, "autorestart", a == confload.RestartAlways)
}

// logNames are the log files of a program: paths where they are known, "auto" for those of a group that is not active yet,
// "none".
func (s *service) logNames(c *actors.ConfigInfo) (stdout, stderr string) {
	var active actors.Info
	if c.InUse {
		if i, ok := s.tree.Info(c.Program.NameSpec()); ok {
			active = *i
		}
	}
	stdout = logName(&c.Program.Stdout, active.StdoutLog)
	if c.Program.RedirectStderr {
		return stdout, "none"
	}
	return stdout, logName(&c.Program.Stderr, active.StderrLog)
}

// logName is the path of a log file, or the word for what stands in its place. active is where a running program writes.
func logName(s *confload.Stream, active string) string {
	switch s.Kind {
	case confload.LogPath:
		return s.Path
	case confload.LogAuto:
		if active != "" {
			return active
		}
		return "auto"
	case confload.LogMemory:
		return "memory"
	}
	return "none"
}

// appendStream appends the members of one output; channel is "stdout" or "stderr".
func appendStream(dst []byte, channel string, s *confload.Stream, logfile string) []byte {
	dst = xmlrpc.AppendMemberInt(dst, channel+"_capture_maxbytes", s.CaptureMaxBytes)
	dst = xmlrpc.AppendMemberBool(dst, channel+"_events_enabled", s.EventsEnabled)
	dst = xmlrpc.AppendMemberString(dst, channel+"_logfile", logfile)
	dst = xmlrpc.AppendMemberInt(dst, channel+"_logfile_backups", int64(s.Backups))
	dst = xmlrpc.AppendMemberInt(dst, channel+"_logfile_maxbytes", s.MaxBytes)
	return xmlrpc.AppendMemberBool(dst, channel+"_syslog", s.Syslog)
}
