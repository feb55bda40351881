package ctl

import (
	"strings"
	"testing"
	"time"
)

// supervisord sends nothing at all about a log that is empty; this must not hold up the others.
func TestLogsAreFollowedTogether(t *testing.T) {
	t.Parallel()
	d := logsFixture(t)
	d.append(t, "0.log", strings.Repeat(strings.Repeat("x", 99)+"\n", 30))
	d.append(t, "offerr.log", "")
	s := onPipes(t, d, false, "-c", d.client, "logs", "-f", "-n", "20", "cat", "m:m0", "off", "none")
	s.expect("none has no log; ")
	s.expect("cat   | out 2")
	for range 20 {
		s.expect("m:m0  | " + strings.Repeat("x", 99) + "\n")
	}
	d.append(t, "out.log", " is complete\nout 4\nbegin")
	s.expect("cat   | out 3 is complete\ncat   | out 4\n")
	d.append(t, "offerr.log", "from nothing\n")
	s.expect("off ! | from nothing\n")
	d.append(t, "0.log", "next\n")
	s.expect("m:m0  | next\n")
	d.append(t, "out.log", " and end\n")
	s.expect("cat   | begin and end\n")
	s.interrupt()
	if got := s.end(); !strings.HasSuffix(got, "[exit status 0]") || strings.Count(got, "m:m0 ") != 21 || strings.Count(got, "cat  ") != 5 {
		t.Errorf("%s", got)
	}
}

func TestFollowingLogsEndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	d := logsFixture(t)
	cmd := clientCommand(false, "-c", d.client, "logs", "-f", "-n", "1", "m:m0")
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(deadline, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	out.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
