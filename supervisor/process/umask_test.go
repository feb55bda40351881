//go:build linux

package process

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// Each child has its own umask though others with other umasks start at the same time, and the program's never
// changes.
func TestUmaskIsTheChildsOwn(t *testing.T) {
	proctest.LeakCheck(t)
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	h := newHost(t, Options{})
	dir := t.TempDir()
	var files sync.WaitGroup
	stop := make(chan struct{})
	files.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := filepath.Join(dir, fmt.Sprint(i))
			os.WriteFile(name, nil, 0o666)
			if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o640 {
				t.Errorf("the program made a file with %v, %v", st.Mode(), err)
				return
			}
			os.Remove(name)
		}
	})
	var lives []*life
	masks := []int{0, 0o22, 0o77, -1, 0o777}
	for i := range 50 {
		spec := shell("umask")
		spec.Umask = masks[i%len(masks)]
		lives = append(lives, start(t, h, spec))
	}
	for i, l := range lives {
		l.wait(t)
		want := masks[i%len(masks)]
		if want < 0 {
			want = 0o027
		}
		if got := strings.TrimSpace(l.out.String()); got != fmt.Sprintf("%04o", want) {
			t.Errorf("umask %s, want %04o", got, want)
		}
	}
	close(stop)
	files.Wait()
}

// Where the thread cannot have its own, the umask of the program comes back after each fork.
func TestUmaskWithoutUnshare(t *testing.T) {
	h := newHost(t, Options{noUnshare: true})
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for _, c := range []struct{ mask, want int }{{0o77, 0o77}, {-1, 0o27}, {0, 0}, {-1, 0o27}} {
		spec := shell("umask")
		spec.Umask = c.mask
		l, _ := runToEnd(t, h, spec)
		if got := strings.TrimSpace(l.out.String()); got != fmt.Sprintf("%04o", c.want) {
			t.Errorf("umask %s, want %04o", got, c.want)
		}
	}
}

func TestCredential(t *testing.T) {
	needRoot(t)
	proctest.LeakCheck(t)
	if err := syscall.Setgroups([]int{4, 27}); err != nil { // groups of ours that must not get through
		t.Fatal(err)
	}
	defer syscall.Setgroups(nil)
	h := newHost(t, Options{})
	for _, c := range []struct {
		cred *Credential
		want string
	}{
		{nil, "0 0 4,27"},
		{&Credential{UID: nobody, GID: 1, Groups: []uint32{1, 50, 60}}, "65534 1 1,50,60"},
		{&Credential{UID: nobody, GID: nobody}, "65534 65534 "},
		{&Credential{UID: 0, GID: 7, Groups: []uint32{8}}, "0 0 4,27"}, // the same user: nothing changes
	} {
		spec := command("/bin/cat", "/proc/self/status")
		spec.Credential = c.cred
		l, _ := runToEnd(t, h, spec)
		last := func(field string) string {
			f := strings.Fields(procStatus(t, l.out.String(), field))
			if !slices.Equal(f, []string{f[0], f[0], f[0], f[0]}) { // real, effective, saved, file system
				t.Errorf("%s %v", field, f)
			}
			return f[0]
		}
		groups := strings.Join(strings.Fields(procStatus(t, l.out.String(), "Groups")), ",")
		if got := last("Uid") + " " + last("Gid") + " " + groups; got != c.want {
			t.Errorf("%+v: got %s, want %s", c.cred, got, c.want)
		}
	}
}

// The directory is entered as the user, and may be one that only the user can enter.
func TestDirectoryIsEnteredAsTheUser(t *testing.T) {
	needRoot(t)
	h := newHost(t, Options{})
	dir, err := os.MkdirTemp("", "home")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Chmod(dir, 0o700)
	os.Chown(dir, nobody, nobody)
	spec := asNobody(command("/bin/pwd"))
	spec.Dir = dir
	if l, e := runToEnd(t, h, spec); strings.TrimSpace(l.out.String()) != dir {
		t.Errorf("%s: %q", Describe(e), l.out.String())
	}
}

func init() {
	roles["inherit"] = func() {
		if os.Getenv("DEFAULTS") != "" {
			DefaultInheritedSignals()
		}
		if err := CloseOnExecInherited(); err != nil {
			fmt.Println(err)
		}
		h := must(NewHost(Options{}))
		defer h.Close()
		gone := make(chan struct{})
		for _, s := range []*Spec{command("/bin/cat", "/proc/self/status"), shell("echo fds; ls /proc/self/fd")} {
			s.Stdout = os.Stdout
			s.Exited = func(Exit) { gone <- struct{}{} }
			h.Start(s, func(*Process, error) {})
			<-gone
		}
	}
}

// Whatever the program itself was started with, its children get default signals, an empty mask and three descriptors.
func TestChildrenInheritNothing(t *testing.T) {
	h := newHost(t, Options{})
	// Descriptors 5 and 77 open, five signals ignored, as a careless parent leaves them.
	script := `trap '' HUP INT QUIT PIPE TSTP XFSZ USR1; exec 5</dev/null 7</dev/zero; exec "$@"`
	for _, c := range []struct{ defaults, ignored string }{{"1", "0000000000000000"}, {"", "0000000000080003"}} {
		spec := roleSpec("inherit", "/bin/sh", "-c", script, "sh")
		spec.Env = append(spec.Env, "DEFAULTS="+c.defaults)
		l, e := runToEnd(t, h, spec)
		out := l.out.String()
		if e.Code != 0 {
			t.Fatalf("%s: %s%s", Describe(e), out, l.err.String())
		}
		for field, want := range map[string]string{"SigIgn": c.ignored, "SigBlk": "0000000000000000", "SigCgt": "0000000000000000"} {
			got, err := strconv.ParseUint(procStatus(t, out, field), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			got &^= 7 << 31 // signals 32 to 34 belong to C libraries and stay as whoever started the test has left them
			if got := fmt.Sprintf("%016x", got); got != want {
				t.Errorf("defaults %q: %s %s, want %s", c.defaults, field, got, want)
			}
		}
		if _, fds, _ := strings.Cut(out, "fds\n"); fds != "0\n1\n2\n3\n" {
			t.Errorf("descriptors %q", fds)
		}
	}
}

// A program started with signals blocked does not hand that on.
func TestBlockedSignalsAreNotInherited(t *testing.T) {
	h := newHost(t, Options{})
	type result struct {
		out string
		err error
	}
	c := make(chan result)
	thread := &forkThread{forkExec: forkExec, jobs: make(chan *forkJob), ended: make(chan struct{})}
	go func() { // a thread with a mask of its own, which ends with it
		lockThread()
		var mask unix.Sigset_t
		mask.Val[0] = 1<<(syscall.SIGUSR1-1) | 1<<(syscall.SIGWINCH-1)
		unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil)
		thread.run(false)
	}()
	go func() {
		defer thread.end()
		h := &Host{opt: Options{fork: forkExec}, pidfd: h.pidfd, loop: h.loop}
		var out proctest.Output
		spec := roleSpec("inherit")
		spec.Env = append(spec.Env, "DEFAULTS=1")
		spec.Stdout = &out
		gone := make(chan struct{})
		spec.Exited = func(Exit) { close(gone) }
		p, err := h.spawn(thread, spec)
		if err == nil {
			h.watch(p)
			<-gone
		}
		c <- result{out.String(), err}
	}()
	r := proctest.Receive(t, "the child", c)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if got := procStatus(t, r.out, "SigBlk"); got != "0000000000000000" {
		t.Errorf("SigBlk %s\n%s", got, r.out)
	}
}
