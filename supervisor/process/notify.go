package process

import "errors"

// ErrNoNotify: this platform does not tell who has sent a message, so that nobody's word can be taken.
var ErrNoNotify = errors.New("the protocol of sd_notify needs Linux")

// maxNotifyMessage bounds, in bytes, one message of the protocol; a longer one is dropped.
const maxNotifyMessage = 4096

// A NotifyHandler hears what comes to a NotifySocket. Both functions are called on one goroutine.
type NotifyHandler struct {
	// Told is called with each message of a process that belongs to the program.
	Told func(text string)
	// Refused is called with the pid of another process that has sent a message; 0: it cannot be seen from here.
	Refused func(pid int)
}
