package main

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAPasswordIsTypedTwice is about a terminal, which does not show it.
func TestAPasswordIsTypedTwice(t *testing.T) {
	for _, c := range []struct{ again, shown, end string }{
		{"pa55\r", "[user:ann]", "exit status 0"},
		{"pa56\r", "the two are not the same", "exit status 2"},
	} {
		s := onScreen(t, 120, 24, nil, supdBinary, "user", "ann", "--password")
		s.shows("Password:")
		s.silent()
		s.press("pa55\r")
		s.shows("The same again:")
		s.silent()
		s.press(c.again)
		s.shows(c.shown)
		if text := s.text(); strings.Contains(text, "pa5") {
			t.Errorf("the password is shown:\n%s", text)
		}
		if got := s.end().String(); got != c.end {
			t.Errorf("%s: it ended with %s", c.shown, got)
		}
	}
}

// silent waits until the terminal does not show what is typed.
func (s *screen) silent() {
	s.t.Helper()
	for limit := time.Now().Add(time.Minute); ; runtime.Gosched() {
		switch mode, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS); {
		case err != nil:
			s.t.Fatal(err)
		case mode.Lflag&unix.ECHO == 0:
			return
		case time.Now().After(limit):
			s.t.Fatal("what is typed is shown")
		}
	}
}
