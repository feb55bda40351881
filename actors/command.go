package actors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// A helperCommand is a command that is run for a program beside it: a check, or what a change of health does. It runs as
// the program does: as its user, in its directory, with its environment.
type helperCommand struct {
	prog *confload.Program
	name string   // for errors: "web check"
	args []string // words; the first one is looked up in the program's PATH
	set  []string // variables besides those of the program
	lone bool     // processes that it leaves behind in its process group are killed
}

// killPatience is how long the end of a killed command is awaited.
const killPatience = 10 * time.Second

// runCommand runs a command and waits for its end, or for that of ctx: then it is killed with its process group. nil means
// that it has ended with status 0. Whatever happens, no process of its group is left when ctx ends it.
func (t *tree) runCommand(ctx context.Context, c *helperCommand) error {
	env, err := t.environment(c.prog)
	if err != nil {
		return err
	}
	env = withVariables(env, c.set...)
	path, err := t.world.find(c.args[0], env)
	if err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	out := tail{size: tailSize}
	ended := make(chan process.Exit, 1)
	spec := specOf(c.prog, path, c.args, env)
	spec.Name, spec.Stdin, spec.Stdout, spec.MergeStderr = c.name, null, &out, true
	spec.Exited = func(e process.Exit) { ended <- e }
	type start struct {
		proc osProcess
		err  error
	}
	started := make(chan start, 1)
	t.host.Start(spec, func(p osProcess, err error) { started <- start{p, err} })
	s := <-started // it always comes
	if s.err != nil {
		return s.err
	}
	defer s.proc.Release()
	select {
	case e := <-ended:
		if e.GroupLeft && c.lone {
			_ = s.proc.SignalGroup(syscall.SIGKILL)
		}
		return c.verdict(e, &out)
	case <-ctx.Done():
	}
	_ = s.proc.SignalGroup(syscall.SIGKILL)
	patience := time.NewTimer(killPatience)
	defer patience.Stop()
	select {
	case e := <-ended:
		if e.GroupLeft { // one that was forked meanwhile
			_ = s.proc.SignalGroup(syscall.SIGKILL)
		}
	case <-patience.C:
		t.logger.Warn(fmt.Sprintf("process %d (%s) is still there after SIGKILL", s.proc.ID(), logs.Clean(c.name)))
	}
	return ctx.Err()
}

// verdict is the error of a command that has ended.
func (c *helperCommand) verdict(e process.Exit, out *tail) error {
	if e.Err == nil && e.Signal == 0 && e.Code == 0 {
		return nil
	}
	text := process.Describe(e)
	if last := out.lastLine(); last != "" {
		text += ": " + last
	}
	return errors.New(text)
}

// tailSize is how much of the output of a command is kept, in bytes.
const tailSize = 512

// A tail keeps the last size bytes of what is written to it. It holds no memory before the first write, and at most about twice
// its size.
type tail struct {
	size int
	mu   sync.Mutex
	buf  []byte
	cut  bool // something before buf was thrown away
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := p[max(0, len(p)-t.size):]
	if len(t.buf)+len(end) > 2*t.size { // rarely, so that little is moved about
		t.buf = append(t.buf[:0], t.buf[max(0, len(t.buf)-t.size+len(end)):]...)
		t.cut = true
	}
	t.cut = t.cut || len(end) < len(p)
	t.buf = append(t.buf, end...)
	return len(p), nil
}

// clear forgets what was written.
func (t *tail) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf, t.cut = nil, false
}

// lastLine is the last line that is not empty, fit for a message.
func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.buf[max(0, len(t.buf)-t.size):]))
	return logs.Clean(strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:]))
}

// specOf is the spec of a process that runs as a program does.
func specOf(p *confload.Program, path string, args, env []string) *process.Spec {
	spec := &process.Spec{Name: p.Name, Path: path, Args: args, Env: env, Dir: p.Directory, Umask: -1}
	if p.Umask != nil {
		spec.Umask = int(*p.Umask)
	}
	if u := p.User; u != nil && (int(u.UID) != os.Getuid() || u.OtherGID) {
		spec.Credential = &process.Credential{UID: u.UID, GID: u.GID, Groups: u.Groups, OtherGID: u.OtherGID}
	}
	return spec
}
