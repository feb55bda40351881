package supervisor

import "fmt"

// memoryUsed restarts a program that uses more memory than it may.
func (s *step) memoryUsed(ev MemoryUsed) {
	limit := s.policy.MemoryLimit
	if s.State != Starting && s.State != Running || s.Pid == 0 || limit <= 0 || ev.Bytes <= limit || s.Held {
		return
	}
	why := fmt.Sprintf("it uses %s, restart_memory_limit is %s", inMegabytes(ev.Bytes), inMegabytes(limit))
	s.log(Warn, "%s is restarted: %s", s.policy.Name, why)
	s.again(ByMemory, Reason{"memory-limit", why})
}

// inMegabytes is a size for people, in the unit that options have.
func inMegabytes(n int64) string {
	const mb = 1 << 20
	if n%mb == 0 {
		return fmt.Sprintf("%d MB", n/mb)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/mb)
}
