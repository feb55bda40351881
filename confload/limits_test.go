package confload

import (
	"reflect"
	"strings"
	"testing"
)

func TestLimitsAreRead(t *testing.T) {
	for _, c := range []struct {
		option, text string
		want         ResourceLimit
	}{
		{"nofile", "1024", ResourceLimit{1024, 1024}},
		{"nofile", "1024:4096", ResourceLimit{1024, 4096}},
		{"nproc", " 0 : Unlimited ", ResourceLimit{0, Unlimited}},
		{"core", "unlimited", ResourceLimit{Unlimited, Unlimited}},
		{"core", "0", ResourceLimit{}},
		{"as", "1GB:2gb", ResourceLimit{1 << 30, 2 << 30}},
		{"data", "512", ResourceLimit{512, 512}},
		{"stack", "8MB:unlimited", ResourceLimit{8 << 20, Unlimited}},
		{"memlock", "64KB", ResourceLimit{64 << 10, 64 << 10}},
		{"fsize", "1MB", ResourceLimit{1 << 20, 1 << 20}},
		{"cpu", "5:10", ResourceLimit{5, 10}},
	} {
		p := program(t, "[program:x]\ncommand=c\nrlimit_"+c.option+"="+c.text)
		set := 0
		for i, l := range p.Limits {
			if l == nil {
				continue
			}
			set++
			if Resources[i] != c.option || *l != c.want {
				t.Errorf("rlimit_%s=%s is %s %v", c.option, c.text, Resources[i], *l)
			}
		}
		if set != 1 {
			t.Errorf("rlimit_%s=%s sets %d limits", c.option, c.text, set)
		}
	}
}

func TestOptionsOfTheKernelReachTheirFields(t *testing.T) {
	p := program(t, "[program:x]\ncommand=c\nnice=-5\noom_score_adj=-1000\nlogin_env=yes\nenvFiles=/a, ~/%(program_name)s")
	if *p.Nice != -5 || *p.OOMScoreAdj != -1000 || !p.LoginEnv || !reflect.DeepEqual(p.EnvFiles, []string{"/a", "/home/me/x"}) {
		t.Errorf("%+v", p)
	}
	p = program(t, "[program:x]\ncommand=c")
	if p.Nice != nil || p.OOMScoreAdj != nil || p.LoginEnv || p.EnvFiles != nil {
		t.Errorf("%+v", p)
	}
}

func TestBadLimitsAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"rlimit_nofile=many":        "(allowed: LIMIT for both, or SOFT:HARD, each a whole number, or unlimited)",
		"rlimit_nofile=1KB":         "not a valid limit value: '1KB' for rlimit_nofile",
		"rlimit_nofile=-1":          "it is negative; no limit is written unlimited",
		"rlimit_nofile=":            "not a valid limit value",
		"rlimit_nofile=2:1":         "the soft limit is above the hard one",
		"rlimit_nofile=unlimited:1": "the soft limit is above the hard one",
		"rlimit_nofile=1:2:3":       "not a valid limit value",
		"rlimit_nofile=1:":          "not a valid limit value",
		"rlimit_nproc=x":            "rlimit_nproc",
		"rlimit_core=1TB":           "each a whole number, or one with KB, MB or GB after it, or unlimited)",
		"rlimit_fsize=x":            "rlimit_fsize",
		"rlimit_as=99999999999GB":   "it is out of range",
		"rlimit_data=x":             "rlimit_data",
		"rlimit_stack=x":            "rlimit_stack",
		"rlimit_memlock=x":          "rlimit_memlock",
		"rlimit_cpu=1.5":            "rlimit_cpu",
		"nice=20":                   "it is out of range (allowed: a whole number from -20 to 19)",
		"nice=low":                  "not a valid integer value: 'low' for nice",
		"oom_score_adj=-1001":       "it is out of range (allowed: a whole number from -1000 to 1000)",
		"login_env=maybe":           "(allowed: true, yes, on, 1, false, no, off, 0)",
		"envFiles=/a,,/b":           "number 2 of 3 is empty (allowed: paths with commas between them)",
	} {
		_, err := parse(t, "[supervisord]\n[program:x]\ncommand=c\n"+line)
		name, _, _ := strings.Cut(strings.ToLower(line), "=")
		wantError(t, err, want, "on line 4 in section 'program:x'", "s.conf", name)
	}
}
