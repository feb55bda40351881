package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pageSite starts supd with an HTTP server on a port of its own and returns the address of its page.
func pageSite(t *testing.T, server, programs string) (dir, address string) {
	t.Helper()
	address = freePort(t)
	dir, conf := site(t, "[inet_http_server]\nport="+address+"\n"+server+programs)
	startDaemon(t, up, supdBinary, "-c", conf)
	return dir, "http://" + address + "/"
}

// TestThePageShowsWhatHappens has a browser watch programs die, come back, and be stopped by it, and follow a log.
func TestThePageShowsWhatHappens(t *testing.T) {
	dir, address := pageSite(t, "", `
[program:web]
command=/bin/sh -c 'echo $$ > DIR/web.pid; exec sleep 1000'
startsecs=0
[program:worker]
command=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo "line $i"; test $((i %% 100)) = 0 && sleep 0.1; done'
startsecs=0
stdout_logfile=DIR/worker.log
[program:needed]
command=/bin/sleep 1000
startsecs=0
[program:needing]
command=/bin/sleep 1000
startsecs=0
depends_on=needed
[program:tricky]
command=/bin/sh -c 'printf "\033[31mred\033[0m <script>document.title = 1</script> \033]0;title\007\342\202\254\n"; exec sleep 1000'
startsecs=0
stdout_logfile=DIR/tricky.log
`)
	b := openBrowser(t)
	b.open(address)
	row := func(name string) string {
		return `[...document.querySelectorAll('.row.program')].find((r) => r.querySelector('.name').textContent === '` + name + `')`
	}
	b.wait(row("web") + `.textContent.includes('running')`)

	// It dies and comes back, without the page being loaded again.
	b.eval(`window.same = true`, nil)
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, dir+"/web.pid")))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.wait(row("web") + `.querySelector('.restarts').textContent === '1' && ` + row("web") + `.textContent.includes('running')`)
	b.run(chromedp.Evaluate(`location.hash = '#/timeline'`, nil))
	b.wait(`[...document.querySelectorAll('.record')].some((r) => r.textContent.includes('web') && r.textContent.includes('SIGKILL'))`)
	var same bool
	if b.eval(`window.same === true`, &same); !same {
		t.Error("the page was loaded again")
	}

	// A stop asks first; no is no, yes is yes.
	b.run(chromedp.Evaluate(`location.hash = '#/'`, nil))
	b.wait(row("web"))
	for _, answer := range []struct{ button, state string }{{"Cancel", "running"}, {"Stop", "stopped"}} {
		b.eval(row("web")+`.querySelector('button[aria-label="Stop web"]').click()`, nil)
		b.wait(`document.querySelector('dialog[open] h2').textContent === 'Stop web?'`)
		b.eval(`[...document.querySelectorAll('dialog button')].find((b) => b.textContent === '`+answer.button+`').click()`, nil)
		b.wait(`!document.querySelector('dialog')`)
		b.wait(row("web") + `.textContent.includes('` + answer.state + `')`)
	}
	b.eval(row("web")+`.querySelector('button[aria-label="Start web"]').click()`, nil)
	b.wait(row("web") + `.textContent.includes('running')`)

	// What a stop does to others is told with the question.
	b.eval(row("needed")+`.querySelector('button[aria-label="Stop needed"]').click()`, nil)
	b.wait(`[...document.querySelectorAll('dialog li')].some((l) => l.textContent.startsWith('keep needing'))`)
	b.eval(`[...document.querySelectorAll('dialog button')].find((b) => b.textContent === 'Cancel').click()`, nil)
	b.wait(`!document.querySelector('dialog')`)

	// What would follow is told before.
	b.run(chromedp.Evaluate(`location.hash = '#/program/web'`, nil))
	b.wait(`[...document.querySelectorAll('button')].some((b) => b.textContent === 'What if …')`)
	b.eval(`[...document.querySelectorAll('button')].find((b) => b.textContent === 'What if …').click()`, nil)
	b.wait(`[...document.querySelectorAll('dialog li')].some((l) => l.textContent.startsWith('stop web')) && [...document.querySelectorAll('dialog li')].some((l) => l.textContent.startsWith('start web'))`)
	b.eval(`document.querySelector('dialog button').click()`, nil)

	// The log is followed while a thousand lines a second arrive, and stays bounded.
	b.run(chromedp.Evaluate(`location.hash = '#/program/worker'`, nil))
	b.wait(`document.querySelectorAll('.log .line').length > 400`)
	b.wait(`(window.first ??= Number(document.querySelector('.log').lastChild.textContent.slice(5))) && Number(document.querySelector('.log').lastChild.textContent.slice(5)) > window.first + 2000`)
	var log struct {
		Lines, Gaps int
		AtEnd       bool
	}
	b.eval(`(() => { const log = document.querySelector('.log'); const n = [...log.children].map((l) => Number(l.textContent.slice(5)));
		return { lines: n.length, gaps: n.filter((v, i) => i > 0 && v !== n[i - 1] + 1).length, atEnd: log.scrollTop + log.clientHeight >= log.scrollHeight - 40 }; })()`, &log)
	if log.Lines > 5000 || log.Gaps != 0 || !log.AtEnd {
		t.Errorf("the log on the page: %+v", log)
	}
	b.eval(`(() => { const s = document.querySelector('.logs input[type=search]'); s.value = '77'; s.dispatchEvent(new Event('input')); })()`, nil)
	b.wait(`[...document.querySelectorAll('.log .line:not(.other)')].every((l) => l.textContent.includes('77')) && document.querySelectorAll('.log .line:not(.other)').length > 3`)

	// What programs write is text.
	b.run(chromedp.Evaluate(`location.hash = '#/program/tricky'`, nil))
	b.wait(`document.querySelector('.log').textContent.includes('<script>document.title = 1</script>')`)
	var text, title string
	b.eval(`document.querySelector('.log').textContent`, &text)
	b.eval(`document.title`, &title)
	if text != "red <script>document.title = 1</script> €" || title == "1" {
		t.Errorf("the log shows %q, the title is %q", text, title)
	}
	b.wait(`document.querySelector('.log .fg-red').textContent === 'red'`)
	b.wait(`document.querySelector('.options').textContent.includes('stdout_logfile')`)
	b.onlyHost(address)
}

// onlyHost fails when requests went to another host.
func (b *browser) onlyHost(address string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for host := range b.hosts {
		if !strings.Contains(address, host) {
			b.t.Errorf("a request to %s", host)
		}
	}
}

// TestThePageWorksWithKeys needs no mouse.
func TestThePageWorksWithKeys(t *testing.T) {
	_, address := pageSite(t, "", `
[group:team]
programs=a,b
[program:a]
command=/bin/sleep 1000
startsecs=0
[program:b]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:other]
command=/bin/sleep 1000
startsecs=0
`)
	b := openBrowser(t)
	b.open(address)
	b.wait(`document.querySelectorAll('.row.program').length === 3`)
	selected := func(text string) {
		b.t.Helper()
		b.wait(`document.querySelector('.row.selected').textContent.includes('` + text + `')`)
	}
	b.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	selected("team:a")
	b.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("s"))
	b.wait(`[...document.querySelectorAll('.row.program')].every((r) => r.textContent.includes('running'))`)
	b.run(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp))
	selected("team")
	b.run(chromedp.KeyEvent(kb.ArrowLeft))
	b.wait(`document.querySelectorAll('.row.program').length === 1`)
	b.run(chromedp.KeyEvent(kb.ArrowRight))
	b.wait(`document.querySelectorAll('.row.program').length === 3`)
	b.eval(`document.querySelector('[aria-label="Stop other"]').focus()`, nil)
	selected("other")
	b.run(chromedp.KeyEvent(" "))
	b.wait(`document.querySelector('dialog[open]')?.textContent.includes('other')`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.wait(`!document.querySelector('dialog[open]')`)
	b.run(chromedp.KeyEvent("j"))
	b.wait(`document.activeElement.classList.contains('list') && !document.querySelector('.row.selected').textContent.includes('other')`)
	b.run(chromedp.KeyEvent("/"))
	b.wait(`document.activeElement.id === 'filter'`)
	b.eval(`document.activeElement.value = ''`, nil) // the driver types a key that was taken as well
	b.run(chromedp.KeyEvent("team:b"))
	b.wait(`document.querySelectorAll('.row.program').length === 1`)
	b.run(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	selected("team:b")
	b.run(chromedp.KeyEvent(kb.Enter))
	b.wait(`document.querySelector('h1').textContent === 'team:b'`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.wait(`document.querySelectorAll('.row.program').length === 1`)
	b.run(chromedp.KeyEvent("?"))
	b.wait(`document.querySelector('dialog[open] h2').textContent === 'Keys'`)
}

// TestTheLogOfThePageKeepsItsLines has a line that is open while five thousand others come, one that never ends, and colours in all
// their forms, cut anywhere.
func TestTheLogOfThePageKeepsItsLines(t *testing.T) {
	dir, address := pageSite(t, "", `
[program:prompt]
command=/bin/sh -c 'printf "name: " >&2; seq 1 6000; until test -e DIR/go; do sleep 0.05; done; echo typed >&2; head -c 70000 /dev/zero | tr "\\000" x; sleep 1000'
startsecs=0
stdout_logfile=DIR/prompt.log
stderr_logfile=DIR/prompt.err
`)
	b := openBrowser(t)
	b.open(address + "#/program/prompt")
	b.wait(`document.querySelector('.log').textContent.includes('6000')`)
	writeFile(t, dir, "go", "")
	b.wait(`[...document.querySelectorAll('.line.stderr')].some((l) => l.textContent.includes('typed'))`)
	b.wait(`document.querySelector('.log').textContent.includes('xxxx')`)
	b.wait(`[...document.querySelectorAll('.line.stdout')].filter((l) => l.textContent.startsWith('xxx')).length > 2`)
	b.eval(`import('/app/ansi.js').then(({ plain, render }) => {
		const style = plain(), node = document.createElement('div');
		render(node, '\x1b[38:2::1:2:3ma\x1b[0;7mb\x1b[31mc\x1b[27;4:3md\x1b[4:0me\x1b[48:5:1mf', style);
		window.drawn = [...node.children].map((s) => [s.textContent, s.className, s.style.color].join('|')).join(' ');
	}), 0`, nil)
	b.wait(`window.drawn === 'a||rgb(1, 2, 3) b|fg-paper bg-ink| c|fg-paper bg-red| d|underline fg-red| e|fg-red| f|fg-red bg-red|'`)
	b.eval(`import('/app/log.js').then(({ LogView }) => {
		const v = new LogView({ name: '', local: true }, { namespec: 'prompt', stderr: '' });
		v.close();
		v.take('stdout', 'x\x1b[3');
		v.take('stdout', '1mred\x1b[0m\n');
		v.drawNow();
		window.cut = v.text.innerHTML;
	}).catch((e) => { window.cut = String(e); }), 0`, nil)
	b.wait(`window.cut`)
	var cut string
	b.eval(`window.cut`, &cut)
	if !strings.Contains(cut, `x</span>`) && !strings.Contains(cut, `>x<`) || !strings.Contains(cut, `<span class="fg-red">red</span>`) || strings.Contains(cut, "[3") {
		t.Errorf("an escape sequence in two pieces: %s", cut)
	}
}

// TestThePageSaysThatItIsNotConnected has supd go away and come back, the page stays.
func TestThePageSaysThatItIsNotConnected(t *testing.T) {
	address := freePort(t)
	_, conf := site(t, "[inet_http_server]\nport="+address+"\n[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:bad]\ncommand=/bin/false\nstartretries=0\n")
	d := startDaemon(t, up, supdBinary, "-c", conf)
	b := openBrowser(t)
	b.excuse = append(b.excuse, "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET")
	b.open("http://" + address + "/")
	b.wait(`document.getElementById('connection').textContent === 'live' && !document.body.classList.contains('lost')`)
	b.wait(`document.body.textContent.includes('(exit status 1), before startsecs (1); too many start retries')`)
	b.eval(`window.same = true`, nil)
	d.stop()
	b.wait(`document.getElementById('connection').textContent.startsWith('not connected since ') && document.body.classList.contains('lost')`)
	startDaemon(t, up, supdBinary, "-c", conf)
	b.wait(`document.getElementById('connection').textContent === 'live' && !document.body.classList.contains('lost')`)
	b.wait(`window.same && document.querySelectorAll('.row.program').length === 2`)
}

// TestThePageOfAProgramThatChanges has one get other options, go, and come again, while its page is open.
func TestThePageOfAProgramThatChanges(t *testing.T) {
	dir, address := pageSite(t, "", "[program:talk]\ncommand=/bin/sh -c 'echo first; sleep 1000'\nstartsecs=0\n[program:web]\ncommand=/bin/sleep 1000\n")
	conf := dir + "/conf"
	before := read(t, conf)
	b := openBrowser(t)
	b.excuse = append(b.excuse, "404")
	change := func(text string) {
		t.Helper()
		writeFile(t, dir, "conf", text)
		if out, status := ctlIn(t, conf, "update"); status != 0 {
			t.Fatal(out)
		}
	}
	b.open(address + "#/program/talk")
	b.wait(`document.querySelector('.log').textContent.includes('first') && document.querySelector('.options').textContent.includes('echo first')`)
	after := strings.Replace(before, "echo first", "echo second", 1)
	change(after)
	b.wait(`document.querySelector('.log').textContent.includes('second') && document.querySelector('.options').textContent.includes('echo second')`)
	start, end := strings.Index(after, "[program:talk]"), strings.Index(after, "[program:web]")
	change(after[:start] + after[end:])
	b.wait(`document.body.innerText.includes('There is no such program') && ![...document.querySelectorAll('.program-head button')].some((e) => e.offsetParent)`)
	change(before)
	b.wait(`document.querySelector('.options').textContent.includes('echo first') && [...document.querySelectorAll('.program-head button')].some((e) => e.offsetParent)`)
}

// TestThePageShowsWhatItHasMissed has records and samples left out.
func TestThePageShowsWhatItHasMissed(t *testing.T) {
	_, address := pageSite(t, "", "[program:web]\ncommand=/bin/sleep 1000\n")
	b := openBrowser(t)
	b.open(address)
	var told string
	b.eval(`Promise.all([import('/app/live.js'), import('/app/timeline.js'), import('/app/chart.js')]).then(([{ Live }, { recordRow }, { Sparkline }]) => {
		const live = new Live(), node = live.local, now = Date.now;
		const record = (seq) => live.take('', 'record', { seq, at: '2026-01-02T03:04:05Z', kind: 'note', program: 'web', reason: { code: 'x', text: 'r' + seq } });
		[1, 2, 5, 5, 6].forEach(record);
		const rows = live.records.map((r) => recordRow(r, 'column').textContent.replace(/.*(r\d|\d records? missing).*/, '$1'));
		const sample = () => live.take('', 'usage', { programs: { web: { cpu: 1, memory: 1 } } });
		sample();
		sample();
		Date.now = () => now() + 20000;
		sample();
		sample();
		Date.now = now;
		const line = new Sparkline(120);
		line.show(node.usage.get('web').cpu, 1);
		return [rows.join(' '), JSON.stringify(node.usage.get('web').cpu), line.line.getAttribute('d').split('M').length - 1].join('; ');
	})`, &told)
	if want := "r1 r2 2 records missing r5 r6; [1,1,null,null,null,1,1]; 2"; told != want {
		t.Errorf("got %s, want %s", told, want)
	}
}

// TestManyProgramsScrollSmoothly has two thousand programs on the page, some of which come and go: no task of the browser's main thread may
// take so long that it is felt.
func TestManyProgramsScrollSmoothly(t *testing.T) {
	_, address := pageSite(t, "", `
[program:idle]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)04d
numprocs=1980
autostart=false
[program:busy]
command=/bin/sleep 0.2
process_name=%(program_name)s_%(process_num)02d
numprocs=20
startsecs=0
autorestart=true
`)
	b := openBrowser(t)
	b.open(address)
	b.wait(`document.querySelector('[data-state=STOPPED] b').textContent === '1980' && document.querySelectorAll('.row.program').length < 100`)
	const scroll = `new Promise((resolve) => {
		let longest = 0;
		const observer = new PerformanceObserver((list) => { for (const e of list.getEntries()) longest = Math.max(longest, e.duration); });
		observer.observe({ type: 'longtask' });
		const list = document.querySelector('.list');
		let frame = 0;
		const scroll = () => {
			list.scrollTop = (frame * 997) % (list.scrollHeight - list.clientHeight);
			if (frame++ < 300) requestAnimationFrame(scroll);
			else setTimeout(() => { observer.disconnect(); resolve(longest); }, 100);
		};
		scroll();
	})`
	// A page that is slow is slow each time; once it may have been another test that had the processors.
	var longest float64
	for try := 0; try < 5 && (try == 0 || longest > 200); try++ {
		b.eval(scroll, &longest)
		t.Logf("the longest task took %.0f ms", longest)
	}
	if longest > 200 {
		t.Errorf("a task of the page took %.0f ms", longest)
	}
	b.wait(`document.querySelectorAll('.row.program').length < 100`)
	b.eval(`(() => { const f = document.getElementById('filter'); f.value = 'idle_1234'; f.dispatchEvent(new Event('input')); })()`, nil)
	b.wait(`document.querySelectorAll('.row.program').length === 1`)
}

// TestThePageIsAccessible has axe-core look at every view in both themes.
func TestThePageIsAccessible(t *testing.T) {
	axe, err := os.ReadFile("../../bin/axe-4.14.1.js")
	if err != nil {
		t.Fatal("axe-core is missing; type: make axe")
	}
	_, address := pageSite(t, "", `
[program:web]
command=/bin/sh -c 'echo hello; printf "\033[33mcolour\033[0m\n" >&2; exec sleep 1000'
startsecs=0
[program:bad]
command=/bin/false
startretries=0
[group:team]
programs=a
strategy=one_for_all
intensity=3
[program:a]
command=/bin/sleep 1000
startsecs=0
depends_on=web
`)
	b := openBrowser(t)
	for _, theme := range []string{"light", "dark"} {
		b.screen(1280, 800, theme)
		for _, view := range []struct{ hash, there string }{
			{"#/", `document.querySelectorAll('.row.program').length === 3 && document.body.textContent.includes('fatal')`},
			{"#/timeline", `document.querySelectorAll('.record').length > 3`},
			{"#/config", `document.body.textContent.includes('the files say what is at work')`},
			{"#/program/web", `document.querySelectorAll('.log .line').length === 2 && document.querySelector('.options') && document.querySelector('.records li')`},
			{"#/program/web", `(() => { [...document.querySelectorAll('button')].find((b) => b.textContent === 'Stop').click(); return document.querySelector('dialog[open]'); })()`},
		} {
			b.run(chromedp.Navigate("about:blank"))
			b.open(address + view.hash)
			b.wait(view.there)
			b.run(chromedp.Evaluate(string(axe), nil))
			var found []string
			b.eval(`axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.filter((v) => ['serious', 'critical', 'moderate'].includes(v.impact))
				.map((v) => v.impact + ' ' + v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary.slice(0, 200)).join(' | ')))`, &found)
			for _, f := range found {
				t.Errorf("%s, %s: %s", theme, view.hash, f)
			}
		}
	}
}

// TestScreenshots takes the pictures of the documents, with programs as one would have them.
func TestScreenshots(t *testing.T) {
	if os.Getenv("SUPD_SCREENSHOTS") == "" {
		t.Skip("make screenshots takes them")
	}
	_, address := pageSite(t, "", demoPrograms)
	b := openBrowser(t)
	b.screen(1280, 760, "light")
	b.open(address)
	b.wait(`document.body.textContent.includes('backoff') && document.body.textContent.includes('fatal')`)
	b.wait(`[...document.querySelectorAll('.spark-line')].filter((l) => l.getAttribute('d').split('L').length > 4).length > 4`)
	for _, s := range []struct {
		file, hash, theme string
		width, height     int64
		there             string
	}{
		{"page.png", "#/", "light", 1280, 700, `document.querySelector('.row.program')`},
		{"page-dark.png", "#/", "dark", 1280, 700, `document.querySelector('.row.program')`},
		{"page-phone.png", "#/", "light", 390, 780, `document.querySelector('.row.program')`},
		{"page-program.png", "#/program/shop:api", "light", 1280, 900, `document.querySelectorAll('.log .line').length > 10 && document.querySelector('.options') && document.querySelector('.chart-line').getAttribute('d')`},
		{"page-timeline.png", "#/timeline", "dark", 1280, 700, `document.querySelectorAll('.record').length > 5`},
	} {
		b.screen(s.width, s.height, s.theme)
		b.eval(fmt.Sprintf("location.hash = %q", s.hash), nil)
		b.wait(s.there)
		b.shoot(s.file)
	}
}

const demoPrograms = `
[group:shop]
programs=api,cart,mail
strategy=rest_for_one
intensity=5
period=60
[program:api]
command=/bin/sh -c 'n=0; while :; do n=$((n+1)); printf "\033[2m%%s\033[0m \033[32mGET\033[0m /products/%%d \033[1m200\033[0m %%d ms\n" $(date +%%T) $((n * 7 %% 90)) $((n * 13 %% 40)); test $((n %% 6)) = 0 && printf "\033[33mslow\033[0m query took %%d ms\n" $((200 + n * 31 %% 700)) >&2; sleep 0.2; done'
startsecs=0
stdout_logfile=DIR/api.log
depends_on=db
[program:cart]
command=/bin/sleep 100000
startsecs=0
depends_on=api
[program:mail]
command=/bin/sleep 100000
startsecs=0
depends_on=api
[program:db]
command=` + python + `-c "import time; x = bytearray(30000000); [(sum(range(n * 7919 %% 3000000)), time.sleep(0.3)) for n in iter(time.time_ns, 1)]"
startsecs=0
[program:queue]
command=/bin/sh -c 'sleep 0.4; exit 3'
startretries=10
[program:report]
command=/bin/sh -c 'exit 0'
startsecs=0
autorestart=unexpected
[program:backup]
command=/bin/true
cron=0 3 * * *
autostart=false
[program:import]
command=/opt/import/bin/import
startretries=0
[program:worker]
command=/bin/sleep 100000
process_name=%(program_name)s_%(process_num)d
numprocs=4
startsecs=0
`
