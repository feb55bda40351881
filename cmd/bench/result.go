package main

import "math"

// A result is what one peer achieved in one figure.
type result struct {
	value   float64 // in the figure's unit; NaN: failed
	samples int     // measurements behind value
	note    string  // what a reader must know about value; often empty
	failure string  // why there is no value
}

// results holds what was measured so far, by figure name and peer name. A pair that is missing does not apply.
type results struct {
	cells map[[2]string]result
}

func newResults() *results {
	return &results{cells: map[[2]string]result{}}
}

func (r *results) put(figure, peer string, value float64, samples int, note string) {
	r.cells[[2]string{figure, peer}] = result{value: value, samples: samples, note: note}
}

// fail marks those of figs that peer has no result for as failed.
func (r *results) fail(figs []figure, peer string, reason string) {
	for _, f := range figs {
		if _, done := r.get(f.name, peer); !done {
			r.cells[[2]string{f.name, peer}] = result{value: math.NaN(), failure: reason}
		}
	}
}

func (r *results) get(figure, peer string) (result, bool) {
	cell, ok := r.cells[[2]string{figure, peer}]
	return cell, ok
}

// value returns NaN for a figure that failed or does not apply.
func (r *results) value(figure, peer string) float64 {
	if cell, ok := r.get(figure, peer); ok {
		return cell.value
	}
	return math.NaN()
}

// ratio compares a peer's value with the floor's; NaN when one of them is missing or the floor's is 0.
func (r *results) ratio(figure, peer string) float64 {
	floor := r.value(figure, peerFloor)
	if floor == 0 {
		return math.NaN()
	}
	return r.value(figure, peer) / floor
}

func (r *results) failed() bool {
	for _, cell := range r.cells {
		if cell.failure != "" {
			return true
		}
	}
	return false
}
