package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestMetricsAndReadinessOfADaemon has /metrics and /readyz of a daemon tell what its programs have done.
func TestMetricsAndReadinessOfADaemon(t *testing.T) {
	dir, conf := site(t, `[program:web]
command=/bin/sh -c 'test -e DIR/once || { touch DIR/once; echo 123456789; exit 7; }; exec sleep 1000'
startsecs=0
[program:job]
command=/bin/true
startsecs=0
autorestart=unexpected
[program:slow]
command=/bin/sleep 1000
startsecs=0
ready=file:DIR/ready
`)
	startDaemon(t, "success: web entered RUNNING", supdBinary, "-c", conf)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "sock"))
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	get := func(path string) (status int, body string) {
		t.Helper()
		answer, err := client.Get("http://localhost" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(b)
	}
	if status, body := get("/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", status, body)
	}
	proctest.Eventually(t, "only slow to be awaited", func() (string, bool) {
		status, body := get("/readyz")
		return body, status == 503 && strings.HasPrefix(body, "slow RUNNING: not ready") && strings.Count(body, "\n") == 1
	})
	writeFile(t, dir, "ready", "")
	proctest.Eventually(t, "everything to be ready", func() (string, bool) {
		status, body := get("/readyz")
		return body, status == 200 && body == "ok\n"
	})
	proctest.Eventually(t, "all to be counted", func() (string, bool) {
		status, body := get("/metrics")
		for _, want := range []string{
			`node_supervisord_up{name="web",group="web"} 1`,
			`node_supervisord_state{name="job",group="job"} 100`,
			`supd_programs{state="RUNNING"} 2`,
			`supd_program_restarts_total{name="web",group="web"} 1`,
			`supd_program_restarts_total{name="job",group="job"} 0`,
			`supd_program_exits_total{name="web",group="web",cause="unexpected"} 1`,
			`supd_program_exits_total{name="job",group="job",cause="expected"} 1`,
			`supd_program_log_bytes_total{name="web",group="web",stream="stdout"} 10`,
			`supd_program_ready{name="slow",group="slow"} 1`,
			`supd_state 1`,
			`supd_program_processes{name="web",group="web"} 1`,
			`supd_program_threads{name="web",group="web"} 1`,
			`supd_actor_mailbox_messages{actor="root"} 0`,
		} {
			if status != 200 || !strings.Contains(body, "\n"+want+"\n") {
				return "no " + want + " in\n" + body, false
			}
		}
		return body, true
	})
	for _, want := range []string{`supd_program_state_seconds_total{name="web",group="web",state="RUNNING"} `, `supd_program_state_seconds_total{name="job",group="job",state="EXITED"} `,
		`supd_program_memory_bytes{name="web",group="web"} `, `supd_program_open_files{name="web",group="web"} `, `supd_program_cpu_seconds_total{name="web",group="web"} `} {
		if _, body := get("/metrics"); !strings.Contains(body, "\n"+want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	_, body := get("/metrics")
	lint := exec.Command(peer(t, "promtool"), "check", "metrics")
	lint.Stdin = strings.NewReader(body)
	if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
