package confload

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHooksReachTheirFields(t *testing.T) {
	p := program(t, `[program:x]
command=c
pre_start_hook=/bin/prepare %(program_name)s 'a b'
post_start_hook=https://h/up -H "X-A: 1"
pre_stop_hook=tcp://localhost:80
post_stop_hook=clean
hook_timeout=1.5
pre_start_hook_failure=Ignore
restart_memory_limit=512MB
restart_memory_period=5`)
	want := Hooks{
		PreStart:  &Probe{Text: "/bin/prepare x 'a b'", Args: []string{"/bin/prepare", "x", "a b"}},
		PostStart: &Probe{Kind: ProbeHTTP, Text: `https://h/up -H "X-A: 1"`, URL: "https://h/up", Headers: []Header{{"X-A", "1"}}},
		PreStop:   &Probe{Kind: ProbeTCP, Text: "tcp://localhost:80", Addr: "localhost:80"},
		PostStop:  &Probe{Text: "clean", Args: []string{"clean"}},
		Timeout:   1500 * time.Millisecond, PreStartFailure: HookIgnored,
	}
	if !reflect.DeepEqual(p.Hooks, want) || p.RestartMemoryLimit != 512<<20 || p.RestartMemoryPeriod != 5*time.Second {
		t.Errorf("got %+v", p)
	}
	p = program(t, "[program:x]\ncommand=c")
	if p.Hooks != (Hooks{Timeout: time.Minute}) || p.RestartMemoryLimit != 0 || p.RestartMemoryPeriod != 30*time.Second {
		t.Errorf("got %+v", p)
	}
}

func TestCgroupLimitsReachTheirFields(t *testing.T) {
	p := program(t, "[program:x]\ncommand=c\ncgroup_memory_max=1GB\ncgroup_memory_high=Unlimited\ncgroup_cpu_max=50%%\ncgroup_pids_max=100")
	c := p.Cgroup
	if !c.Any() || *c.MemoryMax != 1<<30 || *c.MemoryHigh != Unlimited || *c.CPUMax != 0.5 || *c.PidsMax != 100 {
		t.Errorf("got %+v", c)
	}
	for text, want := range map[string]float64{"1.5": 1.5, "200%%": 2, "1%%": 0.01, "unlimited": 0} {
		if p := program(t, "[program:x]\ncommand=c\ncgroup_cpu_max="+text); *p.Cgroup.CPUMax != want {
			t.Errorf("%s is %v", text, *p.Cgroup.CPUMax)
		}
	}
	if p = program(t, "[program:x]\ncommand=c"); p.Cgroup.Any() {
		t.Errorf("got %+v", p.Cgroup)
	}
}

func TestBadHooksAndControlGroupsAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"pre_start_hook='":                     "not a valid hook value: (not shown) for pre_start_hook",
		"post_start_hook=http://":              "the URL has no host, or cannot be read",
		"pre_stop_hook=tcp://h":                "the address is not of the form HOST:PORT (allowed: nothing, a command, tcp://HOST:PORT, or an http",
		"post_stop_hook=''":                    "the command is empty",
		"hook_timeout=0":                       "it is out of range (allowed: a number of seconds, like 5 or 0.5, at least 0.1)",
		"pre_start_hook_failure=maybe":         "(allowed: fail, ignore)",
		"restart_memory_limit=-1":              "it is less than 0 (allowed: a whole number, or one with KB, MB or GB after it)",
		"restart_memory_limit=1TB":             "not a valid byte size value: '1TB' for restart_memory_limit",
		"restart_memory_period=0":              "it is out of range",
		"cgroup_memory_max=0":                  "it is less than 1 (allowed: a whole number, or one with KB, MB or GB after it, or unlimited)",
		"cgroup_memory_high=lots":              "not a valid byte size value: 'lots'",
		"cgroup_cpu_max=0.001":                 "it is out of range (allowed: a number of processors, like 1.5, or a percentage",
		"cgroup_cpu_max=x%%":                   "not a valid processors value: 'x%' for cgroup_cpu_max",
		"cgroup_pids_max=0":                    "it is less than 1 (allowed: a whole number, or unlimited)",
		"cgroup_pids_max=99999999999999999999": "it is out of range",
	} {
		_, err := parse(t, "[supervisord]\n[program:x]\ncommand=c\n"+line)
		name, _, _ := strings.Cut(line, "=")
		wantError(t, err, want, "on line 4 in section 'program:x'", "s.conf", name)
	}
}
