package confload

import (
	"strings"
	"testing"
)

// What a page shows of a program is what the files say, where they say it, and no secret.
func TestTheOptionsOfAProgramAreToldAsWritten(t *testing.T) {
	c := mustParse(t, `[supervisord]
[program-default]
startsecs = 7
[program:web]
command = /bin/cat %(program_name)s
environment = TOKEN="hunter2"
numprocs = 2
process_name = %(program_name)s_%(process_num)d
`)
	for i := range c.Groups[0].Programs {
		p := &c.Groups[0].Programs[i]
		got := map[string]GivenOption{}
		for _, o := range p.Options() {
			if _, twice := got[o.Name]; twice {
				t.Errorf("%s is there twice", o.Name)
			}
			if strings.Contains(o.Value, "hunter2") {
				t.Errorf("a secret: %+v", o)
			}
			got[o.Name] = o
		}
		for name, want := range map[string]GivenOption{
			"command":     {Name: "command", Value: "/bin/cat %(program_name)s", Line: 5},
			"environment": {Name: "environment", Line: 6, Secret: true},
			"startsecs":   {Name: "startsecs", Value: "7", Line: 3},
			"numprocs":    {Name: "numprocs", Value: "2", Line: 7},
			"stopsignal":  {Name: "stopsignal", Value: "TERM", Default: true},
		} {
			o := got[name]
			if o.File != "" {
				o.File = ""
			} else if !want.Default {
				t.Errorf("%s stands nowhere", name)
			}
			if o != want {
				t.Errorf("got %+v, want %+v", o, want)
			}
		}
	}
}
