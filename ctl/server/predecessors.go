package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/logs"
)

// The paths of other supervisors in Go, with the members and statuses that their clients know. New clients use /api/v1.

// An oldProgram is a program as they tell it.
type oldProgram struct {
	Node        string `json:"node"`
	Name        string `json:"name"`
	Group       string `json:"group"`
	Description string `json:"description"`
	Start       int64  `json:"start"`
	Stop        int64  `json:"stop"`
	Now         int64  `json:"now"`
	State       int    `json:"state"`
	StateName   string `json:"statename"`
	SpawnErr    string `json:"spawnerr"`
	ExitStatus  int    `json:"exitstatus"`
	LogFile     string `json:"logfile"`
	StdoutLog   string `json:"stdout_logfile"`
	StderrLog   string `json:"stderr_logfile"`
	Pid         int    `json:"pid"`
	Directory   string `json:"directory"`
	Command     string `json:"command"`
	IniPath     string `json:"ini_path"`
}

// An oldNode is a supervisor as they tell it, with the load of its host.
type oldNode struct {
	Name       string  `json:"name"`
	Status     string  `json:"status"` // ONLINE
	CPUPercent float64 `json:"cpu_percent"`
	MemTotal   int64   `json:"mem_total"` // bytes
	MemUsed    int64   `json:"mem_used"`
	MemPercent float64 `json:"mem_used_percent"`
}

// An oldTarget is a program in the body of a request: an object, or in older clients just its name.
type oldTarget struct {
	Node    string `json:"node"`
	Program string `json:"program"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *oldTarget) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.Program) == nil {
		return nil
	}
	type plain oldTarget
	return json.Unmarshal(b, (*plain)(t))
}

type oldSuccess struct {
	Success bool `json:"success"`
}

type oldError struct {
	Error string `json:"error"`
}

// An oldCall is a request to one of these paths.
type oldCall struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	parts  []string // of the path
}

// servePredecessors answers these paths.
func (s *Server) servePredecessors(w http.ResponseWriter, r *http.Request) error {
	c := &oldCall{server: s, w: w, r: r}
	for part := range strings.SplitSeq(strings.Trim(r.URL.EscapedPath(), "/"), "/") {
		text, err := url.PathUnescape(part)
		if err != nil {
			return &httpError{status: http.StatusBadRequest}
		}
		c.parts = append(c.parts, text)
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return c.look()
	case http.MethodPost, http.MethodPut:
		return c.order()
	}
	return &httpError{status: http.StatusNotFound}
}

// look answers what changes nothing.
func (c *oldCall) look() error {
	s, parts := c.server, c.parts
	switch n := len(parts); {
	case n < 2:
	case n == 2 && parts[0] == "program" && parts[1] == "list":
		return c.write(http.StatusOK, c.list())
	case n > 2 && n < 5 && parts[0] == "program" && parts[1] == "info":
		return c.info(parts[2:])
	case n > 3 && n < 6 && parts[0] == "program" && parts[1] == "log":
		return c.log(parts[2:])
	case n == 2 && parts[0] == "supervisor" && parts[1] == "listNodes":
		return c.write(http.StatusOK, c.listNodes())
	case n == 3 && parts[0] == "supervisor" && parts[2] == "ping":
		there := parts[1] == s.node
		if r := s.remote(parts[1]); r != nil {
			there = r.node(c.r.Context()).Online
		}
		return c.write(http.StatusOK, oldSuccess{there})
	case n == 2 && parts[0] == "conf":
		return c.conf(parts[1])
	}
	return &httpError{status: http.StatusNotFound}
}

// order answers what changes something.
func (c *oldCall) order() error {
	parts := c.parts
	switch n := len(parts); {
	case n < 2:
	case n > 2 && n < 5 && parts[0] == "program" && (parts[1] == "start" || parts[1] == "stop" || parts[1] == "restart"):
		return c.act(parts[1], parts[2:])
	case n == 2 && parts[0] == "program" && (parts[1] == "startPrograms" || parts[1] == "stopPrograms"):
		return c.actOnMany(strings.TrimSuffix(parts[1], "Programs"))
	case parts[0] == "supervisor" && (n == 2 || n == 3 && parts[1] == c.server.node) && (parts[n-1] == "reload" || parts[n-1] == "shutdown"):
		return c.daemon(parts[n-1])
	case n == 3 && parts[0] == "supervisor" && c.server.remote(parts[1]) != nil && (parts[2] == "reload" || parts[2] == "shutdown"):
		return c.daemonOf(c.server.remote(parts[1]), parts[2])
	}
	return &httpError{status: http.StatusNotFound}
}

func (c *oldCall) write(status int, answer any) error {
	b, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	c.server.answerWithin(c.w)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(b) // an error means that the client has gone
	return nil
}

func (c *oldCall) text(text string) error {
	return (&restCall{server: c.server, r: c.r, w: c.w}).writeText([]byte(text))
}

func (s *Server) oldProgram(ctx context.Context, i *actors.Info, now time.Time) oldProgram {
	seconds := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix()
	}
	return oldProgram{Node: s.node, Name: i.Program.Name, Group: i.Program.Group, Description: html.UnescapeString(string(appendDescription(nil, i, now))),
		Start: seconds(i.Start), Stop: seconds(i.Stop), Now: now.Unix(), State: int(i.State), StateName: i.State.String(), SpawnErr: i.SpawnErr, ExitStatus: i.ExitStatus,
		LogFile: i.StdoutLog, StdoutLog: i.StdoutLog, StderrLog: i.StderrLog, Pid: i.Pid, Directory: i.Program.Directory, Command: commandFor(ctx, i.Program), IniPath: i.Program.File}
}

// program finds the one that the end of a path names: NODE/NAME or, as older clients have it, NAME. A process of a group may be
// called by its own name.
func (c *oldCall) program(parts []string) (*actors.Info, error) {
	if len(parts) == 2 && parts[0] != c.server.node {
		return nil, fmt.Errorf("there is no node of this name; this one is %s, the others are %s", c.server.node, listed(c.server.remoteNames()))
	}
	name := parts[len(parts)-1]
	if i, ok := findProgram(c.server.config.Tree, name); ok {
		return i, nil
	}
	for _, i := range c.server.config.Tree.Infos() {
		if i.Program.Name == name {
			return i, nil
		}
	}
	return nil, fmt.Errorf("no process named %s", name)
}

func (c *oldCall) info(parts []string) error {
	if r := c.away(parts); r != nil {
		p, err := r.oldProgram(c.r.Context(), parts[1])
		if err != nil {
			return c.write(http.StatusInternalServerError, oldError{err.Error()})
		}
		return c.write(http.StatusOK, p)
	}
	i, err := c.program(parts)
	if err != nil {
		return c.write(http.StatusInternalServerError, oldError{err.Error()})
	}
	return c.write(http.StatusOK, c.server.oldProgram(c.r.Context(), i, time.Now()))
}

// accept refuses who may not, and reads the body of a request into v; nil: it does not matter.
func (c *oldCall) accept(role api.Role, v any) error {
	if err := permit(c.r.Context(), role, c.r.Method+" "+c.r.URL.Path); err != nil {
		return err
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxRestBody))
	if err != nil {
		return &httpError{status: http.StatusRequestEntityTooLarge}
	}
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{}) // an action may take longer than a body
	arrived(c.r)
	if v != nil && json.Unmarshal(b, v) != nil {
		return &httpError{status: http.StatusBadRequest}
	}
	return nil
}

// act does something to one program. Their answer has status 200 whatever it came to.
func (c *oldCall) act(verb string, parts []string) error {
	if err := c.accept(api.Operate, nil); err != nil {
		return err
	}
	return c.write(http.StatusOK, oldSuccess{c.do(verb, parts) == nil})
}

func (c *oldCall) do(verb string, parts []string) error {
	if r := c.away(parts); r != nil {
		return r.do(context.WithoutCancel(c.r.Context()), verb, parts[1])
	}
	i, err := c.program(parts)
	if err != nil {
		return err
	}
	a := &action{tree: c.server.config.Tree, do: verb, wait: true}
	err = a.one(context.WithoutCancel(c.r.Context()), i.Program.NameSpec())
	var f *actors.Fault
	if errors.As(err, &f) && isDone(verb, f.Code) {
		return nil
	}
	return err
}

// isDone tells whether there was nothing to do: to the predecessors that is a success.
func isDone(verb string, code actors.FaultCode) bool {
	return verb == "start" && code == actors.AlreadyStarted || verb == "stop" && code == actors.NotRunning
}

func (c *oldCall) actOnMany(verb string) error {
	var targets []oldTarget
	if err := c.accept(api.Operate, &targets); err != nil {
		return err
	}
	var failed []string
	for _, t := range targets {
		parts := []string{t.Program}
		if t.Node != "" {
			parts = []string{t.Node, t.Program}
		}
		if c.do(verb, parts) != nil {
			failed = append(failed, t.Program)
		}
	}
	if failed != nil {
		return c.text("could not " + verb + " " + logs.Clean(strings.Join(failed, ", ")))
	}
	return c.text("Success to " + verb + " the programs")
}

// log gives the log of a program, the end of one that is larger than an answer should be.
func (c *oldCall) log(parts []string) error {
	last := len(parts) - 1
	if r := c.away(parts[:last]); r != nil {
		return c.logOf(r, parts[1], parts[last])
	}
	i, err := c.program(parts[:last])
	if err != nil {
		return &httpError{status: http.StatusNotFound}
	}
	log := map[string]logs.Log{"stdout": i.Stdout(), "stderr": i.Stderr()}[parts[last]]
	if log == nil {
		return &httpError{status: http.StatusNotFound}
	}
	text, err := log.Read(-maxWindow, 0)
	if errors.Is(err, logs.ErrNoFile) {
		return &httpError{status: http.StatusNotFound}
	}
	if err != nil {
		return err
	}
	return c.text(string(text))
}

// daemon ends supd, or brings its configuration into effect.
func (c *oldCall) daemon(verb string) error {
	if err := c.accept(api.Admin, nil); err != nil {
		return err
	}
	if verb == "shutdown" {
		c.server.config.Daemon.Shutdown(c.r.Context())
		return c.text("Shutdown...")
	}
	_, err := c.server.config.Tree.Update(c.r.Context(), nil)
	return c.write(http.StatusOK, oldSuccess{err == nil})
}

// maxConfFile bounds what is shown of a conf_file, in bytes.
const maxConfFile = 1 << 20

// conf shows the file that conf_file= names, to those who may change everything: it may hold secrets.
func (c *oldCall) conf(name string) error {
	i, err := c.program([]string{name})
	if err != nil || i.Program.ConfFile == "" {
		return &httpError{status: http.StatusNotFound}
	}
	if err := permit(c.r.Context(), api.Admin, "GET "+c.r.URL.Path); err != nil {
		return err
	}
	if info, err := os.Stat(i.Program.ConfFile); err != nil || !info.Mode().IsRegular() {
		return &httpError{status: http.StatusNotFound}
	}
	f, err := os.Open(i.Program.ConfFile)
	if err != nil {
		return &httpError{status: http.StatusNotFound}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxConfFile))
	if err != nil {
		return &httpError{status: http.StatusNotFound}
	}
	return c.text(string(b))
}
