package events

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor"
)

// peerAnswers is what testdata/peer.py says.
type peerAnswers struct {
	Below     map[string][]string
	Listeners [][2]json.RawMessage
	Envelopes []string
}

func askPeer(t *testing.T, question map[string]any) peerAnswers {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import supervisor.options").Run() != nil {
		t.Fatal("supervisord is needed to compare with: apt-get install -y supervisor")
	}
	in, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-W", "ignore", "testdata/peer.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("peer.py: %v", err)
	}
	var a peerAnswers
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// latin makes a text of bytes that has one character for each.
func latin(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func TestPeerTypes(t *testing.T) {
	below := askPeer(t, map[string]any{"listeners": []any{}, "events": []any{}}).Below
	if len(below) != len(Table) {
		t.Errorf("supervisord has %d types, we have %d", len(below), len(Table))
	}
	for _, row := range Table {
		var want []string
		for _, name := range below[row.Name] {
			if typ, ok := TypeNamed(name); ok && !Table[typ].Abstract {
				want = append(want, name)
			}
		}
		got := namesOf(Subscribe(row.Type))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, supervisord %v", row.Name, got, want)
		}
	}
}

func TestPeerEnvelopes(t *testing.T) {
	type args = map[string]any
	var ours []Event
	var asked []any
	add := func(e Event, a args) {
		ours = append(ours, e)
		asked = append(asked, []any{e.Type.String(), a})
	}
	for _, from := range supervisor.States {
		for _, to := range supervisor.States {
			tr := supervisor.Transition{From: from, To: to, Pid: 77, Tries: 3, Expected: from != supervisor.Running}
			add(StateChanged(web, tr), args{"from": from.String(), "pid": 77, "tries": 3, "expected": tr.Expected})
		}
	}
	for _, data := range []string{"", "text\n", "a:b c", "hé\u2028", "\xff\xfe", "it's \"\xff\"", "'\xff'\t\r\n\\\x00\x7f"} {
		a := args{"data": latin([]byte(data))}
		for _, c := range []Channel{Stdout, Stderr} {
			add(Output(web, c, []byte(data)), a)
			add(Captured(web, c, []byte(data)), a)
		}
		if isUTF8([]byte(data)) {
			add(Remote("t", data), a)
		}
	}
	for _, e := range tick(3599, 3600) {
		add(e, args{"when": 3600})
	}
	for _, e := range []Event{SupervisorRunning(), SupervisorStopping(), GroupAdded("site"), GroupRemoved("site")} {
		add(e, args{})
	}
	envelopes := askPeer(t, map[string]any{"listeners": []any{}, "events": asked}).Envelopes
	if len(envelopes) != len(ours) {
		t.Fatalf("%d answers to %d questions", len(envelopes), len(ours))
	}
	for i, want := range envelopes {
		e := Envelope{"sv", "p", 7, 3, Characters, ours[i]}
		if got := latin(e.Append(nil)); got != want {
			t.Errorf("%q, supervisord %q", got, want)
		}
		e.Unit = Bytes
		if got := latin(e.Append(nil)); isASCII(want) && got != want {
			t.Errorf("in bytes: %q, supervisord %q", got, want)
		}
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) && !strings.Contains(s, "Undecodable")
}

// TestPeerProtocol feeds the same pieces to both. Left out is what differs on purpose: an empty result is judged at once,
// not when something follows, and lengths are bounded.
func TestPeerProtocol(t *testing.T) {
	vocabulary := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		return strings.Contains(w, " 0") || strings.Contains(w, "1048576") || len(w) > 200
	})
	vocabulary = append(vocabulary, "RESULT +2\nOK", "RESULT 2 \nOK", "RESULT 2x\n", "RESULT 5\nOK\nOK", "READY")
	var asked [][]string
	var said [][]byte
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 0))
		var text []byte
		for i := range 1 + r.IntN(8) {
			w := vocabulary[r.IntN(len(vocabulary))]
			if r.IntN(10) < 8 {
				w = vocabulary[2*(i%2)]
			}
			text = append(text, w...)
		}
		said = append(said, text)
		var pieces []string
		for _, line := range bytes.SplitAfter(text, []byte("\n")) { // runProtocol cuts there as well
			if len(line) > 0 {
				pieces = append(pieces, latin(line))
			}
		}
		asked = append(asked, pieces)
	}
	listeners := askPeer(t, map[string]any{"listeners": asked, "events": []any{}}).Listeners
	if len(listeners) != len(said) {
		t.Fatalf("%d answers to %d questions", len(listeners), len(said))
	}
	for i, a := range listeners {
		var want []string
		var wantLog [][2]string
		if err := json.Unmarshal(a[0], &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(a[1], &wantLog); err != nil {
			t.Fatal(err)
		}
		got, log := runProtocol(t, said[i], func(left int) int { return left })
		gotLog := [][2]string{}
		for _, l := range log {
			gotLog = append(gotLog, [2]string{l.Level.String(), l.Text})
		}
		if !slices.Equal(got, want) || !slices.Equal(gotLog, wantLog) {
			t.Fatalf("%q\nours         %v\nsupervisord  %v\nours         %v\nsupervisord  %v", said[i], got, want, gotLog, wantLog)
		}
	}
}
