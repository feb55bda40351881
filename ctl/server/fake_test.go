package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// fakeTree is a tree of programs that start and stop at once. It refuses what supervisord refuses, in the same words.
type fakeTree struct {
	fakePast
	mu      sync.Mutex
	infos   []*actors.Info
	log     []string       // commands that were carried out
	block   chan struct{}  // Stop with wait waits for it, when set
	blocked chan struct{}  // told when Stop has begun to wait
	err     error          // of Reread
	crash   bool           // Infos and Metrics panic
	counted actors.Metrics // besides the programs
	deaf    error          // of Ping; errDeaf: it waits for its context
}

func (*fakeTree) Version() uint64                     { return 0 }
func (*fakeTree) VersionAfter(uint64) <-chan struct{} { return nil }

var epoch = time.Unix(1795480726, 0)

func program(group, name string) *confload.Program {
	return &confload.Program{Name: name, Group: group, Command: "/bin/cat", Priority: 999, Autostart: true,
		Autorestart: confload.RestartUnexpected, StartSecs: 0, StartRetries: 3, ExitCodes: []int{0}, StopSignal: syscall.SIGTERM,
		StopWaitSecs: 10, Stdout: confload.Stream{MaxBytes: 50 << 20, Backups: 10}, Stderr: confload.Stream{MaxBytes: 50 << 20, Backups: 10}}
}

// newFakeTree has the programs of parityConfig: cat runs, grp:a0 and grp:a1 were never started.
func newFakeTree() *fakeTree {
	tree := &fakeTree{}
	for _, p := range []*confload.Program{program("cat", "cat"), program("grp", "a0"), program("grp", "a1")} {
		i := &actors.Info{Program: p, StdoutLog: "/tmp/" + p.Name + "-stdout.log", StderrLog: "/tmp/" + p.Name + "-stderr.log"}
		if p.Name == "cat" {
			i.State, i.Start, i.Pid = supervisor.Running, epoch, 1234
		} else {
			p.Autostart, p.Directory, p.ExitCodes = false, "/tmp", []int{0, 2}
			p.User = &confload.User{Name: "root"}
			p.RedirectStderr, i.StderrLog = true, ""
		}
		tree.infos = append(tree.infos, i)
	}
	return tree
}

// many returns a tree of n running programs.
func manyPrograms(n int) *fakeTree {
	tree := &fakeTree{}
	for k := range n {
		tree.infos = append(tree.infos, &actors.Info{Program: program(fmt.Sprintf("group%04d", k), "web"), State: supervisor.Running,
			Start: epoch, Stop: epoch, Pid: 1000 + k, StdoutLog: fmt.Sprintf("/var/log/supervisor/web-stdout---supervisor-%04d.log", k),
			StderrLog: fmt.Sprintf("/var/log/supervisor/web-stderr---supervisor-%04d.log", k)})
	}
	return tree
}

func (t *fakeTree) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log = append(t.log, fmt.Sprintf(format, args...))
}

// commands returns what was carried out since the last time.
func (t *fakeTree) commands() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.Join(t.log, "; ")
	t.log = nil
	return s
}

func (t *fakeTree) find(name string) int {
	group, process, colon := strings.Cut(name, ":")
	if !colon {
		process = group
	}
	return slices.IndexFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == group && i.Program.Name == process })
}

func (t *fakeTree) single(name string, do func(*actors.Info) *actors.Fault) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.find(name)
	if k < 0 {
		return &actors.Fault{Code: actors.BadName, Extra: name}
	}
	i := *t.infos[k]
	if f := do(&i); f != nil {
		f.Extra = name
		return f
	}
	t.infos[k] = &i
	return nil
}

func (t *fakeTree) all(among func(*actors.Info) bool, do func(*actors.Info) *actors.Fault) []actors.Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	var results []actors.Result
	for k := range t.infos {
		i := *t.infos[k]
		if !among(&i) || do(&i) != nil {
			continue
		}
		t.infos[k] = &i
		results = append(results, actors.Result{Name: i.Program.Name, Group: i.Program.Group, Status: actors.Success, Description: "OK"})
	}
	return results
}

func (t *fakeTree) group(name string, do func(*actors.Info) *actors.Fault) ([]actors.Result, error) {
	if !slices.ContainsFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == name }) {
		return nil, &actors.Fault{Code: actors.BadName, Extra: name}
	}
	return t.all(func(i *actors.Info) bool { return i.Program.Group == name }, do), nil
}

func everyone(*actors.Info) bool { return true }

func start(i *actors.Info) *actors.Fault {
	if i.State.IsUp() {
		return &actors.Fault{Code: actors.AlreadyStarted}
	}
	i.State, i.Start, i.Pid = supervisor.Running, epoch, 4321
	return nil
}

func stop(i *actors.Info) *actors.Fault {
	if !i.State.IsUp() {
		return &actors.Fault{Code: actors.NotRunning}
	}
	i.State, i.Stop, i.Pid = supervisor.Stopped, epoch, 0
	i.ExitStatus = -1
	return nil
}

func signalled(i *actors.Info) *actors.Fault {
	if !i.State.IsSignallable() {
		return &actors.Fault{Code: actors.NotRunning}
	}
	return nil
}

func (t *fakeTree) Start(_ context.Context, name string, wait bool) error {
	t.note("start %s %v", name, wait)
	return t.single(name, start)
}
func (t *fakeTree) StartGroup(_ context.Context, group string, wait bool) ([]actors.Result, error) {
	t.note("start group %s %v", group, wait)
	return t.group(group, start)
}
func (t *fakeTree) StartAll(_ context.Context, wait bool) ([]actors.Result, error) {
	t.note("start all %v", wait)
	return t.all(everyone, start), nil
}
func (t *fakeTree) Stop(ctx context.Context, name string, wait bool) error {
	if wait && t.block != nil {
		t.blocked <- struct{}{}
		select {
		case <-t.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t.note("stop %s %v", name, wait)
	return t.single(name, stop)
}
func (t *fakeTree) StopGroup(_ context.Context, group string, wait bool) ([]actors.Result, error) {
	t.note("stop group %s %v", group, wait)
	return t.group(group, stop)
}
func (t *fakeTree) StopAll(_ context.Context, wait bool) ([]actors.Result, error) {
	t.note("stop all %v", wait)
	return t.all(everyone, stop), nil
}
func (t *fakeTree) Signal(_ context.Context, name string, sig syscall.Signal) error {
	t.note("signal %s %d", name, sig)
	return t.single(name, signalled)
}
func (t *fakeTree) SignalGroup(_ context.Context, group string, sig syscall.Signal) ([]actors.Result, error) {
	t.note("signal group %s %d", group, sig)
	return t.group(group, signalled)
}
func (t *fakeTree) SignalAll(_ context.Context, sig syscall.Signal) ([]actors.Result, error) {
	t.note("signal all %d", sig)
	return t.all(everyone, signalled), nil
}

func (t *fakeTree) SendStdin(_ context.Context, name string, data []byte) error {
	t.note("stdin %s %q", name, data)
	return t.single(name, signalled)
}
func (t *fakeTree) ClearLogs(_ context.Context, name string) error {
	t.note("clear %s", name)
	return t.single(name, func(*actors.Info) *actors.Fault { return nil })
}
func (t *fakeTree) ClearAllLogs(context.Context) ([]actors.Result, error) {
	t.note("clear all")
	return t.all(everyone, func(*actors.Info) *actors.Fault { return nil }), nil
}
func (t *fakeTree) RemoteEvent(_ context.Context, typ, data string) error {
	t.note("event %q %q", typ, data)
	return nil
}

func (t *fakeTree) Info(name string) (*actors.Info, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := t.find(name); k >= 0 {
		return t.infos[k], true
	}
	return nil, false
}
func (t *fakeTree) Infos() []*actors.Info {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.crash {
		panic("a bug")
	}
	return slices.Clone(t.infos)
}

// errDeaf has Ping wait for ever.
var errDeaf = errors.New("deaf")

func (t *fakeTree) Ping(ctx context.Context) error {
	if t.deaf == errDeaf {
		<-ctx.Done()
		return ctx.Err()
	}
	return t.deaf
}
func (t *fakeTree) Metrics() actors.Metrics {
	m, infos := t.counted, t.Infos()
	programs := make([]actors.ProgramMetrics, len(infos))
	for k, i := range infos {
		p := actors.ProgramMetrics{Info: i}
		if k < len(t.counted.Programs) {
			p.Stdout, p.Stderr = t.counted.Programs[k].Stdout, t.counted.Programs[k].Stderr
		}
		programs[k] = p
	}
	m.Programs = programs
	return m
}
func (t *fakeTree) ConfigInfos() []actors.ConfigInfo {
	var list []actors.ConfigInfo
	for _, i := range t.infos {
		list = append(list, actors.ConfigInfo{Program: i.Program, GroupPriority: 999, InUse: true})
	}
	slices.SortFunc(list, func(a, b actors.ConfigInfo) int { return strings.Compare(a.Program.Name, b.Program.Name) })
	return list
}
func (t *fakeTree) Reread(context.Context) (actors.Changes, error) {
	if t.err != nil {
		return actors.Changes{}, t.err
	}
	return actors.Changes{}, nil
}
func (t *fakeTree) AddGroup(_ context.Context, name string) error {
	if slices.ContainsFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == name }) {
		return &actors.Fault{Code: actors.AlreadyAdded, Extra: name}
	}
	return &actors.Fault{Code: actors.BadName, Extra: name}
}
func (t *fakeTree) Update(_ context.Context, groups []string) ([]actors.Updated, error) {
	if t.err != nil {
		return nil, t.err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log = append(t.log, "update "+strings.Join(groups, " "))
	return []actors.Updated{{Group: "team", Name: "a", Action: actors.UpdateRestarted, Options: []string{"command", "user"}, Status: actors.Success, Description: "OK"}}, nil
}

func (t *fakeTree) PlanUpdate(_ *confload.Config, groups []string) []actors.PlanStep {
	return []actors.PlanStep{{Do: "update", Program: strings.Join(groups, " "), Why: "so"}}
}
func (t *fakeTree) PlanStop(name string) ([]actors.PlanStep, error) {
	return []actors.PlanStep{{Do: "stop", Program: name}}, t.err
}
func (t *fakeTree) PlanKill(name string) ([]actors.PlanStep, error) {
	return []actors.PlanStep{{Do: "kill", Program: name}}, t.err
}

func (t *fakeTree) RemoveGroup(_ context.Context, name string) error {
	if !slices.ContainsFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == name }) {
		return &actors.Fault{Code: actors.BadName, Extra: name}
	}
	if slices.ContainsFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == name && !i.State.IsDown() }) {
		return &actors.Fault{Code: actors.StillRunning, Extra: name}
	}
	t.infos = slices.DeleteFunc(t.infos, func(i *actors.Info) bool { return i.Program.Group == name })
	return nil
}

var _ Tree = (*fakeTree)(nil)

type fakeDaemon struct {
	mu       sync.Mutex
	state    int
	log      string // path of the main log
	cleared  int
	reopened atomic.Int32
	err      error    // of ClearMainLog, RunProgram, RemoveProgram, SetEnv
	asked    []string // of the methods that are supd's own
}

func (d *fakeDaemon) MainLog() string { return d.log }
func (d *fakeDaemon) ReopenLogs()     { d.reopened.Add(1) }
func (d *fakeDaemon) ClearMainLog() error {
	d.cleared++
	return d.err
}

func (d *fakeDaemon) RunProgram(_ context.Context, run confload.Run, save, wait bool) ([]actors.Result, error) {
	d.note("run %+v %v %v", run, save, wait)
	return []actors.Result{{Name: run.Name, Group: run.GroupName(), Status: actors.Success, Description: "OK"}}, d.err
}
func (d *fakeDaemon) RemoveProgram(_ context.Context, name string) error {
	d.note("remove %s", name)
	return d.err
}
func (d *fakeDaemon) Scale(_ context.Context, name string, count int) ([]actors.Updated, error) {
	d.note("scale %s %d", name, count)
	return []actors.Updated{{Group: name, Name: "1", Action: actors.UpdateAdded, Status: actors.Success, Description: "OK"}}, d.err
}
func (d *fakeDaemon) Preview(file string) (*confload.Config, error) {
	d.note("preview %q", file)
	return &confload.Config{}, d.err
}
func (d *fakeDaemon) NeedsReload() []string { return []string{"[supervisord] loglevel"} }
func (d *fakeDaemon) Environ() []string     { return []string{"B=2", "A=first", "A=1", "EMPTY="} }
func (d *fakeDaemon) SetEnv(_ context.Context, name, value string) error {
	d.note("set %s %q", name, value)
	return d.err
}

// note adds to what was asked for.
func (d *fakeDaemon) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, fmt.Sprintf(format, args...))
}

// requests returns what was asked for since the last time.
func (d *fakeDaemon) requests() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := strings.Join(d.asked, "; ")
	d.asked = nil
	return s
}

func (d *fakeDaemon) Identification() string { return "supervisor" }
func (d *fakeDaemon) State() (int, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, map[int]string{1: "RUNNING", 0: "RESTARTING", -1: "SHUTDOWN"}[d.state]
}
func (d *fakeDaemon) Pid() int                      { return 77 }
func (d *fakeDaemon) Shutdown(context.Context)      { d.become(-1) }
func (d *fakeDaemon) Restart(context.Context) error { d.become(0); return nil }
func (d *fakeDaemon) become(state int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = state
}

// logBuffer is a log tests can read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is a server under test with a unix socket and, with and without authentication, two ports.
type rig struct {
	*Server
	tree   *fakeTree
	daemon *fakeDaemon
	log    *logBuffer
	socket string
	tcp    string // without authentication
	locked string // user "u", password "a:b"
}

var supervisorInterface = []confload.Plugin{{Name: "supervisor", Factory: supervisorFactory}}

func unixServer(path string) confload.Server {
	return confload.Server{Section: "unix_http_server", Network: "unix", Path: path, Mode: 0o700, UID: -1, GID: -1}
}

func tcpServer() confload.Server {
	return confload.Server{Section: "inet_http_server", Network: "tcp", Host: "127.0.0.1"}
}

func newRig(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{tree: newFakeTree(), daemon: &fakeDaemon{state: 1}, log: &logBuffer{}, socket: filepath.Join(t.TempDir(), "s.sock")}
	locked := tcpServer()
	locked.Section, locked.HasAuth, locked.Username, locked.Password = "inet_http_server:locked", true, "u", "a:b"
	config := Config{Servers: []confload.Server{unixServer(r.socket), tcpServer(), locked}, Tree: r.tree, Daemon: r.daemon,
		Logger:  hclog.New(&hclog.LoggerOptions{Output: r.log, Level: hclog.Trace, DisableTime: true}),
		Version: "4.2.5", Interfaces: supervisorInterface}
	for _, f := range change {
		f(&config)
	}
	if tree, ok := config.Tree.(*fakeTree); ok {
		r.tree = tree
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(nil); err != nil {
		t.Fatal(err)
	}
	s.Serve()
	r.Server = s
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for i, a := range s.Addrs() {
		switch i {
		case 1:
			r.tcp = a.String()
		case 2:
			r.locked = a.String()
		}
	}
	return r
}

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	c, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(15 * time.Second))
	return c
}
