package events

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/gwaycc/supd/supervisor"
)

// State is where a listener stands in its protocol.
type State uint8

// The states of a listener. Acknowledged is the first one.
const (
	Acknowledged State = iota // it must say READY before it gets an event
	Ready                     // it waits for an event
	Busy                      // it has an event and owes the result
	Unknown                   // it broke the protocol and gets nothing any more
)

// String is the state's name in the log.
func (s State) String() string { return [...]string{"ACKNOWLEDGED", "READY", "BUSY", "UNKNOWN"}[s] }

const (
	readyToken  = "READY\n"
	resultStart = len("RESULT ") // of a result line; what stands there is not looked at (compat.md §5.3)
	good        = "OK"
)

// The bounds of what a listener may say. It costs no more memory than a result line, however much it writes.
const (
	// MaxResultLine bounds the line before a result, in bytes, without its line feed.
	MaxResultLine = 256
	// MaxResult bounds the length of a result, in bytes. Nothing is kept of a result but whether it is OK.
	MaxResult = 1 << 20
)

// A Protocol reads what one life of a listener process writes to its standard output. The zero value with a Name is at
// the begin of a life.
type Protocol struct {
	Name string // of the process, for the log

	state  State
	line   []byte // of READY or of the result line, what has come so far
	inBody bool   // the result line is complete
	left   int    // bytes of the result to come
	match  int    // how many bytes of the result are those of good; -1: it is another one
	serial Serial // of the event it is busy with
}

// Told is what a listener has said, for its pool.
type Told uint8

// What a listener can say.
const (
	ToldReady    Told = iota // it can be sent an event
	ToldDone                 // the event is dealt with
	ToldRejected             // the event is to be sent once more, to whom it may be
	ToldBroken               // it broke the protocol: it gets nothing any more, and its event goes back
)

// String is the word in transcripts.
func (t Told) String() string { return [...]string{"ready", "done", "rejected", "broken"}[t] }

// A Result is one thing a listener has said.
type Result struct {
	Told   Told
	Serial Serial // ToldDone and ToldRejected: of the event it was busy with
}

// State returns where the listener stands.
func (p *Protocol) State() State { return p.state }

// Sending says that the event of a serial is about to be written. false: the listener is not READY any more and the event
// must not be written; what the pool is told of that is on its way, and it takes the event back then.
func (p *Protocol) Sending(serial Serial) bool {
	if p.state != Ready {
		return false
	}
	p.state, p.serial, p.inBody, p.match = Busy, serial, false, 0
	return true
}

// NotSent takes Sending back, because nothing of the event could be written.
func (p *Protocol) NotSent() {
	if p.state == Busy && !p.inBody && len(p.line) == 0 {
		p.state = Ready
	}
}

// Feed reads a piece of the listener's output. It keeps nothing of b. The results and the lines for the log are in the
// order in which they came about.
func (p *Protocol) Feed(b []byte) (results []Result, log []supervisor.Log) {
	for {
		switch p.state {
		case Unknown:
			return results, log
		case Ready:
			if len(b) == 0 {
				return results, log
			}
			log = p.enter(Unknown, log)
			return append(results, Result{Told: ToldBroken}), log
		case Acknowledged:
			n := min(len(readyToken)-len(p.line), len(b))
			p.line, b = append(p.line, b[:n]...), b[n:]
			if len(p.line) < len(readyToken) {
				return results, log
			}
			if string(p.line) != readyToken {
				log = p.enter(Unknown, log)
				return append(results, Result{Told: ToldBroken}), log
			}
			log = p.enter(Ready, log)
			results = append(results, Result{Told: ToldReady})
		case Busy:
			var r Result
			var done bool
			if b, r, done, log = p.busy(b, log); !done {
				return results, log
			}
			results = append(results, r)
		}
	}
}

// busy reads a result line and a result. done says that r is what came of the event; otherwise b was used up.
func (p *Protocol) busy(b []byte, log []supervisor.Log) (rest []byte, r Result, done bool, _ []supervisor.Log) {
	r = Result{Serial: p.serial}
	if !p.inBody {
		end := bytes.IndexByte(b, '\n')
		taken := end
		if end < 0 {
			taken = len(b)
		}
		p.line = append(p.line, b[:min(taken, MaxResultLine+1-len(p.line))]...)
		if end < 0 && len(p.line) <= MaxResultLine {
			return nil, r, false, log
		}
		n, ok := resultLength(p.line)
		if !ok {
			log = append(log, supervisor.Log{Level: supervisor.Warn,
				Text: fmt.Sprintf("%s: bad result line: '%s'", p.Name, readableLine(p.line))})
			log = p.enter(Unknown, log)
			return nil, Result{Told: ToldBroken}, true, log
		}
		p.inBody, p.left, p.line, b = true, n, p.line[:0], b[end+1:]
	}
	n := min(p.left, len(b))
	for _, c := range b[:n] {
		if p.match < 0 || p.match >= len(good) || c != good[p.match] {
			p.match = -1
			break
		}
		p.match++
	}
	p.left, b = p.left-n, b[n:]
	if p.left > 0 {
		return nil, r, false, log
	}
	if p.match == len(good) {
		r.Told = ToldDone
		log = append(log, supervisor.Log{Level: supervisor.Debug, Text: p.Name + ": event was processed"})
	} else {
		r.Told = ToldRejected
		log = append(log, supervisor.Log{Level: supervisor.Warn, Text: p.Name + ": event was rejected"})
	}
	return b, r, true, p.enter(Acknowledged, log)
}

// enter changes the state and appends what is to be logged.
func (p *Protocol) enter(to State, log []supervisor.Log) []supervisor.Log {
	log = append(log, supervisor.Log{Level: supervisor.Debug, Text: fmt.Sprintf("%s: %s -> %s", p.Name, p.state, to)})
	p.state, p.line = to, p.line[:0]
	if to == Unknown {
		p.line = nil
		log = append(log, supervisor.Log{Level: supervisor.Warn, Text: p.Name + ": has entered the UNKNOWN state and will no " +
			"longer receive events, this usually indicates the process violated the eventlistener protocol"})
	}
	return log
}

// resultLength reads the number of a result line: what stands after the seventh byte, with white space around it.
func resultLength(line []byte) (int, bool) {
	if len(line) > MaxResultLine || len(line) < resultStart {
		return 0, false
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(line[resultStart:])))
	return n, err == nil && 0 <= n && n <= MaxResult
}

// readableLine is a result line for the log: cut to its bound, and in Python's notation when it is no text.
func readableLine(line []byte) string {
	cut := ""
	if len(line) > MaxResultLine {
		line, cut = line[:MaxResultLine], "…"
	}
	return Readable(line) + cut
}
