//go:build linux

package process

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/startlimit"
)

func lockThread() { runtime.LockOSThread() }

func init() {
	// What the daemon does at its start, and what a child then has.
	roles["limits"] = func() {
		var want uint64
		fmt.Sscan(os.Getenv("WANT"), &want)
		soft, hard, ok := startlimit.OpenFiles()
		fmt.Println("start", soft, hard, ok)
		for name, r := range map[string]int{"NOFILE": unix.RLIMIT_NOFILE, "NPROC": unix.RLIMIT_NPROC} {
			soft, changed, err := RaiseLimit(r, want)
			fmt.Println(name, soft, changed, err)
		}
		h := must(NewHost(Options{}))
		defer h.Close()
		gone := make(chan struct{})
		s := command("/bin/cat", "/proc/self/limits")
		s.Stdout = os.Stdout
		s.Exited = func(Exit) { close(gone) }
		h.Start(s, func(*Process, error) {})
		<-gone
	}
}

// Children have what the children of a supervisord with the same minfds and minprocs have.
func TestRaiseLimit(t *testing.T) {
	needRoot(t)
	h := newHost(t, Options{})
	for _, c := range []struct {
		name, start string // soft and hard limit of both resources
		want        int
		after       string // soft and hard limit of the child
		raised      string
	}{
		{"enough", "777 4096", 500, "777 4096", "777 false <nil>"},
		{"exactly enough", "777 4096", 777, "777 4096", "777 false <nil>"},
		{"soft too low", "777 4096", 1000, "1000 4096", "1000 true <nil>"},
		{"hard too low", "777 4096", 5000, "5000 5000", "5000 true <nil>"},
		{"soft is hard", "4096 4096", 1000, "4096 4096", "4096 false <nil>"},
		{"just below hard", "4095 4096", 1000, "4095 4096", "4095 false <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			soft, hard, _ := strings.Cut(c.start, " ")
			if c.after == "5000 5000" && !mayRaiseHardLimits(t) { // nothing has changed then, for the child either
				c.after, c.raised = c.start, soft+" false raise limit to 5000: operation not permitted"
			}
			script := fmt.Sprintf(`ulimit -Sn %[1]s; ulimit -Hn %[2]s; ulimit -Su %[1]s; ulimit -Hu %[2]s; exec "$@"`, soft, hard)
			spec := roleSpec("limits", "/bin/bash", "-c", script, "sh")
			spec.Env = append(spec.Env, fmt.Sprint("WANT=", c.want))
			l, e := runToEnd(t, h, spec)
			for _, line := range []string{"start " + c.start + " true", "NOFILE " + c.raised, "NPROC " + c.raised} {
				if !strings.Contains(l.out.String(), line+"\n") {
					t.Errorf("%s: no %q in %s%s", Describe(e), line, l.out.String(), l.err.String())
				}
			}
			for _, name := range []string{"Max open files", "Max processes"} {
				if got := limitOf(l.out.String(), name); got != c.after {
					t.Errorf("%s: %s, want %s", name, got, c.after)
				}
			}
		})
	}
}

// limitOf reads soft and hard limit from /proc/PID/limits.
func limitOf(text, name string) string {
	_, rest, _ := strings.Cut(text, name)
	f := strings.Fields(rest)
	if len(f) < 2 {
		return "none"
	}
	return f[0] + " " + f[1]
}

// mayRaiseHardLimits tells whether this program has CAP_SYS_RESOURCE, which root in a container may lack.
func mayRaiseHardLimits(t *testing.T) bool {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	caps, err := strconv.ParseUint(procStatus(t, string(b), "CapEff"), 16, 64)
	return err == nil && caps&(1<<unix.CAP_SYS_RESOURCE) != 0
}

func TestUnlimitedIsEnough(t *testing.T) {
	lim := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if got := childSoftLimit(unix.RLIMIT_NPROC, &lim); got != unix.RLIM_INFINITY {
		t.Errorf("got %d", got)
	}
}
