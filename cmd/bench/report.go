package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// A report is everything the benchmark has to say after a run.
type report struct {
	programs int
	machine  string // processors, kernel
	child    string // what was supervised
	peers    []string
	figures  []figure
	results  *results
}

const longestFailure = 32 // characters of a failure inside the table; all of it is written below

// rows returns the table, its heading first.
func (r *report) rows() [][]string {
	heading := []string{"figure", "what", "must reach"}
	for _, p := range r.peers {
		heading = append(heading, p)
		if p != peerFloor {
			heading = append(heading, "× floor")
		}
	}
	rows := [][]string{append(heading, "verdict")}
	for _, f := range r.figures {
		row := []string{f.name, f.title, f.mustReach(r.programs)}
		for _, p := range r.peers {
			row = append(row, r.cell(f, p))
			if p != peerFloor {
				row = append(row, ratioText(r.results.ratio(f.name, p)))
			}
		}
		rows = append(rows, append(row, string(r.verdict(f))))
	}
	return rows
}

func (r *report) cell(f figure, peer string) string {
	cell, ok := r.results.get(f.name, peer)
	switch {
	case !ok:
		return ""
	case cell.failure != "":
		text := []rune("failed: " + cell.failure)
		if len(text) > longestFailure {
			text = append(text[:longestFailure-1], '…')
		}
		return string(text)
	}
	return f.unit.format(cell.value)
}

func ratioText(ratio float64) string {
	if math.IsNaN(ratio) {
		return ""
	}
	return digits(ratio)
}

func (r *report) verdict(f figure) verdict {
	if cell, ok := r.results.get(f.name, peerSupd); ok && cell.failure != "" {
		return verdictFailed
	}
	return f.judge(r.results.value(f.name, peerSupd), r.results.value(f.name, peerFloor), r.programs)
}

// heading says what the numbers were measured on.
func (r *report) heading() string {
	return fmt.Sprintf("%d programs, %s; child: %s", r.programs, r.machine, r.child)
}

// remarks returns the notes and the failures, in the order of the table, each failure once.
func (r *report) remarks() []string {
	var remarks []string
	said := map[string]bool{}
	for _, f := range r.figures {
		for _, p := range r.peers {
			cell, _ := r.results.get(f.name, p)
			remark := ""
			switch {
			case cell.failure != "":
				remark = fmt.Sprintf("%s failed: %s", p, cell.failure)
			case cell.note != "":
				remark = fmt.Sprintf("%s, %s: %s", f.name, p, cell.note)
			}
			if remark != "" && !said[remark] {
				said[remark] = true
				remarks = append(remarks, remark)
			}
		}
	}
	return remarks
}

// writeText writes the table in columns.
func (r *report) writeText(w io.Writer) error {
	rows := r.rows()
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.heading())
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 2 && i < len(row)-1 {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if n == 0 {
			b.WriteString(strings.Repeat("-", utf8.RuneCountInString(strings.TrimRight(line.String(), " "))) + "\n")
		}
	}
	for i, remark := range r.remarks() {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(remark + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeMarkdown writes the same table for a page.
func (r *report) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.heading())
	for n, row := range r.rows() {
		b.WriteString("|")
		for _, cell := range row[1:] {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		b.WriteString("\n")
		if n == 0 {
			b.WriteString("|---|---|" + strings.Repeat("---:|", len(row)-4) + "---|\n")
		}
	}
	for i, remark := range r.remarks() {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString("* " + remark + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type jsonReport struct {
	Programs int          `json:"programs"`
	Machine  string       `json:"machine"`
	Child    string       `json:"child"`
	Figures  []jsonFigure `json:"figures"`
}

type jsonFigure struct {
	Name      string              `json:"name"`
	Title     string              `json:"title"`
	Unit      unit                `json:"unit"`
	MustReach string              `json:"must_reach,omitempty"`
	Peers     map[string]jsonCell `json:"peers"`
	Verdict   verdict             `json:"verdict"`
}

type jsonCell struct {
	Value   *float64 `json:"value,omitempty"` // in the figure's unit; absent when failed
	Ratio   *float64 `json:"ratio,omitempty"` // to the floor
	Samples int      `json:"samples,omitempty"`
	Note    string   `json:"note,omitempty"`
	Failure string   `json:"failure,omitempty"`
}

// writeJSON writes all values in base units (seconds, bytes), for machines.
func (r *report) writeJSON(w io.Writer) error {
	out := jsonReport{Programs: r.programs, Machine: r.machine, Child: r.child}
	for _, f := range r.figures {
		line := jsonFigure{Name: f.name, Title: strings.TrimPrefix(f.title, "… "), Unit: f.unit,
			MustReach: f.mustReach(r.programs), Peers: map[string]jsonCell{}, Verdict: r.verdict(f)}
		for _, p := range r.peers {
			cell, ok := r.results.get(f.name, p)
			if !ok {
				continue
			}
			line.Peers[p] = jsonCell{Value: number(cell.value), Ratio: number(r.results.ratio(f.name, p)),
				Samples: cell.samples, Note: cell.note, Failure: cell.failure}
		}
		out.Figures = append(out.Figures, line)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func number(value float64) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return &value
}
