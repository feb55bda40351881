package logs

import (
	"errors"
	"sync"
	"time"

	"github.com/gwaycc/supd/confload"
)

// Outlets opens the sinks of programs. It owns what they share: one connection for each syslog server. The zero value is
// ready; all methods may be called on any goroutine.
type Outlets struct {
	mu      sync.Mutex
	servers map[SyslogAddress]*SyslogServer
	dial    func(SyslogAddress) *SyslogServer // tests; nil: NewSyslogServer
}

// An Outlet says where one output of one life of a program goes. The zero value goes nowhere.
type Outlet struct {
	Files   []string        // paths of files and devices
	Memory  *Memory         // gets the lines that files get; nil: none
	File    FileOptions     // of each of them
	Line    LineFormat      // of the lines in them
	Syslogs []SyslogAddress // get the lines as they are
	Syslog  SyslogOptions

	NeverWaits bool // a write never waits for a reader; what the reader is too slow for is dropped
}

// Open opens all of an Outlet. One file with raw lines is a File, which costs nothing more; a pipe or a terminal that is the
// only target slows the program down when its reader is slow, so that nothing is lost. With several targets, or with
// NeverWaits, those that may keep a writer waiting (pipes, terminals, sockets) are Queued; files are not: a disk that is slow
// slows the program down. The error is that of the first file that cannot be
// opened; nothing is open then.
func (o *Outlets) Open(x Outlet) (Sink, error) {
	single := len(x.Files)+len(x.Syslogs) == 1 && x.Memory == nil
	formatted := Formatted(Discard, x.Line) != Discard
	strip := x.File.StripANSI && (!single || formatted || len(x.Files) == 0)
	if strip {
		x.File.StripANSI = false
	}
	var files []Sink
	for _, path := range x.Files {
		f, err := OpenFile(path, x.File)
		switch {
		case err != nil:
			_ = fanOut(files).Close()
			return nil, err
		case single && !x.NeverWaits:
			files = append(files, f)
		default:
			files = append(files, f.unblocked())
		}
	}
	if x.Memory != nil {
		files = append(files, x.Memory)
	}
	var all []Sink
	if len(files) > 0 {
		all = append(all, Formatted(FanOut(files...), x.Line))
	}
	for _, a := range x.Syslogs {
		all = append(all, o.Syslog(a).Stream(x.Syslog))
	}
	s := FanOut(all...)
	if strip {
		s = Stripped(s)
	}
	return s, nil
}

// mayBlock tells whether a write may wait for somebody who reads.
func (f *File) mayBlock() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.target.kind == stream
}

// unblocked returns f, behind a queue when a write may wait.
func (f *File) unblocked() Sink {
	if f.mayBlock() {
		return Queued(f, f.Path())
	}
	return f
}

// Syslog returns the server at an address. It belongs to o.
func (o *Outlets) Syslog(a SyslogAddress) *SyslogServer {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.servers[a]
	if s == nil {
		connect := NewSyslogServer
		if o.dial != nil {
			connect = o.dial
		}
		s = connect(a)
		if o.servers == nil {
			o.servers = map[SyslogAddress]*SyslogServer{}
		}
		o.servers[a] = s
	}
	return s
}

// Dropped is how many messages syslog servers could not be sent.
func (o *Outlets) Dropped() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := int64(0)
	for _, s := range o.servers {
		n += s.Dropped()
	}
	return n
}

// Close sends what waits for syslog servers, to all of them at once, for up to patience, and closes the connections. Sinks
// are closed by those who opened them, before. The error tells what was dropped.
func (o *Outlets) Close(patience time.Duration) error {
	o.mu.Lock()
	servers := o.servers
	o.servers = nil
	o.mu.Unlock()
	errs := make(chan error, len(servers))
	for _, s := range servers {
		go func() { errs <- s.Close(patience) }()
	}
	var all error
	for range servers {
		all = errors.Join(all, <-errs)
	}
	return all
}

// The tag of messages when syslog_tag= is not given: supervisord's, so that what filters by it goes on working. The name of
// the process then stands in front of each line (compat.md §7.3).
const defaultSyslogTag = "supervisord"

// OutletFor returns where output s of a life of program p goes. stream is "stdout" or "stderr". path is the file that Kind and
// Path of s stand for, "" for none; the path of an AUTO log is known to the caller alone.
func OutletFor(p *confload.Program, s *confload.Stream, stream, path string, life uint64, stripANSI bool) Outlet {
	x := Outlet{
		File:   FileOptions{MaxBytes: s.MaxBytes, Backups: s.Backups, Every: s.RotateEvery, Compress: s.Compress, StripANSI: stripANSI},
		Line:   LineFormat{Format: p.LogFormat, Timestamp: p.LogTimestamp, Program: p.NameSpec(), Stream: stream, Life: life},
		Syslog: SyslogOptions{Facility: p.SyslogFacility, Severity: s.SyslogSeverity, Tag: p.SyslogTag},
	}
	if p.SyslogTag == "" {
		x.Syslog.Tag, x.Syslog.Prefix = defaultSyslogTag, p.Name+" "
	}
	if path != "" {
		x.Files = append(x.Files, path)
	}
	if s.Syslog {
		x.Syslogs = append(x.Syslogs, SyslogAddress{})
	}
	x.add(s.Extra)
	return x
}

// OutletForMain returns where the main log goes besides its file and the terminal.
func OutletForMain(s *confload.Supervisord) Outlet {
	x := Outlet{
		File:   FileOptions{MaxBytes: s.LogFileMaxBytes, Backups: s.LogFileBackups, MakeDir: s.MakeLogDirs},
		Syslog: SyslogOptions{Facility: facilityUser, Severity: severityInfo, Tag: defaultSyslogTag},

		NeverWaits: true, // the daemon
	}
	if s.LogSyslog {
		x.Syslogs = append(x.Syslogs, SyslogAddress{})
	}
	x.add(s.LogExtra)
	return x
}

// add adds the further entries of a list.
func (x *Outlet) add(list []confload.LogTarget) {
	for _, t := range list {
		if t.Path != "" {
			x.Files = append(x.Files, t.Path)
		} else {
			x.Syslogs = append(x.Syslogs, SyslogAddress{t.Network, t.Address})
		}
	}
}
