//go:build linux

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

const reaped = 400 // managed processes and orphans each

func init() {
	// A daemon that is process 1 (or a subreaper) with managed children, each of which leaves one orphan behind, and both
	// die at about the same time. Status and pid of all are known in advance.
	roles["reaper"] = func() {
		if os.Getenv("SUBREAPER") != "" {
			must(0, AdoptOrphans())
		}
		h := must(NewHost(Options{noPidfd: os.Getenv("NOPIDFD") != ""}))
		if !h.NeedsReaper() {
			fmt.Println("NeedsReaper is false")
		}
		sigs := make(chan os.Signal, 1)
		signal.Notify(sigs, syscall.SIGCHLD)
		var orphans, wrong atomic.Int32
		done := make(chan struct{})
		all := func() bool { return orphans.Load() == reaped }
		go func() {
			for range sigs {
				h.ReapOrphans(func(pid int, status uint32) {
					if DescribeStatus(status) != "exit status 7" {
						wrong.Add(1)
						fmt.Println("orphan", pid, DescribeStatus(status))
					}
					orphans.Add(1)
				})
				if all() {
					close(done)
					return
				}
			}
		}()
		var managed sync.WaitGroup
		var lost atomic.Int32
		for i := range reaped {
			want := i%5 + 1
			s := shell(fmt.Sprintf("sh -c 'sleep 0.0%d; exit 7' & exit %d", i%7, want))
			managed.Add(1)
			s.Exited = func(e Exit) {
				if e.Err != nil || e.Code != want {
					lost.Add(1)
					fmt.Println("managed", Describe(e), "want", want)
				}
				managed.Done()
			}
			h.Start(s, func(_ *Process, err error) { must(0, err) })
		}
		managed.Wait()
		<-done
		h.Close()
		var zombies []proctest.Child
		for _, c := range proctest.Children() {
			if c.Zombie {
				zombies = append(zombies, c)
			}
		}
		fmt.Println("lost", lost.Load(), "wrong", wrong.Load(), "zombies", zombies, "managed", len(children.managed))
	}
}

// Statuses of managed processes are never taken by the reaper, and every orphan is reaped, in a real process 1.
func TestReapOrphans(t *testing.T) {
	h := newHost(t, Options{})
	for name, env := range map[string]string{"pid 1": "", "pid 1 without pidfd": "NOPIDFD=1", "subreaper": "SUBREAPER=1"} {
		t.Run(name, func(t *testing.T) {
			spec := roleSpec("reaper")
			if name != "subreaper" {
				needRoot(t)
				spec = roleSpec("reaper", "/usr/bin/unshare", "-pf", "--mount-proc")
			}
			spec.Env = append(spec.Env, env)
			l, e := runToEnd(t, h, spec)
			if want := "lost 0 wrong 0 zombies [] managed 0\n"; e.Code != 0 || l.out.String() != want {
				t.Errorf("%s\n%s%s", Describe(e), l.out.String(), l.err.String())
			}
		})
	}
}

func init() {
	roles["adopted"] = func() {
		h := must(NewHost(Options{}))
		defer h.Close()
		fmt.Println(h.NeedsReaper())
		reaped := false
		sigs := make(chan os.Signal, 1)
		signal.Notify(sigs, syscall.SIGCHLD)
		fmt.Println("ready")
		bufio.NewReader(os.Stdin).ReadString('\n') // until the child has been told to end
		for !reaped {
			h.ReapOrphans(func(_ int, status uint32) { fmt.Println(DescribeStatus(status)); reaped = true })
			if !reaped {
				<-sigs
			}
		}
	}
}

// A program that became this one by exec may have left it children.
func TestChildrenFromBefore(t *testing.T) {
	h := newHost(t, Options{})
	if h.NeedsReaper() {
		t.Error("this program has no other children")
	}
	l := start(t, h, roleSpec("adopted", "/bin/sh", "-c", `read x <&0; exit 4 & exec "$@"`, "sh"))
	l.WriteStdin([]byte("go\ngo\n"))
	if e := l.wait(t); e.Code != 0 || l.out.String() != "true\nready\nexit status 4\n" {
		t.Errorf("%s: %q %q", Describe(e), l.out.String(), l.err.String())
	}
}
