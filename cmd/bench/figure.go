package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The names of the peers. The floor is what the others are compared with; supd is what is judged.
const (
	peerFloor       = "floor"
	peerSupd        = "supd"
	peerSupervisord = "supervisord"
)

// A scenario is one way to run a peer. All figures of a scenario come from the same runs.
type scenario string

const (
	inSingle scenario = "single" // one idle program
	inFleet  scenario = "fleet"  // n idle programs
	inFlood  scenario = "flood"  // one program that writes as fast as it can
	inLines  scenario = "lines"  // many programs that write at a steady pace
	inFile   scenario = "file"   // the program file itself, not running
)

// A limit is one condition a figure must meet. Exactly one of ratio and value is used: ratio when it is not 0.
type limit struct {
	ratio  float64 // of the floor's value
	value  float64 // in the figure's unit
	scales bool    // value is for up to 1,000 programs and grows with their number beyond that
}

// A figure is one line of the benchmark.
type figure struct {
	name   string // what -only selects, by the whole name or the part before the dot
	title  string
	in     scenario
	unit   unit
	higher bool    // more is better, and limits are lower bounds
	limits []limit // none: shown for information
}

// figures is the table of docs: what is measured, in which order it is shown, what must be reached.
var figures = []figure{
	{name: "start.wall", title: "cold start until all are executing", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.15}}},
	{name: "start.cpu", title: "… CPU of the daemon", in: inFleet, unit: seconds, limits: []limit{{value: 0.3, scales: true}}},
	{name: "start.setup", title: "… CPU of the children until they announce themselves", in: inFleet, unit: seconds},
	{name: "single.wall", title: "cold start of one program", in: inSingle, unit: seconds, limits: []limit{{ratio: 1.3}}},
	{name: "memory.rss", title: "resident memory", in: inFleet, unit: bytesHeld, limits: []limit{{value: 16e6, scales: true}}},
	{name: "memory.pss", title: "… its proportional share", in: inFleet, unit: bytesHeld},
	{name: "idle.threads", title: "threads when idle", in: inFleet, unit: count, limits: []limit{{value: 16}}},
	{name: "idle.wakeups", title: "wake-ups when idle", in: inFleet, unit: perSecond, limits: []limit{{value: 0}}},
	{name: "watch.scrape", title: "/metrics, p50", in: inFleet, unit: seconds, limits: []limit{{value: 50e-3, scales: true}}},
	{name: "watch.page", title: "CPU for one open page", in: inFleet, unit: share, limits: []limit{{value: 0.01, scales: true}}},
	{name: "watch.after", title: "wake-ups when it is closed", in: inFleet, unit: perSecond, limits: []limit{{value: 0}}},
	{name: "kill.p50", title: "kill -9 until the next one executes, p50", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.25}}},
	{name: "kill.p99", title: "… p99", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.5}}},
	{name: "storm.cpu", title: "CPU of a death and restart at 200/s", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.5}}},
	{name: "storm.fds", title: "descriptors left over after the storm", in: inFleet, unit: count, limits: []limit{{value: 0}}},
	{name: "storm.zombies", title: "zombies left over after the storm", in: inFleet, unit: count, limits: []limit{{value: 0}}},
	{name: "rpc.all", title: "getAllProcessInfo, p50", in: inFleet, unit: seconds, limits: []limit{{ratio: 2}}},
	{name: "rpc.all.tcp", title: "… over TCP", in: inFleet, unit: seconds, limits: []limit{{ratio: 2}}},
	{name: "rpc.one", title: "getProcessInfo of one, p50", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.5}}},
	{name: "rpc.one.tcp", title: "… over TCP", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.5}}},
	{name: "control.stop", title: "stop of one, p50", in: inFleet, unit: seconds, limits: []limit{{value: 5e-3}}},
	{name: "control.start", title: "start of one, p50", in: inFleet, unit: seconds, limits: []limit{{value: 5e-3}}},
	{name: "update.wall", title: "reread and update with one changed", in: inFleet, unit: seconds, limits: []limit{{value: 25e-3, scales: true}}},
	{name: "update.others", title: "… others restarted by it", in: inFleet, unit: count, limits: []limit{{value: 0}}},
	{name: "stop.wall", title: "stop all until the daemon is gone", in: inFleet, unit: seconds, limits: []limit{{ratio: 1.5}}},
	{name: "flood.rate", title: "one program at full speed into a rotated file", in: inFlood, unit: bytesPerSec, higher: true, limits: []limit{{ratio: 0.9}}},
	{name: "flood.cpu", title: "… CPU", in: inFlood, unit: secondsPerGB, limits: []limit{{ratio: 1.2}}},
	{name: "flood.lost", title: "… bytes lost", in: inFlood, unit: count, limits: []limit{{value: 0}}},
	{name: "lines.cpu", title: "100 programs × 1,000 lines/s, CPU per million lines", in: inLines, unit: seconds, limits: []limit{{ratio: 1.25}}},
	{name: "lines.lost", title: "… bytes lost", in: inLines, unit: count, limits: []limit{{value: 0}}},
	{name: "file.size", title: "static binary without symbols", in: inFile, unit: bytesHeld, limits: []limit{{value: 16e6}}},
}

// selectFigures returns the figures a comma list names, all of them for an empty list.
func selectFigures(only string) ([]figure, error) {
	if only == "" {
		return figures, nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(only, ",") {
		name = strings.TrimSpace(name)
		known := false
		for _, f := range figures {
			if f.is(name) {
				known, wanted[f.name] = true, true
			}
		}
		if !known {
			return nil, fmt.Errorf("no figure is named %q; the names are %s", name, figureNames())
		}
	}
	return slices.DeleteFunc(slices.Clone(figures), func(f figure) bool { return !wanted[f.name] }), nil
}

// is reports whether name is the figure's, or its family's: the part before the dot.
func (f figure) is(name string) bool {
	return f.name == name || strings.HasPrefix(f.name, name+".")
}

func figureNames() string {
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
	}
	return strings.Join(names, " ")
}

// A verdict is what a figure's limits say about supd.
type verdict string

const (
	verdictReached verdict = "ok"
	verdictMissed  verdict = "miss"
	verdictFailed  verdict = "failed" // there is no value to judge
	verdictNone    verdict = "-"      // nothing to judge: no limit, or supd or the floor did not take part
)

// judge compares supd's value with every limit. NaN stands for a value that was not measured.
func (f figure) judge(supd, floor float64, programs int) verdict {
	if len(f.limits) == 0 || math.IsNaN(supd) {
		return verdictNone
	}
	for _, l := range f.limits {
		bound := l.bound(floor, programs)
		if math.IsNaN(bound) {
			return verdictNone
		}
		if f.higher && supd < bound || !f.higher && supd > bound {
			return verdictMissed
		}
	}
	return verdictReached
}

// bound returns the limit in the figure's unit.
func (l limit) bound(floor float64, programs int) float64 {
	switch {
	case l.ratio != 0:
		return l.ratio * floor
	case l.scales:
		return l.value * max(1, float64(programs)/1000)
	}
	return l.value
}

// mustReach writes the limits the way the design does.
func (f figure) mustReach(programs int) string {
	sign := "≤ "
	if f.higher {
		sign = "≥ "
	}
	var parts []string
	for _, l := range f.limits {
		switch bound := l.bound(1, programs); {
		case l.ratio != 0:
			parts = append(parts, sign+digits(l.ratio)+" × floor")
		case bound == 0:
			parts = append(parts, "0")
		default:
			parts = append(parts, sign+f.unit.format(bound))
		}
	}
	return strings.Join(parts, ", ")
}
