package confload

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var iniBlock = regexp.MustCompile("(?s)```ini\n(.*?)```")

// TestDocsExamplesCanBeLoaded loads every piece of configuration in these documents: without an error and without a warning
// about a program.
func TestDocsExamplesCanBeLoaded(t *testing.T) {
	for _, file := range []string{"../docs/how-to/health-checks.md", "../docs/how-to/limits.md", "../docs/how-to/from-go-supervisord.md",
		"../docs/how-to/logs.md", "../docs/how-to/restart-on-change.md", "../docs/how-to/cron.md", "../docs/how-to/hooks.md",
		"../docs/how-to/containers.md", "../docs/how-to/monitor.md", "../docs/explanation/dependencies.md", "../docs/explanation/events.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := iniBlock.FindAllStringSubmatch(string(b), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no examples", file)
		}
		for _, m := range blocks {
			text := m[1]
			if strings.Contains(text, "depends_on = db, cache") { // these are not shown
				text += "[program:db]\ncommand=x\n[program:cache]\ncommand=x\n"
			}
			text = strings.ReplaceAll(text, "user = queue:daemon", "user = daemon:daemon")
			c, err := Parse("/c/"+filepath.Base(file), []byte("[supervisord]\n"+text), testOptions(t))
			if err != nil {
				t.Errorf("%s: %v\n%s", file, err, text)
				continue
			}
			for _, msg := range c.Messages {
				if !strings.HasPrefix(msg.Section, "program:") {
					continue // that there is no server is right here
				}
				t.Errorf("%s: %s\n%s", file, msg.Text, text)
			}
		}
	}
}
