//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A mode is the first argument of the child.
type mode string

const (
	modeIdle  mode = "idle"
	modeFlood mode = "flood"
	modeLines mode = "lines"
)

// A task is what a peer is asked to supervise: programs children in one mode, numbered from 0.
//
// An idle task is run to be commanded: children are started again when they end, nothing is logged, and the last one is
// a program section of its own. In the other modes each child writes its output to a file and ends.
type task struct {
	mode       mode
	programs   int
	generation int   // of the last idle child; a change makes its program differ
	lines      int64 // each child writes, when not idle
	rate       int   // lines per second
	rotateAt   int64 // bytes
	backups    int
}

// A place is the directory one run of a peer uses.
type place struct {
	dir   string
	port  int // of the loopback address, free when the place was made
	child child
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }
func (p place) socket() string          { return p.path("rpc.sock") }
func (p place) address() string         { return fmt.Sprintf("127.0.0.1:%d", p.port) }
func (p place) announcements() string   { return p.path("announce") }
func (p place) gate() string            { return p.path("gate") }

// log returns the output file of a program.
func (p place) log(index int) string {
	return p.path(fmt.Sprintf("log/p_%04d.log", index))
}

// command returns the words of a child whose number is written as index.
func (p place) command(t task, index string, generation int) []string {
	words := append([]string{}, p.child.argv...)
	words = append(words, string(t.mode), p.announcements(), index, strconv.Itoa(generation))
	if t.mode != modeIdle {
		words = append(words, p.gate(), strconv.FormatInt(t.lines, 10), strconv.Itoa(t.rate))
	}
	return words
}

// A peer is one supervisor that is measured.
type peer struct {
	name      string
	program   string
	commanded bool // it has stopProcess, startProcess, reloadConfig and what update needs
	configure func(place, task) (args []string, err error)
}

func newPeer(name, program string) peer {
	if name == peerFloor {
		return peer{name: name, program: program, configure: writeJob}
	}
	return peer{name: name, program: program, commanded: true, configure: writeConf}
}

// present returns an error when the program is not there.
func (p peer) present() error {
	_, err := exec.LookPath(p.program)
	return err
}

// writeJob writes the floor's job file.
func writeJob(p place, t task) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "socket=%s\naddress=%s\ncount=%d\nrestart=%v\n", p.socket(), p.address(), t.programs, t.mode == modeIdle)
	for _, word := range p.command(t, "%d", t.generation) {
		fmt.Fprintf(&b, "arg=%s\n", word)
	}
	if t.mode != modeIdle {
		fmt.Fprintf(&b, "logs=%s\nmaxbytes=%d\nbackups=%d\n", p.path("log"), t.rotateAt, t.backups)
	}
	path := p.path("job")
	return []string{path}, os.WriteFile(path, []byte(b.String()), 0o644)
}

// writeConf writes the supervisord.conf that supd and supervisord both read.
func writeConf(p place, t task) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `[unix_http_server]
file=%s

[inet_http_server]
port=%s

[supervisord]
nodaemon=true
silent=true
logfile=%s
pidfile=%s
childlogdir=%s
minfds=%d

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`, p.socket(), p.address(), p.path("daemon.log"), p.path("daemon.pid"), p.dir, max(1024, 4*t.programs+200))
	const number = "%(process_num)d"
	several := t.programs
	if t.mode == modeIdle {
		several--
	}
	if several > 0 {
		fmt.Fprintf(&b, "\n[program:p]\nprocess_name=%%(program_name)s_%%(process_num)04d\nnumprocs=%d\n%s", several, p.options(t, number, 0))
	}
	if t.mode == modeIdle {
		fmt.Fprintf(&b, "\n[program:one]\n%s", p.options(t, strconv.Itoa(several), t.generation))
	}
	path := p.path("supervisord.conf")
	return []string{"-c", path}, os.WriteFile(path, []byte(b.String()), 0o644)
}

// options returns what the sections of both kinds of program have in common.
func (p place) options(t task, index string, generation int) string {
	log := "stdout_logfile=NONE\n"
	if t.mode != modeIdle {
		log = fmt.Sprintf("stdout_logfile=%s/%%(program_name)s_%%(process_num)04d.log\nstdout_logfile_maxbytes=%d\nstdout_logfile_backups=%d\n",
			p.path("log"), t.rotateAt, t.backups)
	}
	return fmt.Sprintf("command=%s\nautostart=true\nautorestart=%v\nstartsecs=0\n%sstderr_logfile=NONE\n",
		strings.Join(p.command(t, index, generation), " "), t.mode == modeIdle, log)
}
