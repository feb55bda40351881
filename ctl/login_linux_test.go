package ctl

import (
	"fmt"
	"strings"
	"testing"
)

func TestCredentialsAreAskedForAsBySupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(streamConfig, "[rpcinterface", "username=u\npassword=ßp\n[rpcinterface", 1)
	config = strings.Replace(config, "serverurl", "username=u\npassword=ßp\nserverurl", 1)
	login := func(s *screen, name, password string) {
		s.expect("Username:")
		s.press(name + "\n")
		s.expect("Password:")
		s.press(password + "\n")
	}
	playScenes(t, config, []scene{
		{name: "right at once", server: "-i -u u -p no", args: "pid cat", act: func(s *screen) { login(s, "u", "ßp") }},
		{name: "wrong at first", server: "-i -u u -p no", args: "status cat", act: func(s *screen) {
			login(s, "x", "")
			login(s, "u", "p")
			login(s, "u", "ßp")
		}},
		{name: "given up", server: "-i -u u -p no", args: "version", act: func(s *screen) {
			s.expect("Username:")
			s.press("\x04")
		}},
		{name: "several", server: "-i -u u -p no", args: "stop cat nope", act: func(s *screen) { login(s, "u", "ßp") }},
		{name: "no questions", server: "-u u -p no", args: "version"},
	})
}

func TestAQuestionIsInterrupted(t *testing.T) {
	conf := emptyConfig(t)
	s := onTerminal(t, newDaemon(t, serverConfig), false, "-c", conf, "-i", "shutdown")
	s.expect("y/N? ")
	s.press("\x03")
	if got := s.end(); !strings.HasSuffix(got, fmt.Sprintf("[exit status %d]", exitInterrupted)) {
		t.Errorf("%q", got)
	}
}

func TestClearOfAGroupClearsItsPrograms(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := startDaemon(t, logConfig)
	for range 3 {
		d.wait(t, "entered RUNNING")
	}
	d.append(t, "0.log", "text")
	d.append(t, "1.log", "text")
	for _, c := range []struct {
		args, out string
		status    int
	}{
		{"clear m:* nope:* cat:", "nope: ERROR (no such group)\nm:m0: cleared\nm:m1: cleared\ncat: cleared\n", exitGeneric},
		{"tail m:m0", "\n", 0},
		{"tail m:m1", "\n", 0},
		{"clear m:*", "m:m0: cleared\nm:m1: cleared\n", 0},
	} {
		out, status := ours(t, "", append([]string{"-c", d.client}, strings.Fields(c.args)...))
		if out != c.out || status != c.status {
			t.Errorf("%s: %q, status %d", c.args, out, status)
		}
	}
}
