package confload

import (
	"strings"
	"testing"
)

// TestWhatIsHardlyMeantIsTold is about values that supervisord takes without a word.
func TestWhatIsHardlyMeantIsTold(t *testing.T) {
	for _, c := range []struct{ option, level, want string }{
		{"startretries=-2", "warn", "startretries=-2 means the same as 0"},
		{"startretries=-1", "", ""},
		{"stopwaitsecs=-1", "warn", "stopwaitsecs=-1 means the same as 0"},
		{"startsecs=-1", "", ""},
		{"command=c $SECS", "info", "the program gets '$SECS' as it is written"},
		{"command=c ${SECS}x", "info", "%(ENV_SECS)s is the variable"},
		{`command=sh -c "echo $SECS"`, "", ""},
		{`command=bash -lc "echo $SECS"`, "", ""},
		{"command=c $5", "", ""},
		{"token=x", "warn", "unknown option 'token' in section [program:x] is ignored; it belongs to [user:NAME]"},
		{"events=TICK_5", "warn", "it belongs to [eventlistener:NAME]"},
		{"file=x", "warn", "it belongs to [unix_http_server]"},
		{"comand=x", "warn", "did you mean 'command'?"},
	} {
		conf := "[program:x]\n" + c.option + "\n"
		if !strings.HasPrefix(c.option, "command=") {
			conf += "command=c\n"
		}
		got := &Config{Messages: check(t, "[supervisord]\n"+conf).Messages}
		for level, said := range map[string][]string{"warn": texts(got, Warn), "info": texts(got, Info)} {
			all := strings.Join(said, "\n")
			if want := level == c.level; strings.Contains(all, c.want) != want && c.want != "" || c.level == "" && strings.Contains(all, "means the same") ||
				c.level == "" && strings.Contains(all, "as it is written") {
				t.Errorf("%s: %s: %q", c.option, level, all)
			}
		}
	}
	expanded := &Config{Messages: check(t, "[supervisord]\nexpand_env=true\n[program:x]\ncommand=c $HOME\n").Messages}
	if got := texts(expanded, Info); strings.Contains(strings.Join(got, ""), "as it is written") {
		t.Errorf("with expand_env: %q", got)
	}
	_, err := parse(t, "[program:x]\ncommand=c\nliveness_check_script=htp://x\n")
	if err == nil || !strings.Contains(err.Error(), "there is no check by 'htp'; did you mean 'http'?") {
		t.Errorf("an unknown scheme: %v", err)
	}
}
