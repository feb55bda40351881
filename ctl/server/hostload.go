package server

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// hostLoad tells the load of the host, as /proc has it: the share of the processors since it was asked last, or since the boot.
type hostLoad struct {
	mu          sync.Mutex
	busy, whole int64 // ticks when it was asked last
}

// node is a supd with the load of its host; where there is no /proc that is 0.
func (h *hostLoad) node(name string) oldNode {
	n := oldNode{Name: name, Status: "ONLINE"}
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
		n.CPUPercent = 100 * float64(busy-h.busy) / float64(whole-h.whole)
	}
	h.busy, h.whole = busy, whole
	h.mu.Unlock()
	n.MemTotal, n.MemUsed = memoryOfHost()
	if n.MemTotal > 0 {
		n.MemPercent = 100 * float64(n.MemUsed) / float64(n.MemTotal)
	}
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
