package ctl

import (
	"slices"
	"strings"
	"testing"
)

// logConfig has programs whose logs the tests write themselves.
const logConfig = serverConfig + `
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile=DIR/out.log
stderr_logfile=DIR/err.log
[program:m]
command=/bin/cat
startsecs=0
numprocs=2
process_name=m%(process_num)d
stdout_logfile=DIR/%(process_num)d.log
redirect_stderr=true
[program:none]
command=/bin/cat
autostart=false
stdout_logfile=NONE
stderr_logfile=NONE
[program:off]
command=/bin/cat
autostart=false
stdout_logfile=DIR/off.log
stderr_logfile=DIR/offerr.log
`

var logsStarted = []step{{wait: "entered RUNNING"}, {wait: "entered RUNNING"}, {wait: "entered RUNNING"}}

func TestTailIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 300)
	sideBySide(t, logConfig, slices.Concat(logsStarted, lines(`
		tail
		tail cat
	`), []step{
		{file: "out.log", text: "one\n  two\n\n"},
		{file: "err.log", text: "err\n"},
		{file: "0.log", text: long},
		{file: "1.log", text: "<&>]]>&amp;\"'\r\nlone\rcr\t\n \n"},
	}, lines(`
		tail cat
		tail cat stdout
		tail cat stderr
		tail cat STDERR
		tail cat bad
		tail cat it's
		tail cat "
		tail cat bad stderr
		tail cat bad x
		tail cat bad x y
		tail -5 cat
		tail -5 cat stderr
		tail -5 cat StdOut
		tail -5 cat x
		tail -5 cat x y
		tail -5
		tail -f
		tail -f cat x
		tail -f a b c
		tail -f nope
		tail -f cat:*
		tail -f none
		tail -f off
		tail -f off stderr
		tail -f m:m0 stderr
		tail -f nope stderr
		tail -0 cat
		tail --5 cat
		tail --50 cat
		tail -+5 cat
		tail -+-5 cat
		tail -1_0 cat
		tail -1__0 cat
		tail -_1 cat
		tail -1_ cat
		tail --_1 cat
		tail - cat
		tail -- cat
		tail -x cat
		tail -F cat
		tail -0x5 cat
		tail -05 cat
		tail -5.0 cat
		tail -5k cat
		tail -2147483647 cat
		tail --2147483647 cat
		tail -2147483648 cat
		tail --2147483648 cat
		tail --2147483649 cat
		tail -99999999999 cat
		tail -99999999999999999999999999 cat
		tail --99999999999999999999999999 cat
		tail m:m0
		tail -3000 m:m0
		tail -30000 m:m0
		tail m:m1
		tail m:m0 stderr
		tail m
		tail m:*
		tail m:
		tail nope
		tail nope:*
		tail none
		tail none stderr
		tail off
		tail off stderr
		tail all
		tail cat nope
		help tail
		? tail x
	`), []step{
		{args: []string{"tail -5  cat\tstderr "}},
		{file: "err.log", text: "grüße €"},
	}, lines(`
		tail cat stderr
		tail -3 cat stderr
		tail -4 cat stderr
		tail -2 cat stderr
	`), []step{
		{file: "err.log", text: "\xff\n"},
	}, lines(`
		tail cat stderr
		tail -1 cat stderr
	`)))
}

func TestMaintailIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	config := serverConfig + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
	sideBySide(t, config, slices.Concat([]step{{wait: "entered RUNNING"}}, lines(`
		maintail -100000
		maintail --100000
	`), []step{
		{file: "s.log", text: strings.Repeat("0123456789", 300) + "\n"},
	}, lines(`
		maintail
		maintail -10
		maintail -1_0
		maintail -+1
		maintail -
		maintail -x
		maintail x
		maintail 10
		maintail cat
		maintail -10 cat
		maintail -f cat
		maintail a b c
		maintail -99999999999
		help maintail
	`)))
	none := strings.Replace(config, "logfile=DIR/s.log", "logfile=syslog", 1)
	sideBySide(t, none, slices.Concat([]step{{wait: "entered RUNNING"}}, lines(`
		maintail
		maintail -10
		maintail -f
	`)))
}

func TestClearIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	write := []step{{file: "out.log", text: "out\n"}, {file: "err.log", text: "err\n"}, {file: "off.log", text: "off\n"}}
	sideBySide(t, logConfig, slices.Concat(logsStarted, write, lines(`
		clear
		tail cat
		clear cat
		tail cat
		tail cat stderr
		clear off
		tail off
		clear none
	`), write, lines(`
		clear nope
		clear m
		clear m:nope
		clear nope:x cat m:m0 nope
		clear m:m0 m:m0 cat
		tail cat
	`), write, lines(`
		clear nope all cat
		tail cat
		clear all
		help clear
	`)))
}

func TestOpenQuitAndExitAreThoseOfSupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(logConfig, "[rpcinterface", "[inet_http_server]\nport=127.0.0.1:PORT\n[rpcinterface", 1)
	sideBySide(t, config, slices.Concat(logsStarted, lines(`
		open
		open x
		open http
		open http:
		open http://
		open unix
		open unix:
		open unix://
		open unix:/nope
		open unix://DIR/nope.sock
		open unix://DIR/s.sock
		open unix:///nope x
		open https://127.0.0.1:PORT
		open ftp://127.0.0.1:PORT
		open 127.0.0.1:PORT
		open http://127.0.0.1:PORT
		open http://127.0.0.1:PORT/RPC2
		open http://127.0.0.1:1
		open http://127.0.0.1:x
		open http://nosuchhost.invalid:1
		open ://x
		-s http://127.0.0.1:1 open unix://DIR/s.sock
		help open
		quit
		quit now
		exit
		exit 3
		EOF
		help quit
		help exit
		help EOF
		help fg
		fg
		fg x y
		fg nope
		fg m
		fg m:*
		fg off
		fg none extra
	`)))
}
