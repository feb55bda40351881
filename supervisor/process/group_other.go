//go:build unix && !linux

package process

// Group lists the members of the process group; here it knows none.
func (p *Process) Group() []int { return nil }

func sinceBoot() uint64 { return 0 }
