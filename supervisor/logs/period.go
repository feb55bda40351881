package logs

import "time"

// nextPeriod returns the begin of the period after the one that at is in: of the next hour, day or week in the time zone of
// at. Weeks begin on Monday. It is the zero time when every is none of these.
func nextPeriod(at time.Time, every string) time.Time {
	y, m, d := at.Date()
	var next time.Time
	var length time.Duration
	switch every {
	case "hour":
		next, length = time.Date(y, m, d, at.Hour()+1, 0, 0, 0, at.Location()), time.Hour
	case "day":
		next, length = time.Date(y, m, d+1, 0, 0, 0, 0, at.Location()), 24*time.Hour
	case "week":
		days := 7 - (int(at.Weekday())+6)%7
		next, length = time.Date(y, m, d+days, 0, 0, 0, 0, at.Location()), 7*24*time.Hour
	default:
		return time.Time{}
	}
	if !next.After(at) { // a clock that was set forward skips the begin, and Date may choose a moment before
		return at.Add(length)
	}
	return next
}
