package server

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
	"github.com/gwaycc/supd/supervisor"
)

func (s *service) getProcessInfo(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	_, info, err := s.program(&args[0])
	if err != nil {
		return nil, err
	}
	return appendInfo(dst, info, s.now()), nil
}

// infoSize is about what one program takes in XML, in bytes.
const infoSize = 1400

func (s *service) getAllProcessInfo(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	infos := s.tree.Infos()
	now := s.now()
	dst = slices.Grow(dst, len(infos)*infoSize)
	dst = xmlrpc.AppendArrayStart(dst)
	for _, i := range infos {
		dst = appendInfo(dst, i, now)
	}
	return xmlrpc.AppendArrayEnd(dst), nil
}

// getAllProcessOrigins tells what getAllProcessInfo has no members for: clients of supervisord get what they know.
func (s *service) getAllProcessOrigins(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	dst = xmlrpc.AppendArrayStart(dst)
	for _, i := range s.tree.Infos() {
		p := i.Program
		dst = xmlrpc.AppendStructStart(dst)
		dst = xmlrpc.AppendMemberString(dst, "name", p.Name)
		dst = xmlrpc.AppendMemberString(dst, "group", p.Group)
		dst = xmlrpc.AppendMemberString(dst, "command", p.Command)
		dst = xmlrpc.AppendMemberString(dst, "directory", p.Directory)
		dst = xmlrpc.AppendMemberString(dst, "ini_path", p.File)
		dst = xmlrpc.AppendMemberString(dst, "conf_file", p.ConfFile)
		dst = xmlrpc.AppendStructEnd(dst)
	}
	return xmlrpc.AppendArrayEnd(dst), nil
}

// appendInfo appends the struct of compat.md §4.6.
func appendInfo(dst []byte, i *actors.Info, now time.Time) []byte {
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberString(dst, "name", i.Program.Name)
	dst = xmlrpc.AppendMemberString(dst, "group", i.Program.Group)
	dst = xmlrpc.AppendMemberTime(dst, "start", i.Start)
	dst = xmlrpc.AppendMemberTime(dst, "stop", i.Stop)
	dst = xmlrpc.AppendMemberTime(dst, "now", now)
	dst = xmlrpc.AppendMemberInt(dst, "state", int64(i.State))
	dst = xmlrpc.AppendMemberString(dst, "statename", i.State.String())
	dst = xmlrpc.AppendMemberString(dst, "spawnerr", i.SpawnErr)
	dst = xmlrpc.AppendMemberInt(dst, "exitstatus", int64(i.ExitStatus))
	dst = xmlrpc.AppendMemberString(dst, "logfile", i.StdoutLog)
	dst = xmlrpc.AppendMemberString(dst, "stdout_logfile", i.StdoutLog)
	dst = xmlrpc.AppendMemberString(dst, "stderr_logfile", i.StderrLog)
	dst = xmlrpc.AppendMemberInt(dst, "pid", int64(i.Pid))
	dst = xmlrpc.AppendMemberStart(dst, "description")
	dst = xmlrpc.AppendStringStart(dst)
	dst = appendDescription(dst, i, now)
	dst = xmlrpc.AppendStringEnd(dst)
	dst = xmlrpc.AppendMemberEnd(dst)
	return xmlrpc.AppendStructEnd(dst)
}

// appendDescription appends the one line people read, escaped (compat.md §4.6).
func appendDescription(dst []byte, i *actors.Info, now time.Time) []byte {
	if i.WaitsFor != "" {
		return xmlrpc.AppendText(append(dst, "waits for "...), i.WaitsFor)
	}
	switch i.State {
	case supervisor.Running:
		dst = append(dst, "pid "...)
		dst = strconv.AppendInt(dst, int64(i.Pid), 10)
		dst = append(dst, ", uptime "...)
		dst = appendUptime(dst, now.Unix()-i.Start.Unix())
		if i.ReadyText != "" {
			dst = append(append(dst, ", "...), i.ReadyText...)
		}
		return dst
	case supervisor.Fatal, supervisor.Backoff:
		if i.SpawnErr != "" {
			return xmlrpc.AppendText(dst, i.SpawnErr)
		}
		dst = append(dst, `unknown error (try "tail `...)
		dst = xmlrpc.AppendText(dst, i.Program.Name)
		return append(dst, `")`...)
	case supervisor.Stopped, supervisor.Exited:
		// Without a stop there never was a process, though there may have been attempts.
		if i.Start.IsZero() || i.Stop.IsZero() {
			return appendNextRun(append(dst, "Not started"...), i)
		}
		return appendNextRun(i.Stop.Local().AppendFormat(dst, clockFormat), i)
	}
	return dst
}

// clockFormat is how times are told.
const clockFormat = "Jan 02 03:04 PM"

// appendNextRun appends when cron= starts a program that is down.
func appendNextRun(dst []byte, i *actors.Info) []byte {
	if i.NextRun.IsZero() {
		return dst
	}
	return i.NextRun.Local().AppendFormat(append(dst, ", next run "...), clockFormat)
}

// appendUptime appends seconds as h:mm:ss, after the days if there are any; a clock set back counts as 0.
func appendUptime(dst []byte, seconds int64) []byte {
	seconds = max(seconds, 0)
	if days := seconds / 86400; days > 0 {
		dst = strconv.AppendInt(dst, days, 10)
		dst = append(dst, " day"...)
		if days > 1 {
			dst = append(dst, 's')
		}
		dst = append(dst, ", "...)
	}
	seconds %= 86400
	dst = strconv.AppendInt(dst, seconds/3600, 10)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	return appendTwo(append(dst, ':'), seconds%60)
}

func appendTwo(dst []byte, n int64) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}
