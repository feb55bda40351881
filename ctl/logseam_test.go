package ctl

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// sentText is what a text becomes on its way over XML-RPC from supd.
func sentText(t *testing.T, text []byte) []byte {
	t.Helper()
	var v string
	body := xmlrpc.AppendResponseEnd(xmlrpc.AppendBytes(xmlrpc.AppendResponseStart(nil), text))
	if err := decode(body, controlStandIn, &v); err != nil {
		t.Fatal(err)
	}
	return []byte(v)
}

// randomLog is lines that all differ, some of them long, some of what XML cannot carry.
func randomLog(r *rand.Rand) []byte {
	var log []byte
	for i := range r.IntN(150) {
		log = fmt.Appendf(log, "%d", i)
		switch r.IntN(12) {
		case 0:
			log = append(log, strings.Repeat("ä", r.IntN(900))...)
		case 1:
			log = append(log, "\x1b[1m\x00\xff\xfe\uFFFD\uFFFE\r"...)
		case 2:
			log = append(log, "\xc3"...)
		}
		log = append(log, '\n')
	}
	if r.IntN(2) == 0 {
		for i := range r.IntN(500) {
			log = fmt.Appendf(log, "begin %d ", i)
		}
	}
	return log
}

// The end of a log and its stream make the whole log again, wherever the stream begins and however much is written while
// both are read, whether that is known by sizes or not at all.
func TestNoLineIsLostOrDoubledAtTheSeam(t *testing.T) {
	uncertain := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		log := randomLog(r)
		// Sizes at four moments: before the stream is opened, when it is, after that, when the end was read.
		sizes := [4]int{len(log), len(log), len(log), len(log)}
		for i := 2; i >= 0; i-- {
			sizes[i] = max(0, sizes[i+1]-r.IntN(2)*r.IntN(700))
		}
		end := &logEnd{first: int64(sizes[2]), size: int64(sizes[3])}
		later := randomLog(r)
		whole := append(bytes.Clone(log), later...)
		end.lines, end.rest = splitLines(nil, sentText(t, log))
		join := newSeam(int64(sizes[0]), end)
		if !join.certain() {
			uncertain++
		}
		var rest []byte
		for stream := whole[max(0, sizes[1]-streamBacklog):]; len(stream) > 0; {
			n := min(len(stream), 1+r.IntN(2000))
			rest = append(rest, join.add(stream[:n])...)
			stream = stream[n:]
		}
		want := whole[bytes.LastIndexByte(log, '\n')+1:]
		if !join.joined {
			if len(later) > 0 && bytes.ContainsRune(later, '\n') {
				t.Fatalf("seed %d: not joined, sizes %v", seed, sizes)
			}
			continue // nothing tells yet where the stream is
		}
		if got := rest; !bytes.Equal(got, want) && !bytes.Equal(sentText(t, got), sentText(t, want)) {
			t.Fatalf("seed %d, certain %v, sizes %v: behind the lines there is\n%.300q\nwant\n%.300q", seed, join.certain(), sizes, got, want)
		}
	}
	if uncertain < 100 {
		t.Errorf("lines were compared in %d cases only", uncertain)
	}
}

// Lines that are not known by sizes are found by themselves, and after a rotation nothing is lost.
func TestTheSeamOfALogOfUnknownSizeIsFoundByItsLines(t *testing.T) {
	var log []byte
	for i := range 2000 {
		log = fmt.Appendf(log, "line %d\n", i)
	}
	end := &logEnd{first: unknownSize, size: unknownSize}
	end.lines, _ = splitLines(nil, log[1000:])
	end.lines = end.lines[1:]
	join := newSeam(unknownSize, end)
	if got := join.add(append(log[len(log)-streamBacklog:len(log):len(log)], "next\nbegin"...)); string(got) != "next\nbegin" {
		t.Errorf("unknown size: %q", got)
	}
	rotated := newSeam(5000, &logEnd{lines: end.lines, first: 100, size: 100})
	fresh := strings.Repeat("fresh\n", streamBacklog/6+1)
	if got := rotated.add([]byte("a\n" + fresh)); string(got) != fresh {
		t.Errorf("rotated: %q", got)
	}
}

// The end of a log is read back to where its stream may begin, however much was written since.
func TestTheEndOfALogReachesBackToItsStream(t *testing.T) {
	var log []byte
	for i := 0; len(log) < 300_000; i++ {
		log = fmt.Appendf(log, "line %d\n", i)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, last, _ := strings.Cut(string(body), "<int>0</int>")
		length := 0
		if i := strings.Index(last, "<int>"); i < 0 {
			t.Errorf("no length in %s", body)
		} else if _, err := fmt.Sscan(strings.ReplaceAll(last[i+len("<int>"):], "<", " "), &length); err != nil {
			t.Error(err)
		}
		n := min(length, len(log))
		b := xmlrpc.AppendArrayStart(xmlrpc.AppendResponseStart(nil))
		b = xmlrpc.AppendInt(xmlrpc.AppendBytes(b, log[len(log)-n:]), int64(len(log)))
		b = xmlrpc.AppendArrayEnd(xmlrpc.AppendBool(b, len(log) > length))
		_, _ = w.Write(xmlrpc.AppendResponseEnd(b))
	}))
	defer srv.Close()
	s := &session{client: newClient(srv.URL, "", credentials{}, certificates{})}
	defer s.hangUp()
	const before = 200_000
	end, err := s.logEnd(t.Context(), &logSource{program: "p", stream: "stdout"}, before-streamBacklog, logOptions{lines: 5}.enough())
	if err != nil {
		t.Fatal(err)
	}
	join := newSeam(before, end)
	if got := join.add(append(log[before-streamBacklog:len(log):len(log)], "next\n"...)); string(got) != "next\n" {
		t.Errorf("%.100q, %d bytes", got, len(got))
	}
}
