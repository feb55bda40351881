package main

import (
	"runtime/debug"
	"time"

	cmap "github.com/orcaman/concurrent-map"
)

// The actor library keeps names in 1,024 tables, each of which is cut into SHARD_COUNT parts. That is meant for tens of
// thousands of messages between systems; here it would be 2.8 MB and half of the time of a start.
func init() { cmap.SHARD_COUNT = 1 }

// settleTime is how long after a start the memory that only the start needed is given back.
const settleTime = 1500 * time.Millisecond

// settleMemory gives back what only the start needed, once.
func settleMemory() {
	time.AfterFunc(settleTime, func() {
		debug.FreeOSMemory()
		forgetImage()
	})
}
