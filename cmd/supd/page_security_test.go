package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/gwaycc/supd/ctl/api"
)

// TestAnotherSiteCanDoNothing has a page of another origin try everything that a browser lets it, and a name that somebody else has made
// lead here.
func TestAnotherSiteCanDoNothing(t *testing.T) {
	_, address := pageSite(t, "", "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<title>evil</title><form id="f" method="post" action="%[1]sindex.html?action=stop&amp;processname=cat"></form>
			<form id="g" method="post" enctype="text/plain" action="%[1]sapi/v1/actions"><input name='{"do":"stop","names":["cat"],"signal":"' value='"}'></form>
			<img src="%[1]sindex.html?action=stopall">`, address)
	}))
	defer evil.Close()
	b := openBrowser(t)
	b.excuse = []string{"403", "CORS", "ERR_", "net::", "415", "favicon.ico"}
	b.run(chromedp.Navigate(evil.URL))
	var read string
	b.eval(fmt.Sprintf(`(async () => {
		const said = [];
		for (const [path, init] of [
			['api/v1/programs', {}], ['RPC2', { method: 'POST', body: '<methodCall><methodName>supervisor.stopAllProcesses</methodName></methodCall>' }],
			['api/v1/actions', { method: 'POST', body: '{"do":"stop","names":["cat"]}', headers: { 'Content-Type': 'text/plain' } }],
			['api/v1/actions', { method: 'POST', body: '{"do":"stop","names":["cat"]}', headers: { 'Content-Type': 'application/json' } }],
			['program/stop/cat', { method: 'POST' }], ['index.html?action=stopall', {}]]) {
			for (const mode of ['cors', 'no-cors']) {
				try { said.push(await (await fetch(%q + path, { mode, ...init })).text()); } catch { said.push(''); }
			}
		}
		await new Promise((resolve) => { const s = new EventSource(%[1]q + 'api/v1/live'); s.onmessage = (e) => { said.push(e.data); resolve(); }; s.onerror = () => { s.close(); resolve(); }; });
		return said.join('');
	})()`, address), &read)
	if read != "" {
		t.Errorf("the other site could read %q", read)
	}
	for _, form := range []string{"f", "g"} {
		b.run(chromedp.Navigate(evil.URL))
		ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
		answer, err := chromedp.RunResponse(ctx, chromedp.Evaluate(`document.getElementById('`+form+`').submit()`, nil))
		cancel()
		if err != nil || answer.Status != http.StatusForbidden {
			t.Errorf("form %s: %+v (%v)", form, answer, err)
		}
	}
	if after := get[api.Program](t, address, "/programs/cat"); after.Life != 1 || after.State != "RUNNING" {
		t.Errorf("something was done: %+v", after)
	}

	// The browser takes evil.example for 127.0.0.1.
	rebound := strings.Replace(address, "127.0.0.1", "evil.example", 1)
	b.run(network.ClearBrowserCache(), chromedp.Navigate(rebound))
	var shown string
	b.eval(`document.body.innerText`, &shown)
	if !strings.Contains(shown, "403") || strings.Contains(shown, "Programs") {
		t.Errorf("by another name the page shows %q", shown)
	}
	b.eval(`fetch('api/v1/programs').then((r) => r.ok ? r.text() : '')`, &shown)
	if shown != "" {
		t.Errorf("by another name it answers %q", shown)
	}
}

// TestNamesAreText has a program whose name would be markup, everywhere it is shown.
func TestNamesAreText(t *testing.T) {
	const name = "<img\u00a0src=x\u00a0onerror=alert(1)><script>document.title='broken'"
	_, address := pageSite(t, "", "[program:"+name+"]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n")
	b := openBrowser(t)
	for _, view := range []string{"#/", "#/timeline", "#/program/" + "%3Cimg%C2%A0src%3Dx%C2%A0onerror%3Dalert(1)%3E%3Cscript%3Edocument.title%3D'broken'"} {
		b.run(chromedp.Navigate("about:blank"))
		b.open(address + view)
		b.wait(`document.getElementById('view').textContent.includes('onerror=alert(1)><script>document.title=')`)
		var markup bool
		if b.eval(`document.querySelector('main img, main script') !== null || document.title === 'broken'`, &markup); markup {
			t.Errorf("%s: the name has become markup", view)
		}
	}
}
