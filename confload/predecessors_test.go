package confload

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What the readers of the Go supervisors before supd got wrong; docs/explanation/predecessors.md lists all of it.

func TestProcessesAreNumberedFromNumprocsStart(t *testing.T) {
	for options, want := range map[string]string{
		"":                  "w_0 w_1 w_2",
		"numprocs_start=5":  "w_5 w_6 w_7",
		"numprocs_start=-1": "w_-1 w_0 w_1",
	} {
		c := mustParse(t, "[program:w]\ncommand=run %(process_num)d\nnumprocs=3\nprocess_name=%(program_name)s_%(process_num)d\n"+options)
		var names []string
		for _, p := range c.Groups[0].Programs {
			names = append(names, p.Name)
			if p.Command != "run "+strings.TrimPrefix(p.Name, "w_") {
				t.Errorf("%s: %s", p.Name, p.Command)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
	_, err := parse(t, "[program:w]\ncommand=run\nnumprocs=3\n")
	wantError(t, err, "%(process_num) must be present within process_name", "%(program_name)s_%(process_num)02d", "line 4")
}

func TestValuesAreNotTakenForPaths(t *testing.T) {
	p := program(t, "[program:x]\ncommand=sleep 10 ../x a..b\nenvironment=A=\"../x\",B=\"..\"\ndirectory=/srv/../tmp\n")
	if p.Command != "sleep 10 ../x a..b" || !slices.Equal(p.Environment, []string{"A=../x", "B=.."}) || p.Directory != "/srv/../tmp" {
		t.Errorf("%+v", p)
	}
}

func TestNamesOfOptionsHaveNoCase(t *testing.T) {
	p := program(t, "[program:Web]\ncommand=c\nrestartPause=3\nSTARTSECS=7\nenvFiles=/a, /b\n")
	if p.Name != "Web" || p.RestartPause != 3*time.Second || p.StartSecs != 7 || !slices.Equal(p.EnvFiles, []string{"/a", "/b"}) {
		t.Errorf("%+v", p)
	}
}

func TestNothingOfOneNameReplacesAnother(t *testing.T) {
	for name, text := range map[string]string{
		"program and listener":   "[program:x]\ncommand=c\n[eventlistener:x]\ncommand=c\nevents=EVENT\n",
		"program and group":      "[program:x]\ncommand=c\n[program:y]\ncommand=c\n[group:x]\nprograms=y\n",
		"listener and group":     "[eventlistener:x]\ncommand=c\nevents=EVENT\n[program:y]\ncommand=c\n[group:x]\nprograms=y\n",
		"two of one name inside": "[program:y]\ncommand=c\nprocess_name=p\n[program:z]\ncommand=c\nprocess_name=p\n[group:g]\nprograms=y,z\n",
	} {
		c, err := parse(t, text)
		if err == nil {
			t.Errorf("%s is accepted: %+v", name, c.Groups)
		}
	}
	c := mustParse(t, "[program:y]\ncommand=c\nprocess_name=p\n[program:z]\ncommand=c\nprocess_name=p\n") // in two groups
	if len(c.Groups) != 2 || c.Groups[0].Programs[0].NameSpec() != "y:p" || c.Groups[1].Programs[0].NameSpec() != "z:p" {
		t.Errorf("%+v", c.Groups)
	}
}

func TestBadNumbersAreErrorsAndNoDefaults(t *testing.T) {
	for _, option := range []string{"startsecs", "stopwaitsecs", "startretries", "priority", "numprocs", "killwaitsecs", "restartpause"} {
		for _, value := range []string{"ten", "1.5.2", "99999999999", "1s", ""} {
			_, err := parse(t, "[program:x]\ncommand=c\n"+option+"="+value)
			wantError(t, err, "for "+option, "allowed: ", "line 4", "program:x")
		}
	}
}
