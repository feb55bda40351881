package logs

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The tests in this file give generated input to supervisord's own code and to ours, and compare.

// window is one call of read and tail on a file of so many bytes.
type window struct {
	Size   int   `json:"size"`
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

type windowResult struct {
	Read     string `json:"read"`  // bytes 0–255 as runes
	Fault    string `json:"fault"` // of read
	Tail     string `json:"tail"`
	Offset   int64  `json:"offset"`
	Overflow bool   `json:"overflow"`
}

const windowScript = `
import json, sys, supervisor.options as o
job = json.load(sys.stdin)
out = []
for w in job["windows"]:
    path = job["files"][str(w["size"])]
    r = dict(read="", fault="")
    try:
        r["read"] = o.readFile(path, w["offset"], w["length"]).decode("latin-1")
    except ValueError as why:
        r["fault"] = str(why)
    r["tail"], r["offset"], r["overflow"] = o.tailFile(path, w["offset"], w["length"])
    out.append(r)
json.dump(out, sys.stdout)
`

func TestPeerReadAndTailWindows(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	var windows []window
	add := func(size int, offset, length int64) {
		windows = append(windows, window{size, offset, length})
	}
	for _, size := range []int{0, 1, 2, 10} {
		for offset := int64(-size - 2); offset <= int64(size)+2; offset++ {
			for length := int64(-size - 3); length <= int64(size)+3; length++ {
				add(size, offset, length)
			}
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		size := []int{0, 100, 70000}[rnd.IntN(3)]
		spread := int64(size) + 50
		add(size, rnd.Int64N(2*spread)-spread, rnd.Int64N(2*spread)-spread)
	}
	for _, w := range windows {
		key := fmt.Sprint(w.Size)
		if files[key] != "" {
			continue
		}
		data := make([]byte, w.Size)
		for i := range data {
			data[i] = byte('!' + i%90) // what the wire cannot spoil
		}
		files[key] = filepath.Join(dir, key)
		if err := os.WriteFile(files[key], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	var want []windowResult
	python(t, windowScript, map[string]any{"files": files, "windows": windows}, &want)
	if len(want) != len(windows) {
		t.Fatalf("%d answers to %d calls", len(want), len(windows))
	}
	for i, w := range windows {
		path := files[fmt.Sprint(w.Size)]
		var got windowResult
		data, err := Read(path, w.Offset, w.Length)
		switch {
		case errors.Is(err, ErrBadArguments):
			got.Fault = "BAD_ARGUMENTS"
		case err != nil:
			got.Fault = "FAILED"
		}
		got.Read = string(data)
		data, got.Offset, got.Overflow, err = Tail(path, w.Offset, w.Length)
		if err != nil {
			t.Fatal(err)
		}
		got.Tail = string(data)
		if got != want[i] {
			t.Errorf("%+v:\n got %.200v\nwant %.200v", w, got, want[i])
		}
	}
}

// scenario is the life of one rotated file.
type scenario struct {
	Dir      string   `json:"dir"`
	MaxBytes int64    `json:"max"`
	Backups  int      `json:"backups"`
	Before   []string `json:"before"` // what log, log.1, … hold; "-" for no file
	Steps    []string `json:"steps"`  // "reopen", "clear", "rename", or "+" and what is written
}

const rotationScript = `
import json, os, sys, supervisor.loggers as l
for s in json.load(sys.stdin):
    path = os.path.join(s["dir"], "log")
    h = l.RotatingFileHandler(path, "ab", s["max"], s["backups"])
    for step in s["steps"]:
        if step[0] == "+":
            h.emit(l.LogRecord(l.LevelsByName.INFO, step[1:].encode()))
        elif step == "reopen":
            h.reopen()
        elif step == "clear":
            h.remove()
            h.reopen()
        elif step == "rename":
            os.rename(path, path + "-moved")
            h.reopen()
    h.close()
json.dump(True, sys.stdout)
`

func TestPeerRotationFileSets(t *testing.T) {
	const count = 400
	rnd := rand.New(rand.NewPCG(3, 4))
	root := t.TempDir()
	theirs, ours := make([]scenario, count), make([]scenario, count)
	for i := range count {
		s := scenario{MaxBytes: rnd.Int64N(120) - 2, Backups: rnd.IntN(5)}
		for range rnd.IntN(7) {
			text := "-"
			if rnd.IntN(3) > 0 {
				text = string(bytes.Repeat([]byte{byte('A' + rnd.IntN(26))}, rnd.IntN(100)))
			}
			s.Before = append(s.Before, text)
		}
		for j := range 1 + rnd.IntN(40) {
			step := fmt.Sprintf("+%d:%s\n", j, bytes.Repeat([]byte{byte('a' + j%26)}, rnd.IntN(50)))
			switch rnd.IntN(12) {
			case 0:
				step = "reopen"
			case 1:
				step = "clear"
			case 2:
				step = "rename"
			}
			s.Steps = append(s.Steps, step)
		}
		theirs[i], ours[i] = s, s
		theirs[i].Dir = filepath.Join(root, fmt.Sprintf("theirs%d", i))
		ours[i].Dir = filepath.Join(root, fmt.Sprintf("ours%d", i))
		prepare(t, theirs[i])
		prepare(t, ours[i])
	}

	var done bool
	python(t, rotationScript, theirs, &done)
	for i := range count {
		play(t, ours[i])
		want, got := tree(t, theirs[i].Dir), tree(t, ours[i].Dir)
		if !maps.Equal(got, want) {
			t.Errorf("%+v:\n got %q\nwant %q", ours[i], got, want)
		}
	}
}

// prepare makes the files that are there before.
func prepare(t *testing.T, s scenario) {
	t.Helper()
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, text := range s.Before {
		name := "log"
		if i > 0 {
			name = fmt.Sprintf("log.%d", i)
		}
		if text == "-" {
			continue
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// play does the steps with our File.
func play(t *testing.T, s scenario) {
	t.Helper()
	path := filepath.Join(s.Dir, "log")
	f := open(t, path, FileOptions{MaxBytes: s.MaxBytes, Backups: s.Backups})
	for _, step := range s.Steps {
		var err error
		switch {
		case step[0] == '+':
			put(t, f, step[1:])
		case step == "reopen":
			err = f.Reopen()
		case step == "clear":
			err = f.Clear()
		case step == "rename":
			os.Rename(path, path+"-moved")
			err = f.Reopen()
		}
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	f.Close()
}

const colourScript = `
import json, sys, supervisor.dispatchers as d
json.dump([d.stripEscapes(s.encode()).decode() for s in json.load(sys.stdin)], sys.stdout)
`

// Where every sequence is complete and ends in a letter that supervisord knows, both strip the same.
func TestPeerStripOfOrdinarySequences(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	pieces := []string{"text ", "é\n", "\x1b[0m", "\x1b[1;31m", "\x1b[2J", "\x1b[K", "\x1b[10;2H", "\x1b[3A", "\x1b[?25l", "\x1b[?25h", "\x1b]0;t\x07", "[m"}
	var in, want []string
	for range 500 {
		s := ""
		for range rnd.IntN(12) {
			s += pieces[rnd.IntN(len(pieces))]
		}
		in = append(in, s)
	}
	python(t, colourScript, in, &want)
	got := make([]string, len(in))
	for i := range in {
		var s stripper
		got[i] = string(append(s.strip(nil, []byte(in[i])), s.rest()...))
	}
	if !slices.Equal(got, want) {
		for i := range in {
			if got[i] != want[i] {
				t.Errorf("%q: got %q, want %q", in[i], got[i], want[i])
			}
		}
	}
}

const levelScript = `
import json, sys, supervisor.datatypes as d
def level(name):
    try:
        return d.logging_level(name)
    except ValueError:
        return 0
json.dump([level(n) for n in json.load(sys.stdin)], sys.stdout)
`

func TestPeerLevels(t *testing.T) {
	names := append(LevelNames(), "CRITICAL", "Warn", "warning", "crit", "50", "", " info", "notset", "DEBG")
	var want []int
	python(t, levelScript, names, &want)
	for i, name := range names {
		if got, _ := ParseLevel(name); int(got) != want[i] {
			t.Errorf("%q: got %d, want %d", name, got, want[i])
		}
	}
}
