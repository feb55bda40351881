package process

// A kind is a descriptor of a process that is watched. It has two bits in the loop's events.
type kind int32

const (
	kindExit kind = iota
	kindStdout
	kindStderr
	kindStdin
)
