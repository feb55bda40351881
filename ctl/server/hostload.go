package server

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/gwaycc/supd/ctl/api"
)

// hostLoad tells the load of the host, as /proc has it: the share of the processors since it was asked last, or since the boot.
type hostLoad struct {
	mu          sync.Mutex
	busy, whole int64 // ticks when it was asked last
}

// load answers /server/load.
func (c *restCall) load() (any, error) { return c.server.host.now(), nil }

// now is the load of the host; where there is no /proc that is 0.
func (h *hostLoad) now() api.Load {
	var n api.Load
	stat, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(stat), "\n")
	var busy, whole int64
	for i, word := range strings.Fields(first) {
		ticks, err := strconv.ParseInt(word, 10, 64)
		if err != nil || i > 8 { // guest time is part of user time
			continue
		}
		whole += ticks
		if i != 4 && i != 5 { // idle, and waiting for disks
			busy += ticks
		}
	}
	h.mu.Lock()
	if whole > h.whole {
		n.CPU = 100 * float64(busy-h.busy) / float64(whole-h.whole)
	}
	h.busy, h.whole = busy, whole
	h.mu.Unlock()
	n.Memory, n.MemoryUsed = memoryOfHost()
	return n
}

// memoryOfHost is how much there is, and how much of it cannot be had, in bytes.
func memoryOfHost() (total, used int64) {
	meminfo, _ := os.ReadFile("/proc/meminfo")
	available := int64(0)
	for line := range strings.Lines(string(meminfo)) {
		name, value, _ := strings.Cut(line, ":")
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch {
		case err != nil:
		case name == "MemTotal":
			total = kib << 10
		case name == "MemAvailable":
			available = kib << 10
		}
	}
	return total, total - available
}
