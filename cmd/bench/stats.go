package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// percentile returns the nearest-rank percentile of samples, NaN when there are none. It does not change samples.
func percentile(samples []float64, percent float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(samples))
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// median returns the middle of samples, the mean of the two middle ones when their number is even, NaN without any.
func median(samples []float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(samples))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// A unit says what a figure counts and so how it is written.
type unit string

const (
	seconds      unit = "s"
	bytesHeld    unit = "bytes"
	count        unit = "count"
	perSecond    unit = "1/s"
	bytesPerSec  unit = "bytes/s"
	secondsPerGB unit = "s/GB"
	share        unit = "share" // of one processor
)

// format writes value, which is in the base unit, with three digits that matter. MB and GB are powers of ten.
func (u unit) format(value float64) string {
	if math.IsNaN(value) {
		return "-"
	}
	switch u {
	case seconds:
		switch {
		case value < 1e-3:
			return digits(value*1e6) + " µs"
		case value < 1:
			return digits(value*1e3) + " ms"
		}
		return digits(value) + " s"
	case bytesHeld:
		if value != 0 && value < 1e5 {
			return digits(value) + " B"
		}
		return digits(value/1e6) + " MB"
	case bytesPerSec:
		return digits(value/1e6) + " MB/s"
	case secondsPerGB:
		return digits(value) + " s/GB"
	case perSecond:
		return digits(value) + "/s"
	case share:
		return digits(100*value) + " %"
	}
	return digits(value)
}

// digits writes value with three digits, and all digits of its whole part.
func digits(value float64) string {
	switch magnitude := math.Abs(value); {
	case value == math.Trunc(value):
		return strconv.FormatFloat(value, 'f', 0, 64)
	case magnitude >= 100:
		return fmt.Sprintf("%.0f", value)
	case magnitude >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
}
