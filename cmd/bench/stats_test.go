package main

import (
	"math"
	"testing"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for _, c := range []struct {
		samples []float64
		percent float64
		want    float64
	}{
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{[]float64{7}, 99, 7},
		{[]float64{3, 1, 2}, 50, 2},
	} {
		if got := percentile(c.samples, c.percent); got != c.want {
			t.Errorf("p%v of %d samples: %v, want %v", c.percent, len(c.samples), got, c.want)
		}
	}
	if hundred[0] != 100 {
		t.Error("the samples were sorted in place")
	}
	if !math.IsNaN(percentile(nil, 50)) {
		t.Error("no samples have a percentile")
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		want    float64
	}{
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{5}, 5},
	} {
		if got := median(c.samples); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.samples, got, c.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("no samples have a median")
	}
}

func TestUnitsAreWrittenInTheirScale(t *testing.T) {
	for _, c := range []struct {
		unit  unit
		value float64
		want  string
	}{
		{seconds, 271e-6, "271 µs"},
		{seconds, 11.94e-6, "11.9 µs"},
		{seconds, 0.0021, "2.10 ms"},
		{seconds, 0.121, "121 ms"},
		{seconds, 4.097, "4.10 s"},
		{seconds, 0, "0 µs"},
		{bytesHeld, 16e6, "16 MB"},
		{bytesHeld, 900, "900 B"},
		{bytesPerSec, 1015e6, "1015 MB/s"},
		{secondsPerGB, 0.8, "0.80 s/GB"},
		{perSecond, 1.4, "1.40/s"},
		{share, 0.0045, "0.45 %"},
		{count, 0, "0"},
		{count, 12345, "12345"},
		{seconds, math.NaN(), "-"},
	} {
		if got := c.unit.format(c.value); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}
