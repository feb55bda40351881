package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// The paths that may be asked without credentials when health_without_auth= says so.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// pingTimeout is how long the tree may take to answer before it counts as dead.
const pingTimeout = 2 * time.Second

// A health is the answer of /healthz or /readyz.
type health struct {
	OK       bool        `json:"ok"`
	Error    string      `json:"error,omitempty"`    // what is wrong with supd itself
	NotReady []*notReady `json:"programs,omitempty"` // those that keep it from being ready
}

// notReady is a program that keeps /readyz from being well.
type notReady struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Why   string `json:"why,omitempty"`
}

// alive asks the tree for an answer.
func (s *Server) alive(ctx context.Context) *health {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := s.config.Tree.Ping(ctx); err != nil {
		if ctx.Err() == context.DeadlineExceeded {
			return &health{Error: fmt.Sprintf("the supervision tree has not answered within %s", pingTimeout)}
		}
		return &health{Error: "the supervision tree does not answer: " + err.Error()}
	}
	return &health{OK: true}
}

// ready also looks at every program that is to be up.
func (s *Server) ready(ctx context.Context) *health {
	h := s.alive(ctx)
	if code, name := s.config.Daemon.State(); h.OK && code < 1 {
		h = &health{Error: "supd is in state " + name}
	}
	if !h.OK {
		return h
	}
	for _, i := range s.config.Tree.Infos() {
		if !i.Program.Autostart || i.Expected || i.State == supervisor.Running && i.Ready && !i.Unhealthy {
			continue
		}
		h.OK = false
		h.NotReady = append(h.NotReady, &notReady{Name: i.Program.NameSpec(), State: i.State.String(), Why: whyNotReady(i)})
	}
	return h
}

// whyNotReady says more than the state does; "" when there is nothing to say.
func whyNotReady(i *actors.Info) string {
	var words []string
	for _, w := range []string{i.ReadyText, i.StatusText, i.SpawnErr} {
		if w != "" {
			words = append(words, logs.Clean(w))
		}
	}
	if i.WaitsFor != "" {
		words = append(words, "waits for "+logs.Clean(i.WaitsFor))
	}
	return strings.Join(words, ": ")
}

// text is the answer for people: a line for each thing that is wrong.
func (h *health) text() string {
	if h.OK {
		return "ok\n"
	}
	var b strings.Builder
	if h.Error != "" {
		b.WriteString(h.Error + "\n")
	}
	for _, p := range h.NotReady {
		line := logs.Clean(p.Name) + " " + p.State
		if p.Why != "" {
			line += ": " + p.Why
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// serveHealth answers with what check finds.
func (s *Server) serveHealth(check func(context.Context) *health) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := onlyRead(w, r); err != nil {
			return err
		}
		h := check(r.Context())
		status, kind, body := http.StatusOK, "text/plain; charset=utf-8", h.text()
		if wantsJSON(r) {
			b, err := json.Marshal(h)
			if err != nil {
				return err
			}
			kind, body = "application/json", string(b)+"\n"
		}
		if !h.OK {
			status = http.StatusServiceUnavailable
		}
		noCache(w.Header())
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		s.answerWithin(w)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // an error means that the client has gone
		return nil
	}
}

// wantsJSON tells whether the answer is to be JSON: ?format= decides, otherwise the first type of Accept that we have.
func wantsJSON(r *http.Request) bool {
	if f := r.URL.Query().Get("format"); f != "" {
		return f == "json"
	}
	for entry := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, _, _ := strings.Cut(entry, ";")
		switch strings.TrimSpace(kind) {
		case "application/json":
			return true
		case "text/plain", "text/*", "*/*":
			return false
		}
	}
	return false
}
