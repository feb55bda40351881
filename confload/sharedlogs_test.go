package confload

import (
	"strings"
	"testing"
)

func TestAFileWithTwoRulesOfRotationIsSpokenOf(t *testing.T) {
	dir := t.TempDir()
	for options, want := range map[string]bool{
		"stdout_logfile=DIR/a":                                        false,
		"stdout_logfile=DIR/a\nstdout_logfile_compress=true":          true,
		"stdout_logfile=DIR/a\nstdout_logfile_maxbytes=1MB":           true,
		"stdout_logfile=DIR/a\nstdout_logfile_backups=3":              true,
		"stderr_logfile=DIR/a\nstderr_logfile_rotate_every=day":       true,
		"stderr_logfile=/dev/stdout, DIR/a\nstderr_logfile_backups=3": true,
		"stdout_logfile=DIR/b\nstdout_logfile_backups=3":              false,
		"stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0":       false,
	} {
		c := mustParse(t, strings.ReplaceAll("[program:x]\ncommand=c\nstdout_logfile=DIR/a\nstderr_logfile=/dev/stdout\n[program:y]\ncommand=c\n"+options, "DIR", dir))
		var said []Message
		for _, m := range c.Messages {
			if strings.Contains(m.Text, "rules for its rotation") {
				said = append(said, m)
			}
		}
		if (len(said) == 1) != want || len(said) > 1 {
			t.Errorf("%s: %+v", options, said)
		}
		if want && (said[0].Line != 8 || !strings.Contains(said[0].Text, "one of stdout_logfile in [program:x]")) {
			t.Errorf("%s: %+v", options, said[0])
		}
	}
}
