package logs

import "io"

// A Sink takes the output of one stream.
//
// Write is called by one goroutine at a time. Reopen, Clear and Close may be called from any goroutine at any time, also
// while a Write is under way.
//
// Write never fails its caller: it always takes all of p and returns len(p). What could not be stored is dropped and
// counted. The error that came with it is returned once when the trouble starts, for reporting, and not again until
// writing has worked in between. A caller reports the error and goes on writing.
type Sink interface {
	io.Writer
	// Reopen opens the target by its name again, after somebody else renamed or removed the file. When that fails, the
	// old target stays in use.
	Reopen() error
	// Clear throws away what has been stored so far. Targets that store nothing (pipes, terminals) do nothing.
	Clear() error
	// Close ends the sink. Later writes are dropped; closing twice does nothing.
	Close() error
}

// Discard is the sink of a log file that is NONE.
var Discard Sink = discard{}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Reopen() error               { return nil }
func (discard) Clear() error                { return nil }
func (discard) Close() error                { return nil }
