package logs

import "time"

// reportEvery is the shortest time between two reports by one outage: a disk that is full, has room for a line and is
// full again must not fill another log with reports.
const reportEvery = time.Minute

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
