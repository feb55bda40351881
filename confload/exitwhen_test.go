package confload

import (
	"strings"
	"testing"
)

func TestExitWhen(t *testing.T) {
	for value, want := range map[string]ExitWhen{
		"never": {}, "All_Exited": {Policy: ExitAllExited}, "any_fatal": {Policy: ExitAnyFatal},
		"program:web": {ExitOfAProgram, "web"}, "program:g:one": {ExitOfAProgram, "g:one"},
	} {
		c := mustParse(t, "[supervisord]\nexit_when="+value+"\n[program:web]\ncommand=x\n[program:one]\ncommand=x\n[group:g]\nprograms=one\n")
		if got := c.Supervisord.ExitWhen; got != want {
			t.Errorf("%s: got %+v", value, got)
		}
	}
	for value, want := range map[string]string{
		"sometimes": "allowed: never, all_exited, any_fatal, any_significant, all_significant, program:NAME", "program:": "allowed: never",
		"program:wbe": "there is no such program; did you mean 'web'?", "program:g:two": "there is no such program",
	} {
		_, err := Parse("/c/s.conf", []byte("[supervisord]\nexit_when="+value+"\n[program:web]\ncommand=x\n"), testOptions(t))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "on line 2") && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got %v, want %s", value, err, want)
		}
	}
}
