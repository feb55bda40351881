package actors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file is the control groups of programs that ask for one.

// cgroupPlace is where the groups are made. It is looked for when the first one is needed.
type cgroupPlace struct {
	once  sync.Once
	place *process.Cgroups // nil: there is none
	err   error            // why
}

func (c *cgroupPlace) get() (*process.Cgroups, error) {
	c.once.Do(func() { c.place, c.err = process.OpenCgroups() })
	return c.place, c.err
}

// close removes what groups are empty.
func (c *cgroupPlace) close() {
	c.once.Do(func() {})
	if c.place != nil {
		c.place.Close()
	}
}

// enterCgroup has the process of spec begin in the group of the program. What cannot be had is told once; the program runs without.
func (r *run) enterCgroup(spec *process.Spec) {
	settings := cgroupSettings(&r.prog.Cgroup)
	place, err := r.tree.cgroups.get()
	refused := map[int]error{}
	if err == nil {
		r.cgroup, refused = place.Enter(r.prog.NameSpec(), settings)
	}
	if err != nil || len(refused) > 0 {
		r.entry.cgroupWarned.Do(func() { r.tree.logger.Warn(cgroupWarning(r.prog, settings, err, refused)) })
	}
	if r.cgroup == nil {
		return
	}
	spec.Cgroup = r.cgroup
	spec.CgroupRefused = func(err error) {
		r.entry.cgroupWarned.Do(func() {
			r.tree.logger.Warn(cgroupWarning(r.prog, settings, fmt.Errorf("the kernel does not start processes in control groups: %w", err), nil))
		})
	}
}

// leaveCgroup removes the group of this life, and says what was killed in it; "" nothing.
func (r *run) leaveCgroup() string {
	g := r.cgroup
	if g == nil {
		return ""
	}
	r.cgroup = nil
	killed := g.OOMKills()
	g.Remove()
	switch killed {
	case 0:
		return ""
	case 1:
		return ", the kernel has killed a process of it for lack of memory (cgroup_memory_max)"
	}
	return fmt.Sprintf(", the kernel has killed %d processes of it for lack of memory (cgroup_memory_max)", killed)
}

// cgroupPeriod is the time that cpu.max is about, in microseconds: the kernel's default.
const cgroupPeriod = 100_000

// cgroupSettings are limits as the kernel reads them.
func cgroupSettings(c *confload.CgroupLimits) (out []process.CgroupSetting) {
	number := func(file string, v *uint64) {
		switch {
		case v == nil:
		case *v == confload.Unlimited:
			out = append(out, process.CgroupSetting{File: file, Value: "max"})
		default:
			out = append(out, process.CgroupSetting{File: file, Value: strconv.FormatUint(*v, 10)})
		}
	}
	number("memory.high", c.MemoryHigh) // before the other: a group above both is slowed down first
	number("memory.max", c.MemoryMax)
	if c.CPUMax != nil {
		value := "max"
		if *c.CPUMax > 0 {
			value = strconv.Itoa(int(*c.CPUMax * cgroupPeriod))
		}
		out = append(out, process.CgroupSetting{File: "cpu.max", Value: fmt.Sprintf("%s %d", value, cgroupPeriod)})
	}
	number("pids.max", c.PidsMax)
	return out
}

// cgroupWarning says which limits are not in force, and why. all is an error about all of them; nil: those in refused.
func cgroupWarning(p *confload.Program, settings []process.CgroupSetting, all error, refused map[int]error) string {
	var causes []string // in their order, each once
	names := map[string][]string{}
	for i, s := range settings {
		err := all
		if err == nil {
			err = refused[i]
		}
		if err == nil {
			continue
		}
		cause := logs.Clean(err.Error())
		if !slices.Contains(causes, cause) {
			causes = append(causes, cause)
		}
		names[cause] = append(names[cause], "cgroup_"+strings.ReplaceAll(s.File, ".", "_"))
	}
	for i, cause := range causes {
		causes[i] = strings.Join(names[cause], ", ") + ": " + cause
	}
	return fmt.Sprintf("%s runs without %s; %s", logs.Clean(p.NameSpec()), strings.Join(causes, "; without "), process.CgroupAdvice)
}
