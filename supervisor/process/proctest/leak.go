package proctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// LeakCheck fails the test if, some time after it ended, there are goroutines, descriptors or child processes (dead or
// alive) that were not there when LeakCheck was called. Call it first, so that its check comes after all other
// cleanups. It sees the whole program: not for parallel tests.
func LeakCheck(t testing.TB) {
	t.Helper()
	if r, w, err := os.Pipe(); err == nil { // Go's poller opens its descriptors on first use
		r.Close()
		w.Close()
	}
	before := takeCensus()
	t.Cleanup(func() {
		Eventually(t, "everything to be cleaned up", func() (string, bool) {
			runtime.GC() // descriptors may hang on unreachable values
			extra := takeCensus().minus(before)
			return strings.Join(extra, "\n"), len(extra) == 0
		})
	})
}

// A census is what there is, by a key that is never used twice where the system allows that.
type census map[string]string

func (c census) minus(o census) (extra []string) {
	for key, what := range c {
		if _, ok := o[key]; !ok {
			extra = append(extra, key+": "+what)
		}
	}
	return extra
}

func takeCensus() census {
	c := census{}
	c.addGoroutines()
	c.addDescriptors()
	for _, p := range Children() {
		c[fmt.Sprintf("child %d", p.Pid)] = p.Text
	}
	return c
}

var goroutineHead = regexp.MustCompile(`^goroutine (\d+) `)

// forever are goroutines that a program starts once and never ends.
var forever = []string{"os/signal.loop", "os/signal.signal_recv", "runtime.ensureSigM", "testing.(*T).Run", "runtime.runCleanups", "runtime.ReadTrace"}

func (c census) addGoroutines() {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
next:
	for _, stack := range strings.Split(string(buf), "\n\n")[1:] { // the first is ours
		for _, f := range forever {
			if strings.Contains(stack, f) {
				continue next
			}
		}
		if m := goroutineHead.FindStringSubmatch(stack); m != nil {
			c["goroutine "+m[1]] = stack
		}
	}
}

func (c census) addDescriptors() {
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if target, err := os.Readlink(name); err == nil {
			c["descriptor "+filepath.Base(name)+" → "+target] = "open"
		}
	}
}

// A Child is a child of this program.
type Child struct {
	Pid    int
	Zombie bool
	Text   string // "1234 (sleep) S"
}

// Children lists the children of this program, dead ones included.
func Children() (list []Child) {
	self := strconv.Itoa(os.Getpid())
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		head, tail, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(tail)
		if len(f) < 2 || f[1] != self {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		list = append(list, Child{Pid: pid, Zombie: f[0] == "Z", Text: head + ") " + f[0]})
	}
	return list
}
