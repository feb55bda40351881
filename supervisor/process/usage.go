package process

import "time"

// A Usage is what a process and all that belongs to it use: its process group and the descendants of its members.
type Usage struct {
	CPU       time.Duration // so far, with that of children that members have waited for
	Memory    int64         // resident, bytes; pages that several share count for each
	Files     int           // open descriptors; -1: they cannot be counted
	Threads   int
	Processes int // 0: it is gone
}

// A UsageOf says whose usage is asked for.
type UsageOf struct {
	Pid    int
	Cgroup bool // it is in a control group of its own, where that can be had (Cgroups.Enter)
}
