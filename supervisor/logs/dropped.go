package logs

// Dropped is how many bytes a Sink has been given and could not store so far: those of its files and devices, with several
// of them all together. What syslog servers could not be sent is counted by them, in messages, and is not in it.
func Dropped(s Sink) int64 {
	switch s := s.(type) {
	case *File:
		return s.Dropped()
	case *QueuedSink:
		return s.Dropped() + Dropped(s.sink)
	case *formatter:
		return Dropped(s.Sink)
	case *strippedSink:
		return Dropped(s.Sink)
	case fanOut:
		n := int64(0)
		for _, each := range s {
			n += Dropped(each)
		}
		return n
	}
	return 0
}
