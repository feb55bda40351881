package logs

import (
	"slices"
	"time"
)

// reportEvery is the shortest time between two reports by one outage: a disk that is full, has room for a line and is
// full again must not fill another log with reports.
const reportEvery = time.Minute

// A rotationError tells of trouble with the files of a log after which all of it is stored all the same.
type rotationError struct{ error }

func (e *rotationError) Unwrap() error { return e.error }

// IsLoss tells whether an error of a Sink's Write says that bytes were not stored. After one that says that a file could not
// be rotated or compressed everything is stored.
func IsLoss(err error) bool {
	switch e := err.(type) {
	case nil, *rotationError:
		return false
	case interface{ Unwrap() []error }: // of several sinks
		return slices.ContainsFunc(e.Unwrap(), IsLoss)
	}
	return true
}

// An outage decides which errors of a sink are worth telling: the first of a run of failures.
type outage struct {
	failing  bool
	reported time.Time
}

// begin notes a failure. It returns err when it is to be reported, otherwise nil.
func (o *outage) begin(err error) error {
	if o.failing {
		return nil
	}
	o.failing = true
	now := time.Now()
	if !o.reported.IsZero() && now.Sub(o.reported) < reportEvery {
		return nil
	}
	o.reported = now
	return err
}

// end notes that things work.
func (o *outage) end() { o.failing = false }
