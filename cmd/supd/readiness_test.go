package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestReadinessAndHealthFromTheFileToTheScreen has one configuration with a program that is not ready until a file appears,
// one that needs it, and one whose server falls ill, as supd and supervisorctl show them.
func TestReadinessAndHealthFromTheFileToTheScreen(t *testing.T) {
	var sick atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sick.Load() || r.Header.Get("X-Asks") != "supd" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	dir, conf := site(t, `[program:db]
command=/bin/sleep 1000
startsecs=0
ready=file:DIR/ready
[program:web]
command=/bin/sleep 1000
startsecs=0
depends_on=db
[program:ill]
command=/bin/sleep 1000
startsecs=0
liveness_check_script=`+server.URL+`/ -H "X-Asks: supd"
liveness_check_initial_delay=0
liveness_check_period=0.1
liveness_check_failure_threshold=2
liveness_check_failure_action=/bin/sh -c 'test -e DIR/Action.LOG || { echo "$SUPD_REASON" > DIR/part; mv DIR/part DIR/Action.LOG; }'
`)
	startDaemon(t, "success: ill entered RUNNING", supdBinary, "-c", conf)
	// status waits until both clients show a program with this at the end of its line.
	status := func(name, end string) {
		t.Helper()
		shows := func(out string) bool {
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, name+" ") && strings.HasSuffix(strings.TrimSpace(line), end) {
					return true
				}
			}
			return false
		}
		proctest.Eventually(t, name+" to be shown with "+end, func() (string, bool) {
			theirs, _ := runTool(t, dir, peer(t, "supervisorctl"), "-c", conf, "status")
			ours, _ := ctlIn(t, conf, "status")
			return theirs + ours, shows(theirs) && shows(ours)
		})
	}
	status("db", ", not ready")
	if out, _ := ctlIn(t, conf, "status", "web"); !strings.Contains(out, "STOPPED") {
		t.Errorf("web is up before db is ready: %s", out)
	}
	writeFile(t, dir, "ready", "")
	proctest.Eventually(t, "web to be up", func() (string, bool) {
		out, _ := ctlIn(t, conf, "status")
		return out, strings.Contains(out, "web ") && !strings.Contains(out, "STOPPED") && !strings.Contains(out, "not ready")
	})
	sick.Store(true)
	status("ill", ", unhealthy")
	if got := proctest.File(t, filepath.Join(dir, "Action.LOG")); got != "2 health checks in a row have failed: the answer is 503 Service Unavailable\n" {
		t.Errorf("got %q", got)
	}
}
