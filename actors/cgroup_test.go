package actors

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
)

func TestLimitsOfControlGroupsAreWrittenAsTheKernelReadsThem(t *testing.T) {
	size, none, count, half, unlimited := uint64(512<<20), confload.Unlimited, uint64(100), 0.5, 0.0
	for _, c := range []struct {
		limits confload.CgroupLimits
		want   string
	}{
		{confload.CgroupLimits{}, "[]"},
		{confload.CgroupLimits{MemoryMax: &size, MemoryHigh: &none, CPUMax: &half, PidsMax: &count},
			"[{memory.high max} {memory.max 536870912} {cpu.max 50000 100000} {pids.max 100}]"},
		{confload.CgroupLimits{CPUMax: &unlimited, PidsMax: &none}, "[{cpu.max max 100000} {pids.max max}]"},
	} {
		if got := fmt.Sprint(cgroupSettings(&c.limits)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestTheWarningNamesLimitsCausesAndRemedy(t *testing.T) {
	p := &confload.Program{Name: "web", Group: "g"}
	settings := []process.CgroupSetting{{File: "memory.max", Value: "1"}, {File: "cpu.max", Value: "1"}, {File: "pids.max", Value: "1"}}
	no, other := errors.New("read-only file system"), errors.New("no such controller")
	for got, want := range map[string]string{
		cgroupWarning(p, settings, no, nil): "g:web runs without cgroup_memory_max, cgroup_cpu_max, cgroup_pids_max: read-only file system; ",
		cgroupWarning(p, settings, nil, map[int]error{0: no, 1: other, 2: no}): "g:web runs without cgroup_memory_max, cgroup_pids_max: " +
			"read-only file system; without cgroup_cpu_max: no such controller; ",
		cgroupWarning(p, settings, nil, map[int]error{1: other}): "g:web runs without cgroup_cpu_max: no such controller; ",
	} {
		if got != want+process.CgroupAdvice {
			t.Errorf("got %s", got)
		}
	}
}
