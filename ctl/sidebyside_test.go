package ctl

import (
	"slices"
	"strings"
	"testing"
)

const serverConfig = `[supervisord]
logfile=DIR/s.log
pidfile=DIR/s.pid
childlogdir=DIR
[unix_http_server]
file=DIR/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/s.sock
`

const programConfig = serverConfig + `
[program:cat]
command=/bin/cat
startsecs=0
[program:off]
command=/bin/cat
autostart=false
startsecs=0
[program:nofile]
command=/nonexistent/x
autostart=false
[program:noexec]
command=/etc/passwd
autostart=false
[program:quick]
command=/bin/false
autostart=false
startretries=0
[program:spawn]
command=/bin/cat
directory=/nonexistent
autostart=false
startretries=0
[program:slow]
command=/bin/cat
autostart=false
startsecs=0
stopsignal=WINCH
stopwaitsecs=60
[program:m]
command=/bin/cat
startsecs=0
numprocs=2
process_name=m%(process_num)d
[program:averyveryverylongprogramnamethatislong]
command=/bin/cat
autostart=false
startsecs=0
[group:zoo]
programs=ape
priority=5
[program:ape]
command=/bin/cat
priority=7
startsecs=0
[eventlistener:ev]
command=/bin/cat
events=TICK_3600
autostart=false
`

// started waits for the programs that start by themselves.
var started = []step{{wait: "entered RUNNING"}, {wait: "entered RUNNING"}, {wait: "entered RUNNING"}, {wait: "entered RUNNING"}}

func TestStatusAndListingsAreThoseOfSupervisorctl(t *testing.T) {
	t.Parallel()
	sideBySide(t, programConfig, slices.Concat(started, lines(`
		status
		status all
		status cat
		status cat off
		status m:*
		status m:
		status m
		status m:m0 m:m1 m:m0
		status nope
		status nope:*
		status nope:x a:b:c
		status nope cat nope:* off
		status cat nope
		status cat averyveryverylongprogramnamethatislong
		status all nope
		status : :x
		status 'cat'
		pid
		pid cat
		pid cat off m:m1
		pid nope
		pid nope cat
		pid off nope
		pid m:*
		pid all
		pid cat all
		avail
		avail x
		reread
		reread x
		version
		version x
		update
		update cat
		update all
		update m:*
		update nope
		add
		add cat
		add nope
		add nope cat
		add all
		remove
		remove cat
		remove nope
		remove cat nope
		remove off
		avail
		status off
		update off
		status off
		reload x
		shutdown x
		help
		help nope
		help start
		help start stop
		?
		? start
		?start
		nosuch
		nosuch a b
		status,x
		start-all
		STATUS
		!
		!ls
		:
		- version
	`), []step{
		{args: []string{""}},
		{args: []string{" status  cat "}},
		{args: []string{"status cat m:m0", "nope"}},
		{args: []string{"--", "pid", "nope"}},
		{args: []string{"-s", "unix://DIR/s.sock", "version"}},
		{args: []string{"-sunix://DIR/s.sock", "version"}},
		{args: []string{"--server=unix://DIR/s.sock", "version"}},
		{args: []string{"-i", "version"}},
		{args: []string{"-i", "shutdown"}, stdin: "n\n"},
		{args: []string{"-i", "shutdown"}, stdin: "\n"},
		{args: []string{"-i", "shutdown"}},
		{args: []string{"-i", "reload"}, stdin: "no\n"},
		{args: []string{"-i", "status", "cat"}},
		{args: []string{"-i", "shutdown"}, stdin: "Yes\n"},
	}))
}

func TestActionsAreThoseOfSupervisorctl(t *testing.T) {
	t.Parallel()
	sideBySide(t, programConfig, slices.Concat(started, lines(`
		start
		start cat
		start off
		start off off
		stop off
		stop off
		start nofile
		start noexec
		start quick
	`), []step{{wait: "gave up: quick"}}, lines(`
		status quick
		pid quick
		start spawn
	`), []step{{wait: "gave up: spawn"}}, lines(`
		status spawn
		status quick cat
		start nope
		start nope:*
		start nope:* nope
		start nope cat
		start nope off nofile
		start m:*
		start m:
		start m
		start m:nope
		start : :x
		stop
		stop nope
		stop nope:*
		stop m
		stop m:* # any order
		stop m:*
		stop m:m0 cat
		restart
		restart cat
		restart m:* # any order
		restart off
		restart nope
		restart nope:*
		restart m:m0 cat
		restart quick
	`), []step{{wait: "gave up: quick"}}, lines(`
		signal
		signal HUP
		signal CONT cat
		signal SIGCONT cat
		signal 18 cat
		signal 0 cat
		signal NOSUCH cat
		signal NOSUCH cat nope
		signal 99999 cat
		signal cat CONT
		signal CONT quick nope
		signal CONT nope:*
		signal CONT m:*
		signal CONT m:* nope cat
		signal NOSUCH m:*
		signal NOSUCH all
		signal CONT all
		start all # any order
	`), []step{{wait: "gave up"}, {wait: "gave up"}}, lines(`
		status
		stop slow nope
	`)[:1], []step{{call: []any{"stopProcess", "slow", false}}}, lines(`
		start slow
		start slow cat nope
		status slow
		signal KILL slow
	`), []step{{wait: "stopped: slow"}}, lines(`
		status slow
		stop slow
		stop cat nope off
		stop all nope # any order
		stop all
		status
		reload
	`)))
}

func TestUpdateIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	next := strings.NewReplacer("/bin/false", "/bin/true", "[program:off]", "[program:newoff]").Replace(programConfig) + `
[program:fresh]
command=/bin/cat
startsecs=0
[program:fresh2]
command=/bin/cat
autostart=false
`
	last := strings.NewReplacer("numprocs=2", "numprocs=3", "[program:fresh2]", "[program:fresh3]").Replace(next)
	sideBySide(t, programConfig, slices.Concat(started, []step{{config: next}}, lines(`
		reread
		reread
		avail
		status newoff
		update nope quick
		update fresh
		status fresh
		add fresh2
		add fresh2
		update
		update
		status
		stop cat
	`), []step{{config: last}}, lines(`
		reread
		update m:*
		update all nope
		status
		stop fresh
		remove fresh newoff cat m
		reread
		add newoff fresh
		avail
		update
		status
	`), []step{{config: last + "broken\n"}}, lines(`
		update
		update cat
		avail
		add fresh
	`), []step{{config: last + "[program:x]\n"}}, lines(`
		reread
		update
	`)))
}

func TestShutdownIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	needPeers(t)
	start := func(t *testing.T) *daemon { return startDaemon(t, programConfig) }
	compareWith(t, theirsExec, start, slices.Concat(started, lines(`
		start slow
		shutdown
		status
		status cat
		start cat
		stop
		restart cat
		signal HUP cat
		pid
		version
		avail
		reread
		update
		update cat
		add cat
		add cat off
		remove cat
		remove
		tail cat
		tail -f cat
		maintail
		maintail -f
		clear cat
		clear all
		fg cat
		open unix://DIR/s.sock
		reload
		shutdown
	`)))
}
