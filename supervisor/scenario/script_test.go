package scenario

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

func parsed(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse("test", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is said later wins, only for those it is about, and from its time on.
func TestLaterStatementsWin(t *testing.T) {
	s := parsed(t, "at 10s web:a exits 2 after 4s\nweb:* exits 1 after 3s\nweb:a life 2 stays up\n# nothing\n\nother fails to start\n")
	for _, c := range []struct {
		program string
		life    int
		now     time.Duration
		ends    bool
		code    int
	}{
		{"web:a", 1, 0, true, 1},
		{"web:b", 1, 0, true, 1},
		{"web:a", 2, 0, false, 0},
		{"web:a", 1, 10 * time.Second, true, 2},
		{"web:a", 2, 10 * time.Second, true, 2},
		{"web:b", 1, 10 * time.Second, true, 1},
	} {
		if f := s.FateOf(1, c.program, c.life, c.now); f.Ends != c.ends || f.Ends && f.Code != c.code || f.Fails {
			t.Errorf("%s, life %d, at %s: %+v", c.program, c.life, c.now, f)
		}
	}
	if f := s.FateOf(1, "other", 1, 0); !f.Fails {
		t.Errorf("it does not fail: %+v", f)
	}
}

// A statement about one program changes nothing for another one, and none for a life whose fate was asked for before.
func TestFatesShareNothing(t *testing.T) {
	s := parsed(t, "all ignores TERM\nall pre_start_hook takes 3s\nall writes \"a b\" after 1s\n")
	before := s.FateOf(1, "web", 1, 0)
	more := parsed(t, "web ignores HUP\nweb pre_start_hook fails\nweb writes c after 2s\n")
	for _, st := range more.Statements {
		after := before
		if !st.Behaviour.Change(&after, "web", 1) {
			t.Errorf("%s does not concern it", st.Text)
		}
	}
	if len(before.Ignores) != 1 || len(before.Says) != 1 || before.Says[0].Text != "a b" || before.ChoreOf("pre_start_hook") != (Chore{Takes: 3 * time.Second}) {
		t.Errorf("it was changed: %+v", before)
	}
}

// What is made up depends on the seed, the program and the life, and most of it is harmless.
func TestWhatIsMadeUp(t *testing.T) {
	ends := 0
	for life := range 1000 {
		f := Made(1, "web", life)
		if g := Made(1, "web", life); f.After != g.After || f.Start != g.Start || f.Ends != g.Ends {
			t.Fatalf("life %d has two fates: %+v, %+v", life, f, g)
		}
		if f.Ends {
			ends++
		}
		if f.Fails || f.Ignored(syscall.SIGTERM, time.Hour) || f.Start <= 0 || f.Stop <= 0 || f.Ends && f.After > time.Hour {
			t.Errorf("life %d: %+v", life, f)
		}
	}
	if ends < 300 || ends > 500 {
		t.Errorf("%d of 1000 lives end", ends)
	}
	one, other, third := Made(1, "web", 1), Made(2, "web", 1), Made(1, "db", 1)
	if one.Ready == other.Ready && one.Stop == other.Stop || one.Ready == third.Ready && one.Stop == third.Stop {
		t.Errorf("the same for another seed or program: %+v", one)
	}
}

// Every form in the list can be written.
func TestEveryFormCanBeWritten(t *testing.T) {
	values := strings.NewReplacer("STATUS", "3", "DURATION", "5s", "SIGNAL", "HUP", "SIZE", "2GB", "TEXT", "hello", "HOOK", "pre_stop_hook",
		"PROGRAMS", "web", "PROGRAM", "web", "FILE", "next.conf", "GROUP", "web")
	behaviours, commands := Forms()
	for _, f := range behaviours {
		s := parsed(t, "web "+values.Replace(f[0]))
		if len(s.Statements) != 1 || s.Statements[0].Behaviour == nil || f[1] == "" {
			t.Errorf("%s: %+v", f[0], s)
		}
	}
	for _, f := range commands {
		s := parsed(t, "at 5s "+values.Replace(f[0]))
		if len(s.Statements) != 1 || s.Statements[0].Command == nil || s.Statements[0].At != 5*time.Second || f[1] == "" {
			t.Errorf("%s: %+v", f[0], s)
		}
	}
}

// A line that cannot be read is told with what is wrong about it, not with all that there is.
func TestMistakesAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"at 1s stop a b":       `s:1: cannot make sense of 'stop a b'; allowed commands: 'stop PROGRAMS'`,
		"at 2s strat a":        `s:1: there is no command "strat"; did you mean "start"?`,
		"at 2s frobnicate a":   `s:1: there is no command "frobnicate", only start, stop, `,
		"a sleeps":             `s:1: "sleeps" is nothing that can be said of a program, which is 'stays up', `,
		"1s stop a":            `s:1: 'at' is missing before the time: at 1s stop a`,
		"stop a":               `s:1: a command needs a time: at 10s stop a`,
		"a exits after":        `s:1: cannot make sense of 'exits after'; allowed of a program: 'exits STATUS after DURATION'`,
		"at soon stop a":       `s:1: "soon" is no time; write 500ms`,
		"a":                    `s:1: nothing is said of a program "a"`,
		"a life 0 stays up":    `s:1: the lives of a program are numbered from 1`,
		"a exits 256 after 1s": `s:1: an exit status is a number from 0 to 255`,
	} {
		if _, err := Parse("s", line); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
