package confload

import (
	"errors"
	"fmt"
	"strings"
)

// CgroupLimits are the limits of a program and all its descendants together. Each is nil when it is not given.
type CgroupLimits struct {
	MemoryMax, MemoryHigh *uint64  // bytes; Unlimited: none
	CPUMax                *float64 // processors, above 0; 0: no limit
	PidsMax               *uint64  // processes and threads; Unlimited: none
}

// Any tells whether one is given.
func (c *CgroupLimits) Any() bool { return *c != CgroupLimits{} }

// cgroupTable are the options of a program about its control group.
var cgroupTable = tableOf("program",
	cgroupOption("cgroup_memory_max", "512MB", "How much memory the program may use, its descendants and its part of the page cache included; when no more "+
		"can be freed, the kernel kills in it. MemoryMax of systemd.",
		limitOrNone(sizeFrom(1)), func(c *CgroupLimits) **uint64 { return &c.MemoryMax }),
	cgroupOption("cgroup_memory_high", "400MB", "Above how much memory the program is slowed down and made to give some back. MemoryHigh of systemd.",
		limitOrNone(sizeFrom(1)), func(c *CgroupLimits) **uint64 { return &c.MemoryHigh }),
	cgroupOption("cgroup_cpu_max", "1.5", "How much processor time the program may use, in processors. CPUQuota of systemd.",
		cpuType, func(c *CgroupLimits) **float64 { return &c.CPUMax }),
	cgroupOption("cgroup_pids_max", "100", "How many processes and threads the program may have. TasksMax of systemd.",
		limitOrNone(countFrom(1)), func(c *CgroupLimits) **uint64 { return &c.PidsMax }),
)

func cgroupOption[V any](name, example, help string, t valueType[V], field func(*CgroupLimits) **V) binding[Program] {
	return bind(Option{Name: name, Computed: "that of supd", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord makes no control groups", Example: example, Help: help},
		optional(t), func(p *Program) **V { return field(&p.Cgroup) })
}

// sizeFrom is the type of sizes of at least low bytes.
func sizeFrom(low int64) valueType[int64] { return atLeast(byteType, low) }

func countFrom(low int64) valueType[int64] {
	return atLeast(valueType[int64]{name: "integer", allowed: limitCount.allowed, parse: limitCount.parse, same: equal[int64]}, low)
}

func atLeast(t valueType[int64], low int64) valueType[int64] {
	parse := t.parse
	t.parse = func(l *loader, s string) (int64, error) {
		v, err := parse(l, s)
		if err == nil && v < low {
			err = fmt.Errorf("it is less than %d", low)
		}
		return v, err
	}
	return t
}

// limitOrNone is a type that has the word unlimited as well.
func limitOrNone(t valueType[int64]) valueType[uint64] {
	return valueType[uint64]{
		name: t.name, allowed: t.allowed + ", or unlimited",
		parse: func(l *loader, s string) (uint64, error) {
			if strings.EqualFold(strings.TrimFunc(s, isSpace), "unlimited") {
				return Unlimited, nil
			}
			v, err := t.parse(l, s)
			return uint64(v), err
		},
		same: equal[uint64],
	}
}

// The bounds of cgroup_cpu_max: the kernel takes no less than a hundredth of a processor.
const minCPU, maxCPU = 0.01, 10000

var cpuType = valueType[float64]{
	name: "processors", allowed: "a number of processors, like 1.5, or a percentage of one, like 50% (written 50%%), at least 0.01, or unlimited",
	parse: func(_ *loader, s string) (float64, error) {
		s = strings.TrimFunc(s, isSpace)
		if strings.EqualFold(s, "unlimited") {
			return 0, nil
		}
		digits, percent := strings.CutSuffix(s, "%")
		v, err := parseDecimal(digits)
		if percent {
			v /= 100
		}
		if err == nil && (v < minCPU || v > maxCPU) {
			err = errors.New("it is out of range")
		}
		return v, err
	},
	same: equal[float64],
}
