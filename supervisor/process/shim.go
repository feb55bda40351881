package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits of a process can only be set by itself in time: limits belong to processes, not threads, so the spawner has
// none to lend, and prlimit(2) on the child comes after the program has begun. So a start with Limits executes the shim
// first, which is usually this program itself. It gets an order over a socket, sets the limits while it has our
// rights, takes the user, enters the directory and executes the program: the pid, the descriptors, the process group and
// the umask stay. The socket closes when the program takes over; before that it brings the step that failed.
//
// The order does not come as arguments and environment: those are for all to see, and some variables (GOMEMLIMIT) change
// what Go does.

// shimWord is the argument that makes a program the shim.
const shimWord = "exec-shim"

// IsShim tells whether a program with these os.Args was started as a shim.
func IsShim(args []string) bool { return len(args) == 3 && args[1] == shimWord }

// A shimOrder is what the shim has to do. Bytes: JSON changes texts that are not UTF-8.
type shimOrder struct {
	Path, Dir  []byte
	Args, Env  [][]byte
	Limits     *Limits
	Credential *syscall.Credential // nil: unchanged
}

// A shimStep is a step of the shim that can fail: one of these, or a resource.
type shimStep string

const (
	stepOrder  shimStep = "order"
	stepOOM    shimStep = "oom_score_adj"
	stepNice   shimStep = "nice"
	stepGroups shimStep = "groups"
	stepGID    shimStep = "gid"
	stepUID    shimStep = "uid"
	stepDir    shimStep = "dir"
	stepExec   shimStep = "exec"
)

// A shim is our side of one start through the shim program.
type shim struct {
	spec  *Spec
	file  string
	args  []string
	order shimOrder
	ours  *os.File
	other int // the shim's end of the socket, until the fork
}

// newShim makes the socket and adds it to what the child gets; user and directory become the shim's to take.
func (h *Host) newShim(spec *Spec, cred *syscall.Credential, attr *syscall.ProcAttr) (*shim, error) {
	switch {
	case !shimSupported:
		return nil, &SpawnError{Text: fmt.Sprintf("can't set %s of '%s': this system is not supported", spec.Limits, spec.Name)}
	case h.opt.Shim == "":
		return nil, &SpawnError{Text: fmt.Sprintf("can't set %s of '%s': the program that embeds the supervisor names no shim to do it",
			spec.Limits, spec.Name)}
	}
	fds, err := socketPair()
	if err != nil {
		return nil, dispatcherError(spec.Name, err)
	}
	s := &shim{spec: spec, file: h.opt.Shim, other: fds[1], ours: os.NewFile(uintptr(fds[0]), spec.Name+" shim")}
	s.order = shimOrder{Path: []byte(spec.Path), Dir: []byte(spec.Dir), Args: toBytes(spec.argv()), Env: toBytes(spec.Env),
		Limits: spec.Limits, Credential: cred}
	s.args = []string{"supd", shimWord, strconv.Itoa(len(attr.Files))}
	attr.Files = append(attr.Files, uintptr(fds[1]))
	attr.Dir, attr.Env, attr.Sys.Credential = "", []string{}, nil
	return s, nil
}

// forked closes what the child has now.
func (s *shim) forked() { unix.Close(s.other) }

// failed is the error of a shim that could not be started.
func (s *shim) failed(cause error) error {
	s.forked()
	s.ours.Close()
	switch {
	case errors.Is(cause, syscall.EMFILE) || errors.Is(cause, syscall.ENFILE):
		return dispatcherError(s.spec.Name, syscall.EMFILE)
	case errors.Is(cause, syscall.EAGAIN):
		return forkError(s.spec.Name, cause)
	}
	return &SpawnError{fmt.Sprintf("can't set %s of '%s': couldn't exec %s, which does it: %s", s.spec.Limits, s.spec.Name, s.file,
		ErrnoName(cause)), cause}
}

// run gives the order and waits until the program has taken over, or the shim has ended. nil: nothing has failed that the
// shim knows of.
func (s *shim) run() error {
	defer s.ours.Close()
	order, err := json.Marshal(&s.order)
	if err != nil {
		return &SpawnError{fmt.Sprintf("can't set %s of '%s': %v", s.spec.Limits, s.spec.Name, err), err}
	}
	_, _ = s.ours.Write(order) // a shim that does not read has ended, which Exited tells
	answer, _ := io.ReadAll(s.ours)
	if len(answer) == 0 {
		return nil
	}
	step, number, _ := strings.Cut(string(answer), " ")
	errno, err := strconv.Atoi(number)
	if err != nil {
		return &SpawnError{fmt.Sprintf("can't set %s of '%s': the shim says %q", s.spec.Limits, s.spec.Name, answer), err}
	}
	return s.spec.shimError(shimStep(step), syscall.Errno(errno))
}

// shimError is the error of one step, as it would be without a shim.
func (s *Spec) shimError(step shimStep, errno syscall.Errno) error {
	value, advice := "", "raising a hard limit needs CAP_SYS_RESOURCE"
	switch step {
	case stepGroups:
		return childError(OpSetuid, uidText(s.Credential), groupsRefused, errno)
	case stepGID:
		return childError(OpSetuid, uidText(s.Credential), gidRefused, errno)
	case stepUID:
		return childError(OpSetuid, uidText(s.Credential), ErrnoName(errno), errno)
	case stepDir:
		return childError(OpChdir, s.Dir, ErrnoName(errno), errno)
	case stepExec:
		return childError(OpExec, s.argv()[0], ErrnoName(errno), errno)
	case stepNice:
		value, advice = strconv.Itoa(*s.Limits.Nice), "a value below that of supd needs CAP_SYS_NICE"
	case stepOOM:
		value, advice = strconv.Itoa(*s.Limits.OOMScoreAdj), "a value below that of supd needs CAP_SYS_RESOURCE"
	case stepOrder:
		return &SpawnError{fmt.Sprintf("can't set %s of '%s': the shim did not understand its order", s.Limits, s.Name), errno}
	default:
		for _, r := range s.Limits.Resources {
			if r.Resource == string(step) {
				value = limitText(r.Soft) + ":" + limitText(r.Hard)
			}
		}
		step = "rlimit_" + step
	}
	text := fmt.Sprintf("can't set %s of '%s' to %s: %s", step, s.Name, value, ErrnoName(errno))
	if errno == syscall.EPERM || errno == syscall.EACCES {
		text += "; " + advice + " (root has it, but in containers often not)"
	}
	return &SpawnError{text, errno}
}

// String names what is set, as the options are called.
func (l *Limits) String() string {
	var names []string
	for _, r := range l.Resources {
		names = append(names, "rlimit_"+r.Resource)
	}
	if l.Nice != nil {
		names = append(names, string(stepNice))
	}
	if l.OOMScoreAdj != nil {
		names = append(names, string(stepOOM))
	}
	return strings.Join(names, ", ")
}

func limitText(v uint64) string {
	if v == Unlimited {
		return "unlimited"
	}
	return strconv.FormatUint(v, 10)
}

// handOver waits until the program has taken over from the shim. If it has not, the shim's end is awaited and told to nobody.
func (h *Host) handOver(p *Process, r request) {
	defer h.shims.Done()
	err := p.shim.run()
	p.shim = nil
	if err == nil {
		r.done(p, nil)
		h.watch(p)
		return
	}
	ended := make(chan struct{})
	p.exited = func(Exit) { close(ended) }
	p.stdout.sink, p.stderr.sink = io.Discard, io.Discard
	h.watch(p)
	<-ended
	r.done(nil, err)
}

func toBytes(texts []string) [][]byte {
	out := make([][]byte, len(texts))
	for i, t := range texts {
		out[i] = []byte(t)
	}
	return out
}
