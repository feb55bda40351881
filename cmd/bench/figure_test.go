package main

import (
	"math"
	"testing"
)

func TestSelectFigures(t *testing.T) {
	for _, c := range []struct {
		only  string
		names []string
	}{
		{"kill", []string{"kill.p50", "kill.p99"}},
		{"rpc.one", []string{"rpc.one", "rpc.one.tcp"}},
		{"rpc.one, kill.p50", []string{"kill.p50", "rpc.one", "rpc.one.tcp"}},
	} {
		got, err := selectFigures(c.only)
		if err != nil || len(got) != len(c.names) {
			t.Errorf("%s selects %v, %v", c.only, got, err)
			continue
		}
		for i, f := range got {
			if f.name != c.names[i] {
				t.Errorf("%s selects %s, want %s", c.only, f.name, c.names[i])
			}
		}
	}
	if all, err := selectFigures(""); err != nil || len(all) != len(figures) {
		t.Errorf("nothing selects %d figures, %v", len(all), err)
	}
	for _, unknown := range []string{"kil", "kill.", "kill,"} {
		if got, err := selectFigures(unknown); err == nil {
			t.Errorf("%q selects %v", unknown, got)
		}
	}
}

func TestFigureNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range figures {
		if seen[f.name] {
			t.Errorf("%s twice", f.name)
		}
		seen[f.name] = true
	}
}

func TestVerdict(t *testing.T) {
	atMost := figure{unit: seconds, limits: []limit{{ratio: 1.5}}}
	atLeast := figure{unit: bytesPerSec, higher: true, limits: []limit{{ratio: 0.9}}}
	absolute := figure{unit: bytesHeld, limits: []limit{{value: 16e6, scales: true}}}
	both := figure{unit: seconds, limits: []limit{{ratio: 1.15}, {value: 0.3}}}
	zero := figure{unit: count, limits: []limit{{value: 0}}}
	nan := math.NaN()
	for _, c := range []struct {
		what     string
		figure   figure
		supd     float64
		floor    float64
		programs int
		want     verdict
	}{
		{"just within the ratio", atMost, 3, 2, 1000, verdictReached},
		{"beyond the ratio", atMost, 3.01, 2, 1000, verdictMissed},
		{"no floor to compare with", atMost, 3, nan, 1000, verdictNone},
		{"supd was not measured", atMost, nan, 2, 1000, verdictNone},
		{"fast enough", atLeast, 950, 1000, 1000, verdictReached},
		{"too slow", atLeast, 850, 1000, 1000, verdictMissed},
		{"too big for 1,000", absolute, 17e6, nan, 1000, verdictMissed},
		{"the limit does not shrink below 1,000", absolute, 15e6, nan, 10, verdictReached},
		{"the limit grows with the number", absolute, 150e6, nan, 10000, verdictReached},
		{"one of two limits missed", both, 0.31, 1, 1000, verdictMissed},
		{"none of two limits missed", both, 0.3, 1, 1000, verdictReached},
		{"nothing lost", zero, 0, 0, 1000, verdictReached},
		{"something lost", zero, 1, 0, 1000, verdictMissed},
		{"no limit", figure{}, 1, 1, 1000, verdictNone},
	} {
		if got := c.figure.judge(c.supd, c.floor, c.programs); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestMustReach(t *testing.T) {
	want := map[string]string{
		"start.wall":   "≤ 1.15 × floor",
		"start.cpu":    "≤ 300 ms",
		"memory.rss":   "≤ 16 MB",
		"idle.wakeups": "0",
		"flood.rate":   "≥ 0.90 × floor",
		"start.setup":  "",
		"rpc.all":      "≤ 2 × floor",
		"rpc.one":      "≤ 1.50 × floor",
		"flood.cpu":    "≤ 1.20 × floor",
		"lines.cpu":    "≤ 1.25 × floor",
	}
	for _, f := range figures {
		if text, ok := want[f.name]; ok && f.mustReach(1000) != text {
			t.Errorf("%s must reach %q, want %q", f.name, f.mustReach(1000), text)
		}
		delete(want, f.name)
	}
	for name := range want {
		t.Errorf("there is no %s", name)
	}
}
