package proctest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// marker is the environment variable that makes the test binary a scripted child.
const marker = "SUPD_PROCTEST"

// Args is the argv of a child that runs the steps one after another and then exits with status 0. Args[0] is the path
// of the test binary.
//
//	exit N             end with status N
//	die SIG            end by signal SIG
//	sleep D            wait for a Go duration
//	wait               wait for ever
//	ignore SIG…        ignore signals
//	on SIG STEP        do a step whenever the signal comes
//	print TEXT         write a line to stdout; eprint: to stderr
//	write N            write N bytes to stdout: lines of 64 bytes, numbered; ewrite: to stderr
//	flood              write to stdout without end
//	stdin              copy stdin to stdout until its end
//	close N…           close descriptors
//	line N             write a line to descriptor N
//	say TEXT           send TEXT to NOTIFY_SOCKET; \n in it is a line feed
//	fork STEP | STEP   start a grandchild in the same process group that keeps all descriptors
//	notify FILE        create FILE at once with the pid in it
//	await FILE         wait until FILE exists
//	status [FILE]      write a Status to stdout or at once to FILE
func Args(steps ...string) []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return append([]string{exe}, steps...)
}

// Env is the environment of a child that runs Args: ours, extra, and the variable Main looks for.
func Env(extra ...string) []string { return append(append(os.Environ(), extra...), Variable()) }

// Variable is the KEY=VALUE that a child needs, for tests that write configuration files.
func Variable() string { return marker + "=1" }

// CommandLine is Args as one line for the command option of a configuration file, quoted for a POSIX shell and with
// percent signs doubled. The program's environment must have Variable.
func CommandLine(steps ...string) string {
	var words []string
	for _, w := range Args(steps...) {
		words = append(words, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return strings.ReplaceAll(strings.Join(words, " "), "%", "%%")
}

// Main makes this process the scripted child if it was started as one, and then does not return. It must be the first
// call of TestMain. The child ends by syscall.Exit: os.Exit of a program built with -race takes a second.
func Main() {
	if os.Getenv(marker) == "" {
		return
	}
	for _, step := range os.Args[1:] {
		run(step)
	}
	syscall.Exit(0)
}

func run(step string) {
	verb, rest, _ := strings.Cut(step, " ")
	do, ok := verbs[verb]
	if !ok {
		fail("unknown step %q", step)
	}
	if err := do(rest); err != nil {
		fail("%s: %v", step, err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "proctest: "+format+"\n", args...)
	syscall.Exit(99)
}

var verbs map[string]func(string) error

func init() { // not in the declaration: on and fork lead back to run
	verbs = map[string]func(string) error{
		"exit":   exit,
		"die":    func(sig string) error { return unix.Exec("/bin/sh", []string{"sh", "-c", "kill -" + sig + " $$"}, nil) },
		"sleep":  sleep,
		"wait":   func(string) error { return sleep("1000h") },
		"ignore": func(s string) error { signal.Ignore(signals(s)...); return nil },
		"on":     on,
		"print":  func(s string) error { _, err := fmt.Println(s); return err },
		"eprint": func(s string) error { _, err := fmt.Fprintln(os.Stderr, s); return err },
		"write":  func(s string) error { return write(os.Stdout, s) },
		"ewrite": func(s string) error { return write(os.Stderr, s) },
		"flood":  func(string) error { return write(os.Stdout, strconv.Itoa(1<<62)) },
		"stdin":  func(string) error { _, err := io.Copy(os.Stdout, os.Stdin); return err },
		"close":  closeFds,
		"line":   line,
		"say":    say,
		"fork":   fork,
		"notify": func(f string) error { return writeAtOnce(f, []byte(strconv.Itoa(os.Getpid()))) },
		"await":  func(f string) error { return AwaitFile(f, time.Hour) },
		"status": status,
	}
}

func exit(s string) error {
	n, err := strconv.Atoi(s)
	if err == nil {
		syscall.Exit(n)
	}
	return err
}

func sleep(s string) error {
	d, err := time.ParseDuration(s)
	if err == nil {
		<-time.After(d)
	}
	return err
}

func signals(s string) (sigs []os.Signal) {
	for f := range strings.FieldsSeq(s) {
		sig := unix.SignalNum("SIG" + f)
		if sig == 0 {
			fail("unknown signal %q", f)
		}
		sigs = append(sigs, sig)
	}
	return sigs
}

func on(s string) error {
	sig, step, _ := strings.Cut(s, " ")
	c := make(chan os.Signal, 16)
	signal.Notify(c, signals(sig)...)
	go func() {
		for range c {
			run(step)
		}
	}()
	return nil
}

// Bytes is what "write N" writes.
func Bytes(n int) []byte {
	b := make([]byte, 0, n+64)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%062d\n", i)
	}
	return b[:n]
}

func write(w io.Writer, s string) error {
	left, err := strconv.Atoi(s)
	if err != nil {
		return err
	}
	if left <= 16<<20 {
		_, err := w.Write(Bytes(left))
		return err
	}
	chunk := Bytes(63 * 1024)
	for ; left > 0; left -= len(chunk) {
		if _, err := w.Write(chunk[:min(len(chunk), left)]); err != nil {
			return err
		}
	}
	return nil
}

func closeFds(s string) error {
	for f := range strings.FieldsSeq(s) {
		fd, err := strconv.Atoi(f)
		if err != nil {
			return err
		}
		if err := syscall.Close(fd); err != nil {
			return err
		}
	}
	return nil
}

func line(s string) error {
	fd, err := strconv.Atoi(s)
	if err == nil {
		_, err = syscall.Write(fd, []byte("now\n"))
	}
	return err
}

func say(s string) error {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: os.Getenv("NOTIFY_SOCKET"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(strings.ReplaceAll(s, `\n`, "\n")))
	return err
}

func fork(s string) error {
	argv := Args()
	for step := range strings.SplitSeq(s, "|") {
		argv = append(argv, strings.TrimSpace(step))
	}
	_, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	return err
}

// writeAtOnce makes a file that whoever sees it sees whole.
func writeAtOnce(name string, data []byte) error {
	tmp := name + ".part" + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(tmp, data, 0o666); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// AwaitFile returns when the file exists, or with an error after d.
func AwaitFile(name string, d time.Duration) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.Add(filepath.Dir(name)); err != nil {
		return err
	}
	deadline := time.After(d)
	for {
		if _, err := os.Stat(name); err == nil {
			return nil
		}
		select {
		case <-w.Events:
		case err := <-w.Errors:
			return err
		case <-deadline:
			names, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
			return fmt.Errorf("no %s after %v; the directory has %q", name, d, names)
		}
	}
}
