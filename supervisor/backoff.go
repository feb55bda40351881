package supervisor

import (
	"fmt"
	"math"
	"time"
)

// BackoffKind tells how the wait before the next attempt grows with the number of failed ones.
type BackoffKind int

// The values of backoff=. Base is the first wait.
const (
	BackoffLinear      BackoffKind = iota // base, twice, three times base …
	BackoffConstant                       // always base
	BackoffExponential                    // base, twice, four times base …
)

// RetryForever is the StartRetries of a program that is never given up.
const RetryForever = -1

// A BackoffPolicy says how long a program that failed to start waits for its next attempt. The zero value is supervisord's:
// as many seconds as there were failed attempts.
type BackoffPolicy struct {
	Kind   BackoffKind
	Base   time.Duration // 0: a second
	Cap    time.Duration // no wait is longer; 0: none is too long
	Jitter float64       // the wait is up to this fraction longer or shorter, from 0 to 1
	Seed   uint64        // what Jitter draws from, so that programs do not all come back at once
	Reset  time.Duration // how long it must be RUNNING for its failures to be forgotten; 0: they are at once
}

// Wait is how long to wait after so many failed attempts in a row, at least one, the last of them in this life. The same
// arguments give the same wait.
func (b *BackoffPolicy) Wait(failures int, life uint64) time.Duration {
	base := float64(b.Base)
	if b.Base <= 0 {
		base = float64(time.Second)
	}
	n := float64(max(1, failures))
	wait := base
	switch b.Kind {
	case BackoffLinear:
		wait *= n
	case BackoffExponential:
		wait *= math.Exp2(n - 1)
	}
	if b.Jitter > 0 {
		wait *= 1 + b.Jitter*(2*uniform(b.Seed, life)-1)
	}
	if limit := float64(b.Cap); b.Cap > 0 && wait > limit {
		return b.Cap
	}
	if wait >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(wait)
}

// uniform is a number from 0 to 1 that looks random (splitmix64).
func uniform(seed, n uint64) float64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}

// backoffWait is how long the program waits in BACKOFF.
func (s *step) backoffWait() time.Duration {
	return max(s.policy.Backoff.Wait(s.Failures, s.Life), s.policy.RestartPause)
}

// retriesLeft tells whether the failed attempts do not exceed startretries.
func (s *step) retriesLeft() bool {
	return s.policy.StartRetries == RetryForever || s.Failures <= max(0, s.policy.StartRetries)
}

// pause keeps a program down for restartpause and then starts it with a reason.
func (s *step) pause(r Reason) {
	s.Waiting, s.Pausing, s.Failing, s.Resume = false, true, false, r
	s.Reason = Reason{"pause", "it is started again after restartpause (" + inSeconds(s.policy.RestartPause) + ")"}
	s.do(Arm{s.Life, PauseTimer, s.policy.RestartPause})
}

// paused ends a pause.
func (s *step) paused() {
	s.Pausing = false
	if s.Lacks != "" {
		s.wait()
		return
	}
	s.start(s.Resume)
}

// unwant forgets that the program is to be started by itself.
func (s *step) unwant() {
	if s.Pausing {
		s.do(Disarm{})
	}
	s.Waiting, s.Pausing, s.Failing, s.Resume = false, false, false, Reason{}
}

// inSeconds is d for people.
func inSeconds(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return d.Round(time.Millisecond).String()
}
