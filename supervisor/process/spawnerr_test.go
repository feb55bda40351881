//go:build linux

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func atoi(t testing.TB, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return n
}

const nobody = 65534

// asNobody is a Spec run as a user without rights; the test must be root.
func asNobody(s *Spec) *Spec {
	s.Credential = &Credential{UID: nobody, GID: nobody, Groups: []uint32{nobody}}
	return s
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root; the rows for everybody else have run")
	}
}

// The lower table of compat.md §3.5: what the child of supervisord would have written to its stderr.
func TestChildErrors(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	junk := filepath.Join(dir, "junk")
	os.WriteFile(junk, []byte("\x00\x01 not a program"), 0o755)
	lost := filepath.Join(dir, "lost")
	os.WriteFile(lost, []byte("#!/no/such/interpreter\n"), 0o755)
	private := filepath.Join(dir, "private")
	os.Mkdir(private, 0o700)
	mine := filepath.Join(dir, "mine")
	os.WriteFile(mine, []byte("#!/bin/sh\n"), 0o700)

	in := func(dir string, s *Spec) *Spec { s.Dir = dir; return s }
	for _, c := range []struct {
		name string
		spec *Spec
		root bool
		op   ChildOp
		line string
		err  error
	}{
		{"no such directory", in(dir+"/none", shell("exit")), false, OpChdir, "couldn't chdir to " + dir + "/none: ENOENT", syscall.ENOENT},
		{"directory is a file", in(junk, shell("exit")), false, OpChdir, "couldn't chdir to " + junk + ": ENOTDIR", syscall.ENOTDIR},
		{"directory name too long", in(strings.Repeat("d/", 5000), shell("exit")), false, OpChdir, "", syscall.ENAMETOOLONG},
		{"directory closed to the user", asNobody(in(private, shell("exit"))), true, OpChdir, "couldn't chdir to " + private + ": EACCES", syscall.EACCES},
		{"not a program", command(junk), false, OpExec, "couldn't exec junk: ENOEXEC", syscall.ENOEXEC},
		{"no interpreter", command(lost), false, OpExec, "couldn't exec lost: ENOENT", syscall.ENOENT},
		{"no program after chdir", in(dir, &Spec{Path: "./none", Args: []string{"./none"}, Umask: -1}), false, OpExec, "couldn't exec ./none: ENOENT", syscall.ENOENT},
		{"program closed to the user", asNobody(command(mine)), true, OpExec, "couldn't exec mine: EACCES", syscall.EACCES},
		{"a null byte", command("/bin/true", "a\x00b"), false, OpExec, "couldn't exec true: EINVAL", syscall.EINVAL},
		{"arguments too long", command("/bin/true", strings.Repeat("x", 4<<20)), false, OpExec, "couldn't exec true: E2BIG", syscall.E2BIG},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				needRoot(t)
			}
			l, err := tryStart(t, h, c.spec)
			var ce *ChildError
			if !errors.As(err, &ce) {
				t.Fatalf("got %v, %v", l.Process, err)
			}
			if ce.Op != c.op || !errors.Is(err, c.err) {
				t.Errorf("%s: %v", ce.Op, ce.Err)
			}
			if want := "supervisor: " + c.line; c.line != "" && ce.Lines[0] != want {
				t.Errorf("line %q, want %q", ce.Lines[0], want)
			}
			if want := "supervisor: child process was not spawned"; len(ce.Lines) != 2 || ce.Lines[1] != want {
				t.Errorf("lines %q", ce.Lines)
			}
		})
	}
}

func init() {
	roles["setuid without root"] = func() {
		h := must(NewHost(Options{}))
		defer h.Close()
		answer := make(chan string, 2)
		for _, uid := range []uint32{1, nobody} {
			spec := shell("exit")
			spec.Credential = &Credential{UID: uid, GID: uid}
			spec.Exited = func(e Exit) { answer <- Describe(e) }
			h.Start(spec, func(p *Process, err error) {
				if err != nil {
					answer <- err.Error()
				}
			})
			fmt.Println(<-answer)
		}
	}
}

func TestOnlyRootCanSetuidButToItselfIsFine(t *testing.T) {
	h := newHost(t, Options{})
	spec := roleSpec("setuid without root")
	uid := os.Getuid()
	if uid == 0 {
		asNobody(spec)
		uid = nobody
	}
	exe := copyForAll(t, spec.Path)
	spec.Path = exe
	l, e := runToEnd(t, h, spec)
	want := "couldn't setuid to 1: Can't drop privilege as nonroot user\nexit status 0\n"
	if uid == nobody && l.out.String() != want {
		t.Errorf("%s: %q, %q", Describe(e), l.out.String(), l.err.String())
	}
}

// copyForAll makes a program executable for every user, which a test binary in a private directory is not.
func copyForAll(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "process")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(dir, 0o755)
	name := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(name, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// Which part of the credential is refused is asked with the kernel's own answers, replayed here.
func TestCredentialReasons(t *testing.T) {
	needRoot(t)
	refuse := func(bad func(*syscall.Credential) bool) forkExecFunc {
		return func(path string, args []string, attr *syscall.ProcAttr) (int, int, error) {
			if c := attr.Sys.Credential; c != nil && bad(c) {
				return 0, -1, syscall.EPERM
			}
			return forkExec(path, args, attr)
		}
	}
	for want, bad := range map[string]func(*syscall.Credential) bool{
		"Could not set groups of effective user":   func(c *syscall.Credential) bool { return len(c.Groups) > 0 },
		"Could not set group id of effective user": func(c *syscall.Credential) bool { return c.Gid == nobody },
		"EPERM": func(c *syscall.Credential) bool { return c.Uid == nobody },
	} {
		h := newHost(t, Options{fork: refuse(bad)})
		_, err := tryStart(t, h, asNobody(shell("exit")))
		var ce *ChildError
		if !errors.As(err, &ce) || ce.Op != OpSetuid || ce.Lines[0] != "supervisor: couldn't setuid to 65534: "+want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// The rows of compat.md §3.5 for a start that fails before there is a child.
func TestSpawnErrors(t *testing.T) {
	proctest.LeakCheck(t)
	for _, c := range []struct {
		fork error
		want string
	}{
		{syscall.EAGAIN, "Too many processes in process table to spawn 'prog'"},
		{syscall.ENOMEM, "unknown error during fork for 'prog': ENOMEM"},
		{syscall.EMFILE, "too many open files to spawn 'prog'"},
	} {
		h := newHost(t, Options{fork: func(string, []string, *syscall.ProcAttr) (int, int, error) { return 0, -1, c.fork }})
		_, err := tryStart(t, h, shell("exit"))
		var se *SpawnError
		if !errors.As(err, &se) || se.Text != c.want || !errors.Is(err, c.fork) {
			t.Errorf("%v: got %v", c.fork, err)
		}
	}
	if got, want := dispatcherError("prog", syscall.EACCES).Text, "unknown error making dispatchers for 'prog': EACCES"; got != want {
		t.Errorf("got %q", got)
	}
}

func init() {
	roles["few descriptors"] = func() {
		h := must(NewHost(Options{}))
		done := make(chan string, 1)
		try := func() string {
			spec := shell("exit")
			spec.Exited = func(Exit) { done <- "started" } // and all of its descriptors are closed
			h.Start(spec, func(_ *Process, err error) {
				if err != nil {
					done <- err.Error()
				}
			})
			return <-done
		}
		for limit := uint64(3); limit < 24; limit++ { // every place that opens something is reached once
			must(0, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: 1024}))
			fmt.Println(try())
		}
	}
}

func TestTooManyOpenFiles(t *testing.T) {
	h := newHost(t, Options{})
	l, e := runToEnd(t, h, roleSpec("few descriptors"))
	lines := strings.Split(strings.TrimSpace(l.out.String()), "\n")
	for i, line := range lines {
		last := i == len(lines)-1
		if !last && line != "too many open files to spawn 'prog'" && line != "started" || last && line != "started" {
			t.Errorf("%q", line)
		}
	}
	if e.Code != 0 || lines[0] == "started" {
		t.Errorf("%s: %q %q", Describe(e), lines, l.err.String())
	}
}
