//go:build linux

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// shimmed is a host whose shim is this test binary.
func shimmed(t *testing.T) *Host { return newHost(t, Options{Shim: "/proc/self/exe"}) }

func limits(list ...ResourceLimit) *Limits { return &Limits{Resources: list} }

func TestEachLimitReachesTheProgram(t *testing.T) {
	proctest.LeakCheck(t)
	h := shimmed(t)
	rows := map[string]string{"as": "Max address space", "core": "Max core file size", "cpu": "Max cpu time", "data": "Max data size",
		"fsize": "Max file size", "memlock": "Max locked memory", "nofile": "Max open files", "nproc": "Max processes", "stack": "Max stack size"}
	own := readLimits(t, "/proc/self/limits")
	for name := range resources {
		// None of these but as and data can be raised by everybody; all can be lowered.
		limit := ResourceLimit{name, 1 << 20, 1 << 24}
		switch name {
		case "nofile", "nproc":
			limit = ResourceLimit{name, 111, 222}
		case "as", "data":
			limit = ResourceLimit{name, 1 << 28, Unlimited}
		case "memlock", "core":
			limit = ResourceLimit{name, 0, 0}
		}
		spec := command("/bin/cat", "/proc/self/limits")
		spec.Limits = limits(limit)
		l, e := runToEnd(t, h, spec)
		if e.Code != 0 || l.err.String() != "" {
			t.Fatalf("%s: %s: %q", name, Describe(e), l.err.String())
		}
		got := parseLimits(l.out.String())
		for n, row := range rows {
			want := own[row]
			if n == name {
				want = limitText(limit.Soft) + " " + limitText(limit.Hard)
			}
			if row == "Max open files" && n != name {
				continue // Go has raised ours
			}
			if got[row] != want {
				t.Errorf("rlimit_%s: %s is %q, not %q", name, row, got[row], want)
			}
		}
	}
}

func readLimits(t *testing.T, file string) map[string]string {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parseLimits(string(b))
}

func parseLimits(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if len(line) > 46 {
			out[strings.TrimSpace(line[:26])] = strings.Join(strings.Fields(line[26:])[:2], " ")
		}
	}
	return out
}

func TestNiceAndOOMScoreReachTheProgram(t *testing.T) {
	proctest.LeakCheck(t)
	nice, oom := 7, 345
	spec := shell("nice; cat /proc/self/oom_score_adj")
	spec.Limits = &Limits{Nice: &nice, OOMScoreAdj: &oom}
	if l, _ := runToEnd(t, shimmed(t), spec); l.out.String() != "7\n345\n" {
		t.Errorf("%q, %q", l.out.String(), l.err.String())
	}
}

// What a program gets through the shim is what it gets without: descriptors, signals, groups, directory, umask, arguments
// and environment, even those that mean something to Go.
func TestTheShimLeavesNoTrace(t *testing.T) {
	proctest.LeakCheck(t)
	h := shimmed(t)
	dir := t.TempDir()
	const script = `echo "$0:$1"; pwd; umask; ulimit -n; ls /proc/self/fd | wc -l; cat <&5; tr '\0' '\n' </proc/$$/environ; ` +
		`readlink /proc/$$/exe; exec grep -E '^(Sig[BIC]|Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap)' /proc/self/status`
	look := func(l *Limits, change func(*Spec)) string {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("from descriptor 5\n")
		w.Close()
		defer r.Close()
		spec := command("/bin/sh", "-c", script, "nought\xff", "a b")
		spec.Env = []string{"GOMEMLIMIT=nonsense", "GODEBUG=x", "BYTES=\xfe\xff", "PATH=/usr/bin:/bin"}
		spec.Dir, spec.Umask, spec.Limits = dir, 0o27, l
		spec.Extra = []Descriptor{{5, r}}
		if change != nil {
			change(spec)
		}
		life, e := runToEnd(t, h, spec)
		if e.Code != 0 {
			t.Fatalf("%s: %s", Describe(e), life.err.String())
		}
		return life.out.String()
	}
	some := limits(ResourceLimit{"core", 0, 0})
	plain, through := look(nil, nil), look(some, nil)
	if plain != through || !strings.Contains(plain, "from descriptor 5\n") || !strings.Contains(plain, "nought\xff:a b\n"+dir+"\n0027\n") {
		t.Errorf("without\n%s\nwith\n%s", plain, through)
	}
	if os.Getuid() != 0 {
		return
	}
	user := func(s *Spec) {
		s.Credential = &Credential{UID: nobody, GID: 1, Groups: []uint32{1, 7}}
		s.Dir = "/"
	}
	plain, through = look(nil, user), look(some, user)
	if plain != through || !strings.Contains(plain, "Groups:\t1 7") {
		t.Errorf("as nobody, without\n%s\nwith\n%s", plain, through)
	}
}

// The limits come first, so what the user of the program may not set can be set for it, and what is small for the shim
// itself is not in its way.
func TestRootSetsForAUserWhatItMayNot(t *testing.T) {
	needRoot(t)
	proctest.LeakCheck(t)
	h := shimmed(t)
	nice, oom := 3, 10 // what can be seen in any container
	for capability, lower := range map[uint]func(){unix.CAP_SYS_NICE: func() { nice = -3 }, unix.CAP_SYS_RESOURCE: func() { oom = -10 }} {
		b, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		if caps, err := strconv.ParseUint(procStatus(t, string(b), "CapEff"), 16, 64); err != nil || caps>>capability&1 != 0 {
			lower()
		}
	}
	spec := shell("grep -E 'processes|space' /proc/$$/limits; nice; cat /proc/self/oom_score_adj; id -u")
	spec.Limits = &Limits{Nice: &nice, OOMScoreAdj: &oom,
		Resources: []ResourceLimit{{"nproc", 50, 60}, {"as", 32 << 20, 32 << 20}}}
	l, e := runToEnd(t, h, asNobody(spec))
	got := parseLimits(l.out.String())
	if got["Max processes"] != "50 60" || got["Max address space"] != "33554432 33554432" ||
		!strings.HasSuffix(l.out.String(), fmt.Sprintf("\n%d\n%d\n65534\n", nice, oom)) {
		t.Errorf("%s: %q; %q", Describe(e), l.out.String(), l.err.String())
	}
}

// What a start fails with is the same with a shim and without.
func TestErrorsThroughTheShimAreTheSame(t *testing.T) {
	proctest.LeakCheck(t)
	h := shimmed(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	noexec := write("noexec", "no magic", 0o755)
	interpreter := write("interpreter", "#!/nonexistent/interpreter\n", 0o755)
	specs := map[string]func() *Spec{
		"missing":        func() *Spec { return command(dir + "/missing") },
		"not executable": func() *Spec { return command(write("plain", "x", 0o644)) },
		"no format":      func() *Spec { return command(noexec) },
		"interpreter":    func() *Spec { return command(interpreter) },
		"directory":      func() *Spec { return command(dir) },
		"no directory":   func() *Spec { s := shell("exit"); s.Dir = dir + "/none"; return s },
		"long arguments": func() *Spec { return command("/bin/true", strings.Repeat("x", 1<<18)) },
	}
	if os.Getuid() == 0 {
		specs["many groups"] = func() *Spec {
			s := shell("exit")
			s.Credential = &Credential{UID: nobody, GID: nobody, Groups: slices.Repeat([]uint32{1}, 1<<17)}
			return s
		}
		specs["private directory"] = func() *Spec { os.Chmod(dir, 0o700); s := asNobody(shell("exit")); s.Dir = dir; return s }
	} else {
		specs["another user"] = func() *Spec { return asNobody(shell("exit")) }
	}
	for name, make := range specs {
		_, plain := tryStart(t, h, make())
		spec := make()
		spec.Limits = limits(ResourceLimit{"core", 0, 0})
		l, through := tryStart(t, h, spec)
		var a, b *ChildError
		if !errors.As(plain, &a) || !errors.As(through, &b) || a.Op != b.Op || !slices.Equal(a.Lines, b.Lines) || !errors.Is(b.Err, a.Err) {
			t.Errorf("%s: without %#v, with %#v", name, plain, through)
		}
		if len(l.exits) > 0 || l.out.Len()+l.err.Len() > 0 {
			t.Errorf("%s: something was heard of the shim: %q %q", name, l.out.String(), l.err.String())
		}
	}
}

func init() {
	roles["refused limits"] = func() {
		must(0, syscall.Setrlimit(unix.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
		if os.Getuid() == 0 {
			must(0, syscall.Setgid(nobody))
			must(0, syscall.Setuid(nobody))
		}
		h := must(NewHost(Options{Shim: "/proc/self/exe"}))
		answer := make(chan string, 1)
		nice, oom := -5, -500
		for _, l := range []*Limits{{Nice: &nice}, {OOMScoreAdj: &oom}, limits(ResourceLimit{"nofile", 64, 65}), limits(ResourceLimit{"nofile", 3, 2})} {
			spec := shell("exit")
			spec.Limits = l
			h.Start(spec, func(_ *Process, err error) { answer <- err.Error() })
			os.Stdout.WriteString(<-answer + "\n")
		}
		must(0, h.Close())
	}
}

func TestRefusedLimitsAreSpawnErrors(t *testing.T) {
	spec := roleSpec("refused limits")
	spec.Path = copyForAll(t, spec.Path)
	spec.Args = []string{spec.Path}
	l, e := runToEnd(t, newHost(t, Options{}), spec)
	want := "can't set nice of 'prog' to -5: EACCES; a value below that of supd needs CAP_SYS_NICE (root has it, but in containers often not)\n" +
		"can't set oom_score_adj of 'prog' to -500: EACCES; a value below that of supd needs CAP_SYS_RESOURCE (root has it, but in containers often not)\n" +
		"can't set rlimit_nofile of 'prog' to 64:65: EPERM; raising a hard limit needs CAP_SYS_RESOURCE (root has it, but in containers often not)\n" +
		"can't set rlimit_nofile of 'prog' to 3:2: EINVAL\n"
	if l.out.String() != want {
		t.Errorf("%s: got\n%s%s\nwant\n%s", Describe(e), l.out.String(), l.err.String(), want)
	}
}

func TestLimitsWithoutAShimAreSpawnErrors(t *testing.T) {
	proctest.LeakCheck(t)
	for shim, want := range map[string]string{
		"":             "can't set rlimit_core of 'prog': the program that embeds the supervisor names no shim to do it",
		"/nonexistent": "can't set rlimit_core of 'prog': couldn't exec /nonexistent, which does it: ENOENT",
		"/dev/null/x":  "can't set rlimit_core of 'prog': couldn't exec /dev/null/x, which does it: ENOTDIR",
	} {
		spec := shell("exit")
		spec.Limits = limits(ResourceLimit{"core", 0, 0})
		_, err := tryStart(t, newHost(t, Options{Shim: shim}), spec)
		var se *SpawnError
		if !errors.As(err, &se) || se.Text != want {
			t.Errorf("%q: %v", shim, err)
		}
	}
}

func TestManyStartsThroughTheShimAndAClose(t *testing.T) {
	proctest.LeakCheck(t)
	h, err := NewHost(Options{Shim: "/proc/self/exe"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20
	answers, exits := make(chan error, n), make(chan Exit, n)
	for i := range n {
		spec := shell("exit 3")
		spec.Exited = func(e Exit) { exits <- e }
		if i%2 == 1 {
			spec.Limits = limits(ResourceLimit{"core", 0, 0})
		}
		h.Start(spec, func(_ *Process, err error) { answers <- err })
	}
	for range n {
		if err := proctest.Receive(t, "done", answers); err != nil {
			t.Error(err)
		}
	}
	for range n {
		if e := proctest.Receive(t, "an exit", exits); e.Code != 3 {
			t.Error(Describe(e))
		}
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheCommandLineOfAShimIsOne(t *testing.T) {
	for _, args := range [][]string{{}, {"supd"}, {"supd", "exec-shim"}, {"supd", "exec-shim", "3", "4"}, {"exec-shim", "supd", "3"}} {
		if IsShim(args) {
			t.Errorf("%q", args)
		}
	}
	if !IsShim([]string{"supd", "exec-shim", "3"}) {
		t.Error("a shim is not known")
	}
}

func TestAShimThatNobodyOrdersSaysSo(t *testing.T) {
	proctest.LeakCheck(t)
	for _, fd := range []string{"0", "9", "x"} {
		spec := command("/proc/self/exe", shimWord, fd)
		l, e := runToEnd(t, newHost(t, Options{}), spec)
		if e.Code != shimStatus || !strings.Contains(l.err.String(), "it is no command") {
			t.Errorf("%s: %s: %q", fd, Describe(e), l.err.String())
		}
	}
}
