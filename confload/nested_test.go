package confload

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// threePrograms are sections a, b and c.
const threePrograms = "[program:a]\ncommand=c\n[program:b]\ncommand=c\n[program:c]\ncommand=c\n"

// groupNamed returns a group of a configuration.
func groupNamed(t *testing.T, c *Config, name string) *Group {
	t.Helper()
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		t.Fatalf("no group %s in %+v", name, c.Groups)
	}
	return &c.Groups[i]
}

func TestAGroupCanBeAMemberOfAGroup(t *testing.T) {
	c := mustParse(t, threePrograms+"[group:x]\nprograms=a, group:y, c\n[group:y]\nprograms=b\nintensity=2\n")
	x, y := groupNamed(t, c, "x"), groupNamed(t, c, "y")
	if !slices.Equal(x.MemberNames(), []string{"a", "group:y", "c"}) || len(x.Programs) != 2 || x.Parent != "" {
		t.Errorf("x is %+v", x)
	}
	if x.Supervision == nil || x.Supervision.Intensity != -1 || x.Supervision.OnGiveUp != GiveUpLeave {
		t.Errorf("x has %+v", x.Supervision)
	}
	if !slices.Equal(y.MemberNames(), []string{"b"}) || y.Members != nil || y.Parent != "x" || y.Programs[0].NameSpec() != "y:b" {
		t.Errorf("y is %+v", y)
	}
	if y.Supervision == nil || y.Supervision.OnGiveUp != GiveUpEscalate {
		t.Errorf("y has %+v", y.Supervision)
	}
	c = mustParse(t, threePrograms+"[group:x]\nprograms=group:y\n[group:y]\nprograms=b\non_give_up=leave\n")
	if s := groupNamed(t, c, "y").Supervision; s == nil || s.OnGiveUp != GiveUpLeave {
		t.Errorf("y has %+v", s)
	}
	c = mustParse(t, threePrograms+"[group:x]\nprograms=a,b\n")
	if x := groupNamed(t, c, "x"); x.Supervision != nil || x.Members != nil {
		t.Errorf("without groups x is %+v", x)
	}
}

func TestBadNestingIsRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"[group:x]\nprograms=a,group:yy\n[group:y]\nprograms=b", []string{"line 9", "[group:x] names", "'group:yy'", "no such group", "y"}},
		{"[group:x]\nprograms=a,group:b", []string{"line 9", "'group:b', which is a program; write it without group:"}},
		{"[group:x]\nprograms=group:y,group:y\n[group:y]\nprograms=b", []string{"line 9", "names 'group:y' twice"}},
		{"[group:x]\nprograms=group:y\n[group:y]\nprograms=b\n[group:z]\nprograms=group:y",
			[]string{"line 13", "[group:z] names 'group:y', which is a member of [group:x] already"}},
		{"[group:x]\nprograms=group:x", []string{"line 9", "members of each other: x -> x"}},
		{"[group:x]\nprograms=a,group:y\n[group:y]\nprograms=b,group:z\n[group:z]\nprograms=c,group:x", []string{"line 9", "x -> y -> z -> x"}},
		{"[group:x]\nprograms=a\non_give_up=escalate", []string{"line 10", "[group:x] is in no other group", "leave, restart or shutdown"}},
		{"[group:x]\nprograms=a\non_give_up=maybe", []string{"line 10", "'maybe'", "leave, restart, shutdown, escalate"}},
	} {
		_, err := parse(t, threePrograms+c.text)
		wantError(t, err, append(c.want, "s.conf")...)
	}
}

func TestTheNameOfAGroupFromTheEnvironmentIsNotTold(t *testing.T) {
	_, err := parse(t, threePrograms+"[group:x]\nprograms=a,group:%(ENV_SECRET)s")
	wantError(t, err, "[group:x] names a group, and there is no such group")
}

func TestSignificantIsRead(t *testing.T) {
	c := mustParse(t, "[program:a]\ncommand=c\nsignificant=true\n[program:b]\ncommand=c\n[group:x]\nprograms=a,b\nauto_shutdown=all_significant\n")
	x := groupNamed(t, c, "x")
	if x.Supervision == nil || x.Supervision.AutoShutdown != AllSignificant || !x.Programs[0].Significant || x.Programs[1].Significant {
		t.Errorf("%+v, %+v", x, x.Supervision)
	}
	c = mustParse(t, "[supervisord]\nexit_when=Any_Significant\n[program:a]\ncommand=c\nautorestart=false\nsignificant=yes\n")
	if c.Supervisord.ExitWhen.Policy != ExitAnySignificant || !c.Groups[0].Programs[0].Significant || c.Groups[0].Supervision != nil {
		t.Errorf("%+v", c.Groups[0])
	}
	c = mustParse(t, "[program:a]\ncommand=c\nsignificant=true\n[group:x]\nprograms=group:y\nauto_shutdown=any_significant\n"+
		"[group:y]\nprograms=a\nauto_shutdown=any_significant\nsignificant=true\n")
	if !groupNamed(t, c, "y").Significant || !slices.Equal(groupNamed(t, c, "x").SignificantGroups, []string{"group:y"}) {
		t.Error("y is to be significant")
	}
}

// TestBadCombinationsOfSignificantAreRefused has those that OTP refuses, and those that could never come to pass.
func TestBadCombinationsOfSignificantAreRefused(t *testing.T) {
	const group = "[group:x]\nprograms=a\nauto_shutdown=any_significant\n"
	program := func(options string) string { return "[program:a]\ncommand=c\nsignificant=true\n" + options }
	for _, c := range []struct {
		text string
		want []string
	}{
		{program("autorestart=true\n") + group, []string{"line 4", "[program:a]", "significant=true and autorestart=true", "unexpected or false"}},
		{program("cron=@daily\n") + group, []string{"line 4", "significant=true and cron"}},
		{program(""), []string{"line 4", "nothing goes by it", "auto_shutdown of its group 'a' is never", "exit_when"}},
		{program("") + "[group:x]\nprograms=a\n", []string{"line 4", "auto_shutdown of its group 'x' is never"}},
		{"[program:a]\ncommand=c\n" + group, []string{"line 6", "[group:x]", "none of its members is significant"}},
		{"[supervisord]\nexit_when=all_significant\n[program:a]\ncommand=c\n", []string{"line 2", "'all_significant'", "no program is significant"}},
		{program("") + group + "significant=true\n", []string{"line 8", "[group:x] has significant=true", "in no other group"}},
		{program("") + group + "significant=true\n[group:y]\nprograms=group:x\n", []string{"line 8", "auto_shutdown of [group:y] is never"}},
		{"[supervisord]\nexit_when=any_significant\n" + program("") + "[group:x]\nprograms=a\nsignificant=true\n[group:y]\n" +
			"programs=group:x\nauto_shutdown=any_significant\n", []string{"line 8", "its own auto_shutdown is never"}},
		{program("") + "[group:x]\nprograms=a\nauto_shutdown=sometimes\n", []string{"line 7", "'sometimes'", "never, any_significant, all_significant"}},
		{"[program:a]\ncommand=c\nsignificant=perhaps\n", []string{"line 4", "'perhaps'", "true, yes, on"}},
		{"[group:x]\nprograms=\nsignificant=perhaps\n", []string{"line 4", "'perhaps'", "true, yes, on"}},
	} {
		_, err := parse(t, c.text)
		wantError(t, err, append(c.want, "s.conf")...)
	}
}

func TestAMistakeOfManyProcessesIsToldOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[program:a]\ncommand=c\nprocess_name=%(process_num)d\nnumprocs=5\nsignificant=true\n"})
	c, err := Check(filepath.Join(dir, "s.conf"), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Errors) != 1 || !strings.Contains(c.Errors[0].Error(), "nothing goes by it") {
		t.Errorf("%v", c.Errors)
	}
}
