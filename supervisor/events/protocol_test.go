package events

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor"
)

// slowProtocol is a listener's protocol as compat.md §5.3 has it, on all that was ever said: each call begins at the
// first byte. It is answered with an event whenever it is READY.
func slowProtocol(said []byte) []string {
	var out []string
	for serial := 0; ; serial++ {
		if len(said) < 6 {
			return out
		}
		if string(said[:6]) != "READY\n" {
			return append(out, "broken")
		}
		out, said = append(out, "ready"), said[6:]
		line, rest, ended := bytes.Cut(said, []byte("\n"))
		if len(line) > MaxResultLine {
			return append(out, "broken")
		}
		if !ended {
			return out
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(line[min(7, len(line)):])))
		if err != nil || n < 0 || n > MaxResult || len(line) < 7 {
			return append(out, "broken")
		}
		if len(rest) < n {
			return out
		}
		if string(rest[:n]) == "OK" {
			out = append(out, fmt.Sprint("done ", serial))
		} else {
			out = append(out, fmt.Sprint("rejected ", serial))
		}
		said = rest[n:]
	}
}

// runProtocol feeds what is said in pieces. An event is sent as soon as the listener is READY, before what stands behind
// it in the same piece, as the model has it.
func runProtocol(t *testing.T, said []byte, cut func(left int) int) (out []string, log []supervisor.Log) {
	t.Helper()
	p := &Protocol{Name: "l"}
	serial := Serial(0)
	for len(said) > 0 {
		n := cut(len(said))
		piece := said[:n]
		said = said[n:]
		for len(piece) > 0 {
			n := len(piece)
			if lf := bytes.IndexByte(piece, '\n'); lf >= 0 {
				n = lf + 1 // READY may end here, and the event comes before what follows
			}
			before := bytes.Clone(piece)
			results, lines := p.Feed(piece[:n])
			if !bytes.Equal(before, piece) {
				t.Fatal("the piece was changed")
			}
			piece = piece[n:]
			log = append(log, lines...)
			for _, r := range results {
				switch r.Told {
				case ToldReady:
					out = append(out, "ready")
					if p.State() == Ready {
						if !p.Sending(serial) {
							t.Fatal("a listener that is READY cannot be sent an event")
						}
						serial++
					}
				case ToldBroken:
					out = append(out, "broken")
				default:
					out = append(out, fmt.Sprint(r.Told, " ", r.Serial))
				}
			}
			if len(p.line) > MaxResultLine+1 || cap(p.line) > 4*MaxResultLine {
				t.Fatalf("it keeps %d bytes of a line, in %d", len(p.line), cap(p.line))
			}
		}
	}
	return out, log
}

func checkProtocol(t *testing.T, said []byte, cut func(left int) int) {
	t.Helper()
	want := slowProtocol(said)
	got, log := runProtocol(t, said, func(left int) int { return min(left, cut(left)) })
	if !slices.Equal(got, want) {
		t.Fatalf("%q\ngot  %v\nwant %v\nlog %v", said, got, want, log)
	}
	bytewise, log2 := runProtocol(t, said, func(int) int { return 1 })
	if !slices.Equal(bytewise, want) || !slices.Equal(log, log2) {
		t.Fatalf("%q byte by byte\ngot  %v\nwant %v\n%v\n%v", said, bytewise, want, log, log2)
	}
}

// words is what random listeners say, with weight on what is right.
var words = []string{"READY\n", "READY\n", "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 2\nOKREADY\n", "RESULT 4\nFAIL", "RESULT 2\nKO",
	"RESULT 0\n", "RESULT 3\nOK", "\n", "R", "x", "RESULT", "RESULT \n", "OK", "RESULT 02\r\nOK", "\xff", strings.Repeat("y", MaxResultLine),
	"RESULT 1048576\n", "RESULT 300\n" + strings.Repeat("z", 300)}

func TestRandomListenersAgreeWithTheSlowProtocol(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 0))
		var said []byte
		for i := range 1 + r.IntN(8) {
			// Mostly alternate, so that long conversations come about.
			w := words[r.IntN(len(words))]
			if r.IntN(10) < 8 {
				w = words[2*(i%2)]
			}
			said = append(said, w...)
		}
		checkProtocol(t, said, func(int) int { return 1 + r.IntN(12) })
		for _, w := range slowProtocol(said) {
			seen[strings.Fields(w)[0]]++
		}
	}
	for _, w := range []string{"ready", "done", "rejected", "broken"} {
		if seen[w] < 300 {
			t.Errorf("%s came only %d times: the listeners are too tame", w, seen[w])
		}
	}
}

func FuzzProtocol(f *testing.F) {
	for _, w := range words {
		f.Add([]byte("READY\n"+w), uint64(1))
	}
	f.Add([]byte("READY\nRESULT 2\nOKREADY\nRESULT 4\nFAILREADY\n"), uint64(3))
	f.Fuzz(func(t *testing.T, said []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		checkProtocol(t, said, func(int) int { return 1 + r.IntN(16) })
	})
}

func TestAListenerThatWritesRubbishForeverCostsNothing(t *testing.T) {
	rubbish := bytes.Repeat([]byte("rubbish "), 8<<10)
	for _, c := range []struct {
		name  string
		begin string
		busy  bool
		want  State
	}{
		{"instead of READY", "", false, Unknown},
		{"while it waits", "READY\n", false, Unknown},
		{"instead of a result line", "READY\n", true, Unknown},
		{"as a long result", "READY\n", true, Busy},
	} {
		p := &Protocol{Name: "l"}
		p.Feed([]byte(c.begin))
		if c.busy && !p.Sending(1) {
			t.Fatal(c.name)
		}
		if c.want == Busy {
			p.Feed([]byte("RESULT 1048576\n"))
			p.Feed(rubbish[:1000])
		}
		p.Feed(rubbish[:1000])
		if n := testing.AllocsPerRun(10, func() { p.Feed(rubbish[:100]) }); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
		if p.State() != c.want || cap(p.line) > 4*MaxResultLine {
			t.Errorf("%s: %s with %d bytes kept", c.name, p.State(), cap(p.line))
		}
	}
}

func TestALongResultLineIsCutInTheLog(t *testing.T) {
	p := &Protocol{Name: "l"}
	p.Feed([]byte("READY\n"))
	p.Sending(0)
	_, log := p.Feed(bytes.Repeat([]byte("x"), 5000))
	want := "l: bad result line: '" + strings.Repeat("x", MaxResultLine) + "…'"
	if len(log) == 0 || log[0].Text != want {
		t.Errorf("%v", log)
	}
}

func TestSendingIsTakenBack(t *testing.T) {
	p := &Protocol{Name: "l"}
	if p.Sending(0) {
		t.Error("a listener that has not said READY can be sent an event")
	}
	p.Feed([]byte("READY\n"))
	p.Sending(0)
	p.NotSent()
	if p.State() != Ready {
		t.Errorf("after a write that did nothing it is %s", p.State())
	}
	p.Sending(0)
	p.Feed([]byte("R"))
	p.NotSent()
	if p.State() != Busy {
		t.Errorf("it has begun a result but is %s", p.State())
	}
}
