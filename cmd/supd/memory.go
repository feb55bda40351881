package main

import (
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	cmap "github.com/orcaman/concurrent-map"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
)

// The actor library keeps names in 1,024 tables, each of which is cut into SHARD_COUNT parts. That is meant for tens of
// thousands of messages between systems; here it would be 2.8 MB and half of the time of a start.
func init() { cmap.SHARD_COUNT = 1 }

const (
	// settleTime is how long after a start the memory that only the start needed is given back, and how long that is put off
	// each time that programs are still on their way up.
	settleTime = 500 * time.Millisecond
	// settleTries is how often that is.
	settleTries = 40
)

// settleMemory gives back what only the start needed, once, when nothing of a tree starts any more.
func settleMemory(tree *actors.Handle) {
	var settle func(tries int)
	settle = func(tries int) {
		if tries > 0 && slices.ContainsFunc(tree.Infos(), func(i *actors.Info) bool { return i.State == supervisor.Starting }) {
			time.AfterFunc(settleTime, func() { settle(tries - 1) })
			return
		}
		runtime.GC() // pools keep what they have for one more
		debug.FreeOSMemory()
		forgetImage()
	}
	time.AfterFunc(settleTime, func() { settle(settleTries) })
}
