package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	gruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A browser is a headless Chromium with one tab. What it complains about, and requests to other hosts than those of the test, fail
// the test when it ends.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	wrong  []string
	hosts  map[string]bool // that it has sent requests to
	excuse []string        // complaints with these words are what the test is about
}

// browserPatience bounds everything that is waited for in a browser.
const browserPatience = 60 * time.Second

func openBrowser(t *testing.T) *browser {
	t.Helper()
	chromium := peer(t, "chromium")
	profile, err := os.MkdirTemp("", "supd-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // a browser that was ended still has processes that write
		for limit := time.Now().Add(10 * time.Second); os.RemoveAll(profile) != nil && time.Now().Before(limit); {
			gruntime.Gosched()
		}
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("no-first-run", true), chromedp.Flag("host-resolver-rules", "MAP evil.example 127.0.0.1"), chromedp.Flag("force-color-profile", "srgb"), chromedp.WindowSize(1280, 800))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel2 := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // events that the library does not know yet
	b := &browser{t: t, ctx: ctx, hosts: map[string]bool{}}
	t.Cleanup(func() {
		cancel2()
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			if !b.excused(w) {
				t.Error(w)
			}
		}
	})
	chromedp.ListenTarget(ctx, b.heard)
	if err := chromedp.Run(ctx, network.Enable(), runtime.Enable(), log.Enable()); err != nil {
		t.Fatalf("%s does not start: %v", chromium, err)
	}
	return b
}

func (b *browser) excused(complaint string) bool {
	for _, words := range b.excuse {
		if strings.Contains(complaint, words) {
			return true
		}
	}
	return false
}

func (b *browser) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, "exception: "+e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.wrong = append(b.wrong, fmt.Sprintf("console: %s %s", e.Type, e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.wrong = append(b.wrong, fmt.Sprintf("log: %s %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			b.hosts[u.Host] = true
		}
	}
}

// run carries out actions.
func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("in the browser: %v\n%s", err, b.seen())
	}
}

// seen is the text of the page, for messages.
func (b *browser) seen() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	var text string
	_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text))
	b.mu.Lock()
	defer b.mu.Unlock()
	return text[:min(len(text), 3000)] + "\n" + strings.Join(b.wrong, "\n")
}

// wait waits until a condition in JavaScript holds. The browser looks before each frame.
func (b *browser) wait(condition string) {
	b.t.Helper()
	var ok bool
	script := fmt.Sprintf(`new Promise((resolve) => { const look = () => { try { if (%s) { resolve(true); return; } } catch (e) {} requestAnimationFrame(look); }; look(); })`, condition)
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	err := chromedp.Run(ctx, chromedp.Evaluate(script, &ok, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if err != nil {
		b.t.Fatalf("%s does not come to be: %v\nthe page shows:\n%s", condition, err, b.seen())
	}
}

// eval evaluates JavaScript, promises included.
func (b *browser) eval(script string, result any) {
	b.t.Helper()
	b.run(chromedp.Evaluate(script, result, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

// open loads a page and waits until it is live.
func (b *browser) open(address string) {
	b.t.Helper()
	b.run(chromedp.Navigate(address))
	b.wait(`document.getElementById('connection').textContent === 'live'`)
}

// screen sets the size of the window and the theme.
func (b *browser) screen(width, height int64, theme string) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(1)),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}))
}

// shoot takes a screenshot into a file, when screenshots are wanted (make screenshots).
func (b *browser) shoot(file string) {
	b.t.Helper()
	dir := os.Getenv("SUPD_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.run(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(dir+"/"+file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
