package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func sampleReport(t *testing.T) *report {
	t.Helper()
	selected, err := selectFigures("kill.p50,rpc.all.tcp,rpc.one.tcp,flood.lost,control.stop")
	if err != nil {
		t.Fatal(err)
	}
	r := &report{programs: 1000, machine: "2 processors", child: "C", figures: selected, results: newResults(),
		peers: []string{peerFloor, peerSupd, peerSupervisord}}
	r.results.put("kill.p50", peerFloor, 2e-3, 500, "")
	r.results.put("kill.p50", peerSupd, 2.2e-3, 500, "")
	r.results.put("kill.p50", peerSupervisord, 1.012, 16, "16 kills")
	r.results.put("rpc.all.tcp", peerFloor, 1e-3, 300, "")
	r.results.put("rpc.all.tcp", peerSupd, 4e-3, 300, "")
	r.results.put("flood.lost", peerFloor, 0, 3, "")
	r.results.put("flood.lost", peerSupd, 0, 3, "")
	r.results.fail(selected, peerSupervisord, "no such file or directory, and a good deal more to say")
	r.results.fail(selected[1:3], peerSupd, "the daemon ended")
	return r
}

func TestReportText(t *testing.T) {
	var out bytes.Buffer
	if err := sampleReport(t).writeText(&out); err != nil {
		t.Fatal(err)
	}
	want := `1000 programs, 2 processors; child: C

figure        what                                      must reach        floor              supd  × floor                       supervisord  × floor  verdict
--------------------------------------------------------------------------------------------------------------------------------------------------------------
kill.p50      kill -9 until the next one executes, p50  ≤ 1.25 × floor     2 ms           2.20 ms     1.10                            1.01 s      506  ok
rpc.all.tcp   … over TCP                                ≤ 2 × floor        1 ms              4 ms        4  failed: no such file or directo…           miss
rpc.one.tcp   … over TCP                                ≤ 1.50 × floor           failed: the dae…           failed: no such file or directo…           failed
control.stop  stop of one, p50                          ≤ 5 ms                                              failed: no such file or directo…           -
flood.lost    … bytes lost                              0                     0                 0           failed: no such file or directo…           ok

kill.p50, supervisord: 16 kills
supervisord failed: no such file or directory, and a good deal more to say
supd failed: the daemon ended
`
	want = strings.ReplaceAll(want, "failed: the dae…", "failed: the daemon ended")
	if got := squeeze(out.String()); got != squeeze(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, squeeze(want))
	}
	lines := strings.Split(out.String(), "\n")
	for _, line := range lines[4:9] {
		if at := strings.Index(line, "  "); at < 0 || len([]rune(line)) > len([]rune(lines[3])) {
			t.Errorf("a line does not fit the columns: %q", line)
		}
	}
}

// squeeze makes runs of blanks and dashes one.
func squeeze(text string) string {
	var b strings.Builder
	var last rune
	for _, c := range text {
		if c != last || c != ' ' && c != '-' {
			b.WriteRune(c)
		}
		last = c
	}
	return b.String()
}

func TestReportMarkdownHasOneColumnCount(t *testing.T) {
	var out bytes.Buffer
	if err := sampleReport(t).writeMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	columns := 0
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		n := strings.Count(line, "|")
		if columns == 0 {
			columns = n
		}
		if n != columns {
			t.Errorf("%d columns instead of %d: %s", n, columns, line)
		}
	}
	if columns == 0 {
		t.Errorf("no table in %q", out.String())
	}
}

func TestReportJSON(t *testing.T) {
	var out bytes.Buffer
	if err := sampleReport(t).writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got jsonReport
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	kill := got.Figures[0]
	if kill.Name != "kill.p50" || kill.Unit != seconds || kill.Verdict != verdictReached {
		t.Errorf("got %+v", kill)
	}
	if supd := kill.Peers[peerSupd]; supd.Value == nil || *supd.Value != 2.2e-3 || supd.Ratio == nil || *supd.Ratio < 1.09 || *supd.Ratio > 1.11 {
		t.Errorf("got %+v", supd)
	}
	if failed := got.Figures[1].Peers[peerSupervisord]; failed.Value != nil || failed.Failure == "" {
		t.Errorf("got %+v", failed)
	}
	if _, ok := got.Figures[3].Peers[peerFloor]; ok {
		t.Error("a figure that does not apply has a value")
	}
}
