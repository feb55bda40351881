//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A writing is what came of a task in which programs write.
type writing struct {
	wall  time.Duration // from the first line until all is in the files
	cpu   time.Duration // of the daemon meanwhile
	bytes int64         // written by the programs
	lost  int64
	note  string // what is wrong with the files
}

// write runs p at a task of writing programs and checks every file.
func (b *bench) write(ctx context.Context, p peer, t task) (writing, error) {
	where, err := b.newPlace(p)
	if err != nil {
		return writing{}, err
	}
	defer os.RemoveAll(where.dir)
	if err := os.Mkdir(where.path("log"), 0o755); err != nil {
		return writing{}, err
	}
	if err := unix.Mkfifo(where.gate(), 0o666); err != nil {
		return writing{}, err
	}
	announcements, err := newBoard(where.announcements(), t.programs)
	if err != nil {
		return writing{}, err
	}
	defer announcements.close()
	d, err := startDaemon(p, where, t)
	if err != nil {
		return writing{}, err
	}
	defer d.destroy()
	w, err := b.observe(ctx, d, announcements, t)
	if err != nil {
		return writing{}, err
	}
	if _, err := d.stop(ctx); err != nil {
		return writing{}, err
	}
	return w, w.check(where, t)
}

// observe opens the gate when all programs wait at it and follows them until their output has arrived.
func (b *bench) observe(ctx context.Context, d *daemon, announcements *board, t task) (writing, error) {
	waiting, written := 0, 0
	var first int64
	err := announcements.await(ctx, d, b.startTimeout(t.programs), "start of all writers", func(record) bool {
		waiting++
		return waiting == t.programs
	})
	if err != nil {
		return writing{}, err
	}
	if err := pause(ctx, d, b.settleTime); err != nil {
		return writing{}, err
	}
	before, err := cpuTime(d.pid())
	if err != nil {
		return writing{}, err
	}
	gate, err := os.OpenFile(d.place.gate(), os.O_RDWR, 0)
	if err != nil {
		return writing{}, err
	}
	defer gate.Close()
	err = announcements.await(ctx, d, writeTimeout, "end of all writing", func(r record) bool {
		switch {
		case r.Kind == kindWriting && (first == 0 || r.At < first):
			first = r.At
		case r.Kind == kindWritten:
			written++
		}
		return written == t.programs
	})
	if err != nil {
		return writing{}, err
	}
	w := writing{bytes: int64(t.programs) * t.lines * lineBytes}
	end, err := arrived(ctx, d, t, w.bytes)
	if err != nil {
		return writing{}, err
	}
	after, err := cpuTime(d.pid())
	if err != nil {
		return writing{}, err
	}
	w.wall, w.cpu = time.Duration(end-first), after-before
	return w, nil
}

// arrived returns when the files have reached the expected size, or when they last grew if they never do.
func arrived(ctx context.Context, d *daemon, t task, expected int64) (int64, error) {
	size, grown := int64(-1), monotonic()
	for {
		now, err := filesSize(d.place.path("log"))
		if err != nil {
			return 0, err
		}
		if now != size {
			size, grown = now, monotonic()
		}
		if size >= expected || monotonic()-grown > int64(stallTimeout) {
			return grown, nil
		}
		if err := pause(ctx, d, time.Millisecond*time.Duration(min(t.programs, 10))); err != nil {
			return 0, err
		}
	}
}

func filesSize(dir string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // renamed meanwhile; the next look finds it
		}
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// check reads every program's files, the oldest first, and counts what is lost.
func (w *writing) check(where place, t task) error {
	for i := range t.programs {
		var s sequence
		for n := t.backups; n >= 0; n-- {
			path := where.log(i)
			if n > 0 {
				path = fmt.Sprintf("%s.%d", path, n)
			}
			if err := s.readFile(path); err != nil {
				return err
			}
		}
		w.lost += s.lost(t.lines)
		if text := s.String(); text != "" && w.note == "" {
			w.note = text
		}
	}
	return nil
}

// flood records what one program that writes as fast as it can costs.
func (b *bench) flood(ctx context.Context, p peer) error {
	t := task{mode: modeFlood, programs: 1, lines: b.floodBytes / lineBytes, rotateAt: b.rotateAt}
	t.backups = int(b.floodBytes/b.rotateAt) + 2
	var rates, costs []float64
	var lost int64
	note := ""
	for range b.runs {
		w, err := b.write(ctx, p, t)
		if err != nil {
			return err
		}
		rates = append(rates, float64(w.bytes)/w.wall.Seconds())
		costs = append(costs, w.cpu.Seconds()/(float64(w.bytes)/1e9))
		lost += w.lost
		note = max(note, w.note)
	}
	b.put("flood.rate", p, median(rates), len(rates), "")
	b.put("flood.cpu", p, median(costs), len(costs), "")
	b.put("flood.lost", p, float64(lost), len(rates), note)
	return nil
}

// lines records what many programs that write a line now and then cost.
func (b *bench) lines(ctx context.Context, p peer) error {
	t := task{mode: modeLines, programs: b.writers, rate: b.lineRate, rotateAt: b.rotateAt, backups: 2}
	t.lines = int64(float64(b.lineRate) * b.lineTime.Seconds())
	w, err := b.write(ctx, p, t)
	if err != nil {
		return err
	}
	million := float64(w.bytes) / lineBytes / 1e6
	late := ""
	if over := w.wall - b.lineTime; over > b.lineTime/10 {
		late = fmt.Sprintf("took %s instead of %s", seconds.format(w.wall.Seconds()), seconds.format(b.lineTime.Seconds()))
	}
	b.put("lines.cpu", p, w.cpu.Seconds()/million, 1, late)
	b.put("lines.lost", p, float64(w.lost), 1, w.note)
	return nil
}
