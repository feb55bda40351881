package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/actors"
)

// TestEndsOfLogs has the windows in which there is nothing to see, and what does not make sense.
func TestEndsOfLogs(t *testing.T) {
	for _, text := range []string{"", "half", "one\n", "one\ntwo\n", "one\n\n"} {
		for n, want := range map[int]string{0: "", 1: text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:], 9: text} {
			if got := string(lastLines([]byte(text), n)); got != want {
				t.Errorf("the last %d lines of %q are %q, want %q", n, text, got, want)
			}
		}
	}
	for _, text := range []string{"", "half", "one\n"} {
		r := newRig(t)
		r.withLogs(t, text)
		for path, want := range map[string]struct {
			status int
			body   string
		}{
			"stdout?lines=0":            {http.StatusOK, ""},
			"stdout?lines=1":            {http.StatusOK, text},
			"both?follow=false&lines=1": {http.StatusBadRequest, "both streams together can only be followed"},
			"both?follow=perhaps":       {http.StatusBadRequest, "follow"},
		} {
			status, body := r.rest(t, "GET", "/programs/cat/logs/"+path, basicAuth("u", "a:b"), "")
			if status != want.status || status == http.StatusOK && body != want.body || !strings.Contains(body, want.body) {
				t.Errorf("%q: %s: %d %q", text, path, status, body)
			}
		}
		if strings.Contains(r.log.String(), "panic") {
			t.Error(r.log)
		}
	}
}

// TestLongLinesAreWhole has lines that are longer than lines are thought to be.
func TestLongLinesAreWhole(t *testing.T) {
	line := func(n int) string { return fmt.Sprintf("%02d %s\n", n, strings.Repeat("y", 20*lineBytes)) }
	var text string
	for n := range 30 {
		text += line(n)
	}
	r := newRig(t)
	r.withLogs(t, text)
	for path, want := range map[string]string{"?lines=1": line(29), "?lines=3": line(27) + line(28) + line(29), "": text, "?lines=29": text[len(line(0)):]} {
		if _, body := r.rest(t, "GET", "/programs/cat/logs/stdout"+path, basicAuth("u", "a:b"), ""); body != want {
			t.Errorf("%s: %d bytes, want %d", path, len(body), len(want))
		}
	}
	huge := strings.Repeat("x", maxFirst) + "\n"
	r.withLogs(t, huge+huge+"last\n")
	if _, body := r.rest(t, "GET", "/programs/cat/logs/stdout?lines=2", basicAuth("u", "a:b"), ""); body != "last\n" {
		t.Errorf("%d bytes of lines that are too long", len(body))
	}
}

// TestSomethingBehindABodyIsRefused has what a decoder of JSON does not see by itself.
func TestSomethingBehindABodyIsRefused(t *testing.T) {
	r := newRig(t)
	for _, tail := range []string{"}", "]", "{}", "x"} {
		if status, body := r.rest(t, "POST", "/actions", basicAuth("u", "a:b"), `{"do":"stop","names":["cat"]}`+tail); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", tail, status, body)
		}
	}
	if status, body := r.rest(t, "POST", "/actions", basicAuth("u", "a:b"), `{"do":"stop","names":["cat"]}`+" \n"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
}

// TestANameIsActedOnOnce has one that a client gives often, so that nobody fills the history with one request.
func TestANameIsActedOnOnce(t *testing.T) {
	r := newRig(t)
	names := strings.Repeat(`"cat",`, 1000) + `"cat"`
	status, body := r.rest(t, "POST", "/actions", basicAuth("u", "a:b"), `{"do":"stop","names":[`+names+`]}`)
	if did := r.tree.commands(); status != http.StatusOK || strings.Count(did, "stop cat") != 1 || strings.Count(body, `"cat"`) != 1 {
		t.Errorf("%d %s: %s", status, body, did)
	}
}

// TestATreeIsAnotherOneWhenABudgetIsRefilled has time pass, and nothing else.
func TestATreeIsAnotherOneWhenABudgetIsRefilled(t *testing.T) {
	r := newRig(t)
	groups := func(used int, refill time.Duration) []actors.GroupInfo {
		return []actors.GroupInfo{{Name: "g", Budget: &actors.BudgetInfo{Intensity: 3, Used: used, Refill: refill}}}
	}
	seen := map[string]bool{}
	for used := range 3 {
		seen[r.treeVersion(7, groups(used, time.Minute))] = true
	}
	if len(seen) != 3 || !seen[r.treeVersion(7, nil)] {
		t.Errorf("got %v", seen)
	}
	if got := nextRefill(append(groups(1, time.Minute), groups(1, time.Second)...)); got != time.Second {
		t.Errorf("the next refill is in %s", got)
	}
}
