package actors

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/supervisor/process"
)

// A witness makes scripts of listeners that do what comes into their heads, and keeps account of every event: who has
// acknowledged it, and what the log says is discarded.
type witness struct {
	mu        sync.Mutex
	dice      *rand.Rand
	calm      bool                   // from now on they behave
	heard     map[string]map[int]int // pool → serial → its number in the pool
	acked     map[string]map[int]int // pool → serial → how often
	discarded map[string]map[int]int
	problems  []string
}

func newWitness(seed uint64) *witness {
	return &witness{dice: rand.New(rand.NewPCG(seed, 11)), heard: map[string]map[int]int{}, acked: map[string]map[int]int{},
		discarded: map[string]map[int]int{}}
}

func count(m map[string]map[int]int, pool string, serial, n int) {
	if m[pool] == nil {
		m[pool] = map[int]int{}
	}
	m[pool][serial] += n
}

// throw returns a number below n; 0 when all is calm.
func (w *witness) throw(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm {
		return 0
	}
	return w.dice.IntN(n)
}

func (w *witness) calmDown() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = true
}

func (w *witness) script(pool string) script {
	s := script{given: func(p *scriptedProcess, in string) { w.take(pool, p, in) }}
	s.begun = func(p *scriptedProcess) {
		if w.throw(10) == 9 {
			p.says("rubbish\n")
			return
		}
		p.says("READ")
		p.says("Y\n")
	}
	s.stops = time.Duration(w.throw(6000)) * time.Millisecond
	if w.throw(10) == 9 {
		s.stops = -1
	}
	return s
}

func (w *witness) take(pool string, p *scriptedProcess, in string) {
	tokens := map[string]string{}
	head, payload, _ := strings.Cut(in, "\n")
	for _, kv := range strings.Fields(head) {
		k, v, _ := strings.Cut(kv, ":")
		tokens[k] = v
	}
	serial, err1 := strconv.Atoi(tokens["serial"])
	poolSerial, err2 := strconv.Atoi(tokens["poolserial"])
	w.mu.Lock()
	before, again := w.heard[pool][serial]
	if err1 != nil || err2 != nil || tokens["pool"] != pool || tokens["len"] != strconv.Itoa(len(payload)) || again && before != poolSerial {
		w.problems = append(w.problems, fmt.Sprintf("%s: %q after number %d", pool, in, before))
	}
	if !again {
		count(w.heard, pool, serial, poolSerial)
	}
	w.mu.Unlock()
	switch w.throw(40) {
	default:
		w.acknowledge(pool, p, serial)
	case 20, 21, 22, 23, 24, 25, 26, 27:
		<-time.After(time.Duration(w.throw(3000)) * time.Millisecond)
		w.acknowledge(pool, p, serial)
	case 28, 29, 30, 31, 32, 33:
		p.says("RESULT 4\nFAILREADY\n")
	case 34, 35, 36:
		p.end(process.Exit{Code: 1, Status: 1 << 8})
	case 37, 38:
		p.says("this is no result\n")
	case 39: // it never answers
	}
}

func (w *witness) acknowledge(pool string, p *scriptedProcess, serial int) {
	p.says("RESULT 2\nO")
	if p.says("K") {
		w.mu.Lock()
		count(w.acked, pool, serial, 1)
		w.mu.Unlock()
	}
	p.says("READY\n")
}

var (
	overflowed = regexp.MustCompile(`pool (\w+) event buffer overflowed, discarding event (\d+)`)
	ended      = regexp.MustCompile(`pool (\w+) ends, discarding events nobody has acknowledged:((?: \d+)+)`)
)

// Write takes lines of the log.
func (w *witness) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := overflowed.FindSubmatch(b)
	if m == nil {
		m = ended.FindSubmatch(b)
	}
	if m != nil {
		for serial := range strings.FieldsSeq(string(m[2])) {
			n, _ := strconv.Atoi(serial)
			count(w.discarded, string(m[1]), n, 1)
		}
	}
	if strings.Contains(string(b), "internal error") {
		w.problems = append(w.problems, string(b))
	}
	return len(b), nil
}

// logger is a main log that the witness reads.
// accounted tells whether an event has ended once. A listener may have written its acknowledgement in the moment in which its pool
// ends, which has not read it then: it is told as discarded too.
func accounted(acknowledged, discarded int) bool {
	return acknowledged <= 1 && discarded <= 1 && acknowledged+discarded > 0
}

func (w *witness) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: w})
}

// check looks at the account when the tree is gone. next is the serial of the event that would have come. all is a pool that was there
// all the time and wants every event. It returns how many of them were acknowledged there.
func (w *witness) check(t *testing.T, all string, next int) (acknowledged int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.problems {
		t.Error(p)
	}
	for pool, heard := range w.heard {
		for serial, number := range heard {
			if a, d := w.acked[pool][serial], w.discarded[pool][serial]; !accounted(a, d) {
				t.Errorf("pool %s, event %d: acknowledged %d times, told as discarded %d times", pool, serial, a, d)
			}
			if pool == all && serial != number {
				t.Errorf("pool %s, event %d has number %d", pool, serial, number)
			}
		}
	}
	both := 0
	for serial := range next {
		a, d := w.acked[all][serial], w.discarded[all][serial]
		if a > 0 && d > 0 {
			both++
		}
		if !accounted(a, d) {
			t.Errorf("event %d of %d: acknowledged %d times, told as discarded %d times", serial, next, a, d)
		}
	}
	acknowledged = len(w.acked[all])
	if got := len(w.acked[all]) + len(w.discarded[all]) - both; got != next || next == 0 {
		t.Errorf("%d events, %d acknowledged, %d discarded", next, acknowledged, len(w.discarded[all]))
	}
	return acknowledged
}

// checkRecord looks at what a real listener of a pool for every event has written: each event is there or told as discarded. An event
// may be both: a listener that is killed after it wrote the serial has not acknowledged it.
func (w *witness) checkRecord(t *testing.T, pool, path string, next int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	recorded := map[int]bool{}
	for line := range strings.Lines(string(text)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || n >= next {
			t.Errorf("the listener wrote %q, the next serial is %d", line, next)
		}
		recorded[n] = true
	}
	for serial := range next {
		if !recorded[serial] && w.discarded[pool][serial] == 0 {
			t.Errorf("event %d of %d was neither heard nor told as discarded", serial, next)
		}
	}
	if len(recorded) == 0 {
		t.Errorf("none of %d events was heard", next)
	}
}

// listenerVariable makes this program a listener that appends the serial of every event to a file and then acknowledges it,
// refuses it or dies.
const listenerVariable = "SUPD_TEST_LISTENER"

func actAsListener() {
	path := os.Getenv(listenerVariable)
	if path == "" {
		return
	}
	in := bufio.NewReader(os.Stdin)
	for {
		fmt.Print("READY\n")
		head, err := in.ReadString('\n')
		if err != nil {
			syscall.Exit(0)
		}
		_, length, _ := strings.Cut(strings.TrimSpace(head), " len:")
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil {
			syscall.Exit(3)
		}
		if _, err := io.CopyN(io.Discard, in, n); err != nil {
			syscall.Exit(0)
		}
		serial := strings.TrimPrefix(strings.Fields(head)[2], "serial:")
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			syscall.Exit(4)
		}
		fmt.Fprintln(f, serial)
		f.Close()
		switch rand.IntN(10) {
		default:
			fmt.Print("RESULT 2\nOK")
		case 8:
			fmt.Print("RESULT 4\nFAIL")
		case 9:
			syscall.Exit(1)
		}
	}
}

// TestAShutdownAtAnyMomentEnds shuts trees down in the midst of it all. In virtual time a deadlock, or a goroutine that is left, fails.
func TestAShutdownAtAnyMomentEnds(t *testing.T) {
	acknowledged := 0
	for seed := range uint64(40) {
		w := newWitness(seed)
		groups, names, h := w.world(seed)
		inVirtualTime(t, h, groups, func(b *bench) {
			r := rand.New(rand.NewPCG(seed, 5))
			var wg sync.WaitGroup
			for i := range uint64(3) {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, i))
					for b.Mood() == MoodRunning {
						disturb(b.Handle, r, names)
						<-time.After(time.Duration(r.IntN(300)) * time.Millisecond)
					}
				})
			}
			<-time.After(time.Duration(r.IntN(20_000)) * time.Millisecond)
			b.Shutdown(r.IntN(2) == 0)
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			select {
			case <-b.Done():
			case <-ctx.Done():
				t.Fatalf("seed %d: the tree does not end", seed)
			}
			wg.Wait()
			acknowledged += w.check(t, "ear", int(b.EventSerial()))
		}, WithLogger(w.logger()), WithLoader(w.loader(groups)), withCheck(w.hook))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if acknowledged < 200 {
		t.Errorf("only %d events were acknowledged", acknowledged)
	}
}
