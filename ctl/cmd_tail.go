package ctl

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// tailBytes is how much of a log is shown when nothing else is asked for.
const tailBytes = 1600

var verbTail = verb{
	name:  "tail",
	short: "show the end of a program's log",
	forms: []form{
		{"tail NAME", "the last 1600 bytes of its stdout"},
		{"tail NAME stderr", "the last 1600 bytes of its stderr"},
		{"tail -N NAME [stderr]", "the last N bytes; bytes, not lines"},
		{"tail -f NAME [stderr]", "the end, and then what is written, until Ctrl-C"},
	},
	notes: `On a terminal control characters in the log are shown as ^X, so that a log cannot steer the terminal; a pipe
gets them as they are. tail -f also ends when nobody reads its output any more or the server goes away; its exit
status is 0 whatever happens.`,
	example: `$ tail web
$ tail -8000 web stderr | less
$ tail -f web | grep error`,
	upcheck: true,
	words:   wordsLog,
	flags:   []form{{"-f", "go on with what is written, until Ctrl-C"}},
	needs:   minimum{1, "too few arguments", exitGeneric},
	run:     runTail,
}

func runTail(s *session, args []string) error {
	if len(args) > 3 {
		return misuseError("Error: too many arguments")
	}
	last := ""
	if strings.HasPrefix(args[0], "-") {
		last, args = args[0], args[1:]
	}
	if len(args) == 0 {
		s.printf("Error: tail requires process name\n")
		s.fail(exitGeneric)
		return nil
	}
	name, channel := args[0], "stdout"
	if len(args) > 1 {
		channel = strings.ToLower(args[len(args)-1])
	}
	method := logMethods[channel]
	if method == "" {
		return s.badChannel(channel)
	}
	if last == "-f" {
		return s.follow(logStream(name, channel))
	}
	n, ok := tailLength(last)
	if !ok {
		return s.badTailArgument(last)
	}
	return s.showLog(name, n, method, name)
}

// logMethods are the methods that read the logs of a program.
var logMethods = map[string]string{"stdout": "readProcessStdoutLog", "stderr": "readProcessStderrLog"}

func (s *session) badChannel(channel string) error {
	s.printf("Error: bad channel %s\n", quoteLine(channel))
	s.fail(exitGeneric)
	return nil
}

// tailLength reads -N, "" for the default. N is a number as Python reads it; a second minus sign makes the log be shown
// from that byte on.
func tailLength(arg string) (n int64, ok bool) {
	if arg == "" {
		return tailBytes, true
	}
	digits := strings.TrimPrefix(arg, "-")
	rest := strings.TrimLeft(digits, "+-")
	if len(digits)-len(rest) > 1 || strings.HasPrefix(rest, "_") || strings.HasSuffix(rest, "_") ||
		strings.Contains(rest, "__") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(digits, "_", ""), 10, 64)
	// A number that is too large is one; it is refused when it is sent.
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

func (s *session) badTailArgument(arg string) error {
	s.printf("Error: bad argument %s\n", arg)
	s.fail(exitGeneric)
	return nil
}

// showLog prints the last n bytes of a log and an end of line. who is whose log it is; method and args ask for it.
func (s *session) showLog(who string, n int64, method string, args ...any) error {
	if -n < math.MinInt32 || -n > math.MaxInt32 {
		return fmt.Errorf("%d bytes of a log cannot be asked for; the most is %d", n, math.MaxInt32)
	}
	text, err := s.client.callText(s.ctx, method, append(args, -n, 0)...)
	switch code := codeOf(err); {
	case code == faultNoFile:
		s.printf("%s: ERROR (no log file)\n", who)
	case code == faultFailed:
		s.printf("%s: ERROR (unknown error reading log)\n", who)
	case code == faultBadName:
		s.printf("%s: ERROR (no such process name)\n", who)
		s.unknown(wordsPrograms, who)
	case statusOf(err) == http.StatusInternalServerError:
		s.report(err)
		s.advise("supervisord cannot send a part of a log that is not UTF-8 or begins within a " +
			"character; ask for another number of bytes, or use -f")
	case err != nil:
		return err
	default:
		out := s.logOutput(s.env.Stdout)
		defer out.Close()
		_, err := out.Write([]byte(text + "\n"))
		return err
	}
	s.fail(exitGeneric)
	return nil
}
