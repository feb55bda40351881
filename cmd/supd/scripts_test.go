package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

const python = "/usr/bin/python3 " // Debian's, which has childutils

// A stage is supd with a listener of testdata on it.
type stage struct {
	*background
	dir, conf string
}

// onStage starts supd with sections in which DIR and SCRIPTS are replaced.
func onStage(t *testing.T, sections string, args ...string) *stage {
	t.Helper()
	scripts, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir, conf := site(t, strings.ReplaceAll(sections, "SCRIPTS", scripts))
	return &stage{startDaemon(t, up, supdBinary, append([]string{"-c", conf}, args...)...), dir, conf}
}

// counting is a program that writes n captured messages, numbered from 0, as soon as DIR/go is there, and then DIR/written.
func counting(n int) string {
	return fmt.Sprintf(`
[program:counting]
command = /bin/sh -c "while ! test -e DIR/go; do sleep 0.05; done; i=0; while test $i -lt %d; do printf '<!--XSUPERVISOR:BEGIN-->'$i'<!--XSUPERVISOR:END-->'; i=$((i+1)); done; touch DIR/written; exec sleep 1000"
stdout_capture_maxbytes = 1KB
startsecs = 0
`, n)
}

// diary waits until the lines that a listener has written are enough.
func (s *stage) diary(what string, enough func(lines []string) bool) (lines []string) {
	s.t.Helper()
	proctest.Eventually(s.t, what, func() (string, bool) {
		b, err := os.ReadFile(filepath.Join(s.dir, "diary"))
		text := string(b)
		text = text[:strings.LastIndexByte(text, '\n')+1]
		lines = strings.Split(text, "\n")
		lines = lines[:len(lines)-1]
		return text + s.out.String(), err == nil && enough(lines)
	})
	return lines
}

// numbers returns the last words of the lines that begin with a word.
func numbers(lines []string, word string) (out []int) {
	for _, l := range lines {
		if f := strings.Fields(l); f[0] == word {
			n, err := strconv.Atoi(f[len(f)-1])
			if err != nil {
				panic(l)
			}
			out = append(out, n)
		}
	}
	return out
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

// TestEveryEventIsAcknowledgedOnceWhateverTheListenersAreLike has listeners that refuse and die, and nothing is lost or done twice.
func TestEveryEventIsAcknowledgedOnceWhateverTheListenersAreLike(t *testing.T) {
	const n = 30
	for _, c := range []struct {
		character string
		processes int
	}{{"obedient", 1}, {"moody", 1}, {"mortal", 1}, {"obedient", 3}, {"moody", 3}, {"mortal", 3}} {
		t.Run(fmt.Sprintf("%s %d", c.character, c.processes), func(t *testing.T) {
			t.Parallel()
			s := onStage(t, fmt.Sprintf(`
[eventlistener:ear]
command = %sSCRIPTS/listener.py %s DIR/diary %%(process_num)d
process_name = ear%%(process_num)d
numprocs = %d
events = PROCESS_COMMUNICATION
buffer_size = 100
startsecs = 0
`, python, c.character, c.processes)+counting(n))
			writeFile(t, s.dir, "go", "")
			lines := s.diary("all to be acknowledged", func(l []string) bool { return len(numbers(l, "ok")) >= n })
			got := numbers(lines, "ok")
			if c.processes == 1 && !slices.Equal(got, upTo(n)) {
				t.Errorf("acknowledged in the order %v", got)
			}
			slices.Sort(got)
			if !slices.Equal(got, upTo(n)) {
				t.Errorf("acknowledged were %v", got)
			}
			for word, min := range map[string]int{"fail": 3, "dies": 3} {
				if wanted := map[string]string{"fail": "moody", "dies": "mortal"}[word] == c.character; wanted != (len(numbers(lines, word)) >= min) {
					t.Errorf("%d times %s:\n%s", len(numbers(lines, word)), word, strings.Join(lines, "\n"))
				}
			}
		})
	}
}

var discarded = regexp.MustCompile(`pool ear event buffer overflowed, discarding event (\d+)`)

func TestASlowListenerSlowsNobodyDownAndWhatIsLostIsTold(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py slow DIR/diary DIR/gate
events = PROCESS_COMMUNICATION
buffer_size = 5
startsecs = 0
[program:knock]
command = /bin/sh -c "printf '<!--XSUPERVISOR:BEGIN-->knock<!--XSUPERVISOR:END-->'; exec sleep 1000"
stdout_capture_maxbytes = 1KB
startsecs = 0
`+counting(100))
	s.diary("the listener to be busy", func(l []string) bool { return len(l) == 1 })
	writeFile(t, s.dir, "go", "")
	proctest.File(t, filepath.Join(s.dir, "written")) // nobody has answered yet
	proctest.Eventually(t, "all that is lost", func() (string, bool) {
		out := s.out.String()
		return out, len(discarded.FindAllString(out, -1)) >= 95
	})
	writeFile(t, s.dir, "gate", "")
	lines := s.diary("what was kept", func(l []string) bool { return len(numbers(l, "ok")) >= 6 })
	all := numbers(lines, "ok")
	for _, m := range discarded.FindAllStringSubmatch(s.out.String(), -1) {
		n, _ := strconv.Atoi(m[1])
		all = append(all, n)
	}
	slices.Sort(all)
	if !slices.Equal(all, upTo(101)) {
		t.Errorf("acknowledged or told as lost: %v", all)
	}
}

func TestRubbishEndsTheTalkUntilTheListenerIsRestarted(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py rude DIR/diary DIR/lived
events = PROCESS_COMMUNICATION
startsecs = 0
`+counting(5))
	s.out.WaitFor(t, "ear: has entered the UNKNOWN state and will no longer receive events")
	writeFile(t, s.dir, "go", "")
	proctest.File(t, filepath.Join(s.dir, "written"))
	if out, status := ctlIn(t, s.conf, "restart", "ear"); status != 0 {
		t.Fatal(out)
	}
	lines := s.diary("the events that waited", func(l []string) bool { return len(numbers(l, "ok")) >= 5 })
	if lines[0] != "said rubbish" || len(lines) != 11 || !slices.Equal(numbers(lines, "ok"), upTo(5)) {
		t.Errorf("the diary is %q", lines)
	}
}

func TestAListenerThatNeverReadsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py deaf DIR/diary
events = EVENT
buffer_size = 2
startsecs = 0
[program:large]
command = /bin/sh -c "while ! test -e DIR/go; do sleep 0.05; done; printf '<!--XSUPERVISOR:BEGIN-->'; head -c 300000 /dev/zero; printf '<!--XSUPERVISOR:END-->'; touch DIR/large; exec sleep 1000"
stdout_capture_maxbytes = 1MB
startsecs = 0
`+counting(2000))
	s.diary("it to be ready", func(l []string) bool { return len(l) == 1 })
	writeFile(t, s.dir, "go", "")
	proctest.File(t, filepath.Join(s.dir, "written"))
	proctest.File(t, filepath.Join(s.dir, "large"))
	for range 3 {
		if out, status := ctlIn(t, s.conf, "restart", "counting", "large"); status != 0 {
			t.Error(out)
		}
	}
	if out, status := ctlIn(t, s.conf, "reload"); status != 0 {
		t.Error(out)
	}
	s.waitForStarts(2)
	if out, status := ctlIn(t, s.conf, "shutdown"); status != 0 {
		t.Error(out)
	}
	if status := s.wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

var loopbacks atomic.Int32

// loopback is a local address nobody else uses: so that a port can be known before it is bound.
func loopback() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 100+loopbacks.Add(1), pid>>8&0xff, max(1, pid&0xff))
}

// TestWatchersRestartProgramsThroughTheAPI runs a memory watcher and an HTTP probe over each kind of server.
func TestWatchersRestartProgramsThroughTheAPI(t *testing.T) {
	host := loopback()
	for _, c := range []struct{ name, server, environment string }{
		{"unix", "", ""},
		{"unix with a password", "username=ann\npassword=se:cret %%\n", `environment = SUPERVISOR_USERNAME="ann",SUPERVISOR_PASSWORD="se:cret %%"`},
		{"tcp with a password", "\n[inet_http_server]\nport=" + host + ":9001\nusername=ann\npassword=se:cret %%\n",
			`environment = SUPERVISOR_USERNAME="ann",SUPERVISOR_PASSWORD="se:cret %%"` + "\nserverurl=http://" + host + ":9001"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			page := loopback()
			scripts, _ := filepath.Abs("testdata")
			dir, conf := site(t, strings.NewReplacer("SCRIPTS", scripts, "ENVIRONMENT", c.environment, "PAGE", page).Replace(`
[eventlistener:memwatch]
command = `+python+`SCRIPTS/memwatch.py hungry 60
events = TICK_5
ENVIRONMENT
[eventlistener:httpprobe]
command = `+python+`SCRIPTS/httpprobe.py page http://PAGE:8000/
events = TICK_5
ENVIRONMENT
[program:hungry]
command = `+python+`-c "import os, time; food = os.path.exists('DIR/fed') or bytearray(100 << 20); open('DIR/fed', 'w').close(); time.sleep(1000)"
startsecs = 0 ; so that a life counts however soon a tick comes after its start
[program:page]
command = `+python+`SCRIPTS/page.py PAGE 8000 DIR/ill
startsecs = 0
[program:bystander]
command = /bin/cat
`))
			text := strings.ReplaceAll(read(t, conf), "DIR", dir)
			writeFile(t, dir, "conf", strings.Replace(text, "/sock\n", "/sock\n"+c.server, 1))
			b := startDaemon(t, up, supdBinary, "-c", conf)
			b.out.WaitFor(t, "stopped: hungry (terminated by SIGTERM)")
			b.out.WaitFor(t, "stopped: page (terminated by SIGTERM)")
			for name, n := range map[string]int{"hungry": 2, "page": 2} { // on a slow machine page may be looked at too early again
				proctest.Eventually(t, fmt.Sprintf("%d lives of %s", n, name), func() (string, bool) {
					out := b.out.String()
					return out, strings.Count(out, "success: "+name+" entered RUNNING") >= n
				})
			}
			if n := strings.Count(b.out.String(), "spawned: 'bystander'"); n != 1 {
				t.Errorf("bystander was started %d times", n)
			}
			for _, name := range []string{"memwatch", "httpprobe"} {
				proctest.Eventually(t, "what "+name+" says", func() (string, bool) {
					files, _ := filepath.Glob(filepath.Join(dir, name+"-stderr*"))
					if len(files) != 1 {
						return fmt.Sprint(files), false
					}
					said := read(t, files[0])
					return said + b.out.String(), strings.HasPrefix(said, "restarted ")
				})
			}
		})
	}
}

// TestPayloadsArriveWholeHoweverTheirLengthIsCounted sends what is not ASCII to listeners that read bytes and to those that read text.
func TestPayloadsArriveWholeHoweverTheirLengthIsCounted(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py obedient DIR/diary
events = PROCESS_COMMUNICATION
payload_length = characters
environment = PYTHONUTF8="1"
startsecs = 0
[eventlistener:eye]
command = `+python+`SCRIPTS/bytes.py DIR/bytes
events = PROCESS_COMMUNICATION
startsecs = 0
[program:foreign]
command = /bin/sh -c "for s in 'gr\303\274n' '\342\202\254 5' '\360\237\220\215' 'bad \377\376' 'plain'; do printf '<!--XSUPERVISOR:BEGIN-->'\"$s\"'<!--XSUPERVISOR:END-->'; done; exec sleep 1000"
stdout_capture_maxbytes = 1KB
startsecs = 0
`)
	lines := s.diary("five texts", func(l []string) bool { return len(l) >= 10 })
	want := []string{"got 0 grün", "ok 0", "got 1 € 5", "ok 1", "got 2 🐍", "ok 2", `got 3 Undecodable: b'bad \xff\xfe'`, "ok 3", "got 4 plain", "ok 4"}
	if !slices.Equal(lines, want) {
		t.Errorf("as text: %q", lines)
	}
	var payloads []string
	proctest.Eventually(t, "five payloads", func() (string, bool) {
		b, _ := os.ReadFile(filepath.Join(s.dir, "bytes"))
		payloads = nil
		for line := range strings.Lines(string(b)) {
			if _, data, ok := strings.Cut(strings.TrimSuffix(line, "\n"), `\n`); ok {
				payloads = append(payloads, strings.TrimSuffix(data, "'"))
			}
		}
		return string(b), len(payloads) >= 5
	})
	if want := []string{`gr\xc3\xbcn`, `\xe2\x82\xac 5`, `\xf0\x9f\x90\x8d`, `bad \xff\xfe`, "plain"}; !slices.Equal(payloads, want) {
		t.Errorf("as bytes: %q", payloads)
	}
}
