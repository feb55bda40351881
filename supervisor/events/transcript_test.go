package events

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/golden"
)

// TestTranscripts runs every testdata/*.txt: "hub SERIAL" begins anew, "pool" adds a pool with these options, lines that
// begin with ">" are facts, the lines below a fact are what comes of it. Run with -update to rewrite them, and review the
// diff.
func TestTranscripts(t *testing.T) {
	golden.Transcripts(t, transcript)
}

// stage is a hub with the protocols of its listeners, wired as a daemon does it. A write succeeds unless it was said
// that it does not.
type stage struct {
	t         *testing.T
	out       strings.Builder
	hub       *Hub
	names     map[string][]string
	protocols map[string]*Protocol // by pool, index and life
	inputs    map[string]Refusal   // of the listeners that take nothing
}

func transcript(t *testing.T, in string) string {
	s := &stage{t: t}
	s.begin(0)
	for _, line := range strings.Split(strings.TrimRight(in, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // an answer, to be given anew
		}
		s.out.WriteString(line + "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "#", "":
		case "hub":
			n, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s.begin(Serial(n))
		case "pool":
			s.pool(rest)
		case ">":
			before := s.out.Len()
			s.fact(rest)
			if s.out.Len() == before {
				s.say("nothing")
			}
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	return s.out.String()
}

func (s *stage) begin(next Serial) {
	s.hub, s.names = NewHub(next), map[string][]string{}
	s.protocols, s.inputs = map[string]*Protocol{}, map[string]Refusal{}
}

func (s *stage) say(format string, args ...interface{}) {
	fmt.Fprintf(&s.out, "  "+format+"\n", args...)
}

// pool reads "NAME events=A,B buffer=N listeners=a,b len=characters".
func (s *stage) pool(text string) {
	f := strings.Fields(text)
	o := PoolOptions{Name: f[0], Server: "sv", BufferSize: 10}
	for _, kv := range f[1:] {
		k, v, _ := strings.Cut(kv, "=")
		var err error
		switch k {
		case "events":
			o.Events, err = SubscribeNames(strings.Split(v, ","))
		case "buffer":
			o.BufferSize, err = strconv.Atoi(v)
		case "listeners":
			o.Listeners = strings.Split(v, ",")
		case "len":
			o.Unit = map[string]Unit{"bytes": Bytes, "characters": Characters}[v]
		default:
			s.t.Fatalf("unknown option %q", k)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.names[o.Name] = o.Listeners
	s.hub.AddPool(o)
}

// fact reads "publish remote DATA", "publish added GROUP", "POOL/I/LIFE says "TEXT"", "POOL/I/LIFE running" and the like.
func (s *stage) fact(text string) {
	who, rest, _ := strings.Cut(text, " ")
	what, rest, _ := strings.Cut(rest, " ")
	if data, err := strconv.Unquote(rest); err == nil {
		rest = data
	}
	switch who {
	case "publish":
		switch what {
		case "remote":
			s.carryOut(s.hub.Publish(Remote("t", rest)))
		case "added":
			s.carryOut(s.hub.Publish(GroupAdded(rest)))
		default:
			s.t.Fatalf("unknown event %q", what)
		}
		return
	case "rested": // "rested POOL NUMBER"
		n, err := strconv.ParseUint(rest, 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		s.carryOut(s.hub.Pool(what).Rested(n))
		return
	case "remove":
		s.carryOut(s.hub.RemovePool(what))
		return
	case "serial":
		s.say("the next serial is %d", s.hub.NextSerial())
		return
	}
	f := strings.Split(who, "/")
	i, err1 := strconv.Atoi(f[1])
	life, err2 := strconv.ParseUint(f[2], 10, 64)
	if err1 != nil || err2 != nil {
		s.t.Fatalf("bad listener %q", who)
	}
	p := s.hub.Pool(f[0])
	switch what {
	case "running":
		s.carryOut(p.Running(i, life))
	case "stopping":
		s.carryOut(p.NotRunning(i, life))
	case "gone":
		s.carryOut(p.Gone(i, life))
	case "closed":
		s.inputs[who] = InputClosed
	case "full":
		s.inputs[who] = InputFull
	case "open":
		delete(s.inputs, who)
	case "says":
		results, log := s.protocol(f[0], i, life).Feed([]byte(rest))
		for _, l := range log {
			s.say("%s %s", l.Level, l.Text)
		}
		for _, r := range results {
			s.carryOut(p.Told(i, life, r))
		}
	case "told":
		for told := ToldReady; told <= ToldBroken; told++ {
			if word, serial, _ := strings.Cut(rest, " "); word == told.String() {
				n, _ := strconv.Atoi(serial)
				s.carryOut(p.Told(i, life, Result{told, Serial(n)}))
			}
		}
	default:
		s.t.Fatalf("unknown fact %q", what)
	}
}

func (s *stage) protocol(pool string, i int, life uint64) *Protocol {
	key := fmt.Sprintf("%s/%d/%d", pool, i, life)
	if s.protocols[key] == nil {
		s.protocols[key] = &Protocol{Name: s.names[pool][i]}
	}
	return s.protocols[key]
}

func (s *stage) carryOut(effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case supervisor.Log:
			s.say("%s %s", e.Level, e.Text)
		case Send:
			who := fmt.Sprintf("%s/%d/%d", e.Pool, e.Listener, e.Life)
			if !s.protocol(e.Pool, e.Listener, e.Life).Sending(e.Serial) {
				s.say("%s is not ready any more", who)
				continue
			}
			p := s.hub.Pool(e.Pool)
			if why, refuses := s.inputs[who]; refuses {
				s.protocol(e.Pool, e.Listener, e.Life).NotSent()
				s.say("%s takes nothing", who)
				s.carryOut(p.Refused(e.Listener, e.Life, e.Serial, why))
				continue
			}
			s.say("%s gets %q", who, e.Bytes)
			s.carryOut(p.Sent(e.Listener, e.Life, e.Serial))
		case Rest:
			s.say("%s rests for %v, number %d", e.Pool, e.For, e.Number)
		}
	}
}
