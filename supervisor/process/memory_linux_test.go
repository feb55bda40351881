package process

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestMemoryCountsTheGroupAndItsDescendants has a shell with a child in its group, whose own child has left the group.
func TestMemoryCountsTheGroupAndItsDescendants(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	l, err := tryStart(t, h, shell(`sleep 1000 & setsid sh -c 'echo $$; exec sleep 1000' & wait`))
	if err != nil {
		t.Fatal(err)
	}
	proctest.Eventually(t, "the pid of the one that left", func() (string, bool) {
		return l.out.String(), strings.HasSuffix(l.out.String(), "\n")
	})
	away, err := strconv.Atoi(strings.TrimSpace(l.out.String()))
	if err != nil {
		t.Fatal(err)
	}
	members := family(l.Pid())
	if len(members) != 3 || !slices.Contains(members, away) {
		t.Errorf("the family of %d is %v", l.Pid(), members)
	}
	var sum int64
	for _, pid := range append(l.Group(), away) {
		sum += resident(pid)
	}
	if got, err := Memory(l.Pid()); err != nil || got < sum/2 || got > 2*sum || resident(away) == 0 {
		t.Errorf("it uses %d, %v; its processes use %d", got, err, sum)
	}
	_ = syscall.Kill(away, syscall.SIGKILL)
	_ = l.SignalGroup(syscall.SIGKILL)
	proctest.Receive(t, "exit", l.exits)
	// The others of the group need not be gone when their leader is.
	proctest.Eventually(t, "nothing to be used", func() (string, bool) {
		got, err := Memory(l.Pid())
		return fmt.Sprint(got, err), got == 0 && err == nil
	})
}
