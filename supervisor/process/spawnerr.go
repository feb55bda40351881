package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A SpawnError is a start that failed before there was a child. Text is supervisord's spawnerr (compat.md §3.5).
type SpawnError struct {
	Text string
	Err  error // what the system said
}

func (e *SpawnError) Error() string { return e.Text }
func (e *SpawnError) Unwrap() error { return e.Err }

// A ChildOp is what a new child could not do.
type ChildOp string

// What a child does between fork and the program, in this order.
const (
	OpSetuid ChildOp = "setuid" // take the user and groups
	OpChdir  ChildOp = "chdir"  // enter the directory
	OpExec   ChildOp = "exec"   // become the program
)

// A ChildError is a start whose child could not become the program. supervisord's child writes Lines to its stderr,
// each followed by a newline, and exits with status 127 (compat.md §3.5). The child has been reaped.
type ChildError struct {
	Op    ChildOp
	Lines []string
	Err   error // what the system said
}

func (e *ChildError) Error() string { return strings.TrimPrefix(e.Lines[0], "supervisor: ") }
func (e *ChildError) Unwrap() error { return e.Err }

func childError(op ChildOp, target, reason string, err error) *ChildError {
	verb := string(op) + " "
	if op != OpExec {
		verb += "to "
	}
	return &ChildError{Op: op, Err: err, Lines: []string{
		"supervisor: couldn't " + verb + target + ": " + reason,
		"supervisor: child process was not spawned",
	}}
}

// argv is what the program gets as its arguments.
func (s *Spec) argv() []string {
	if len(s.Args) == 0 {
		return []string{s.Path}
	}
	return s.Args
}

func dispatcherError(name string, err error) *SpawnError {
	if errors.Is(err, syscall.EMFILE) {
		return &SpawnError{fmt.Sprintf("too many open files to spawn '%s'", name), err}
	}
	return &SpawnError{fmt.Sprintf("unknown error making dispatchers for '%s': %s", name, ErrnoName(err)), err}
}

func forkError(name string, err error) *SpawnError {
	if errors.Is(err, syscall.EAGAIN) {
		return &SpawnError{fmt.Sprintf("Too many processes in process table to spawn '%s'", name), err}
	}
	return &SpawnError{fmt.Sprintf("unknown error during fork for '%s': %s", name, ErrnoName(err)), err}
}

// ErrnoName is the symbol of the system error in err ("EACCES"), which is how supervisord's texts show errors; the
// error's own text when there is none.
func ErrnoName(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	if s := unix.ErrnoName(no); s != "" {
		return s
	}
	return strconv.Itoa(int(no))
}

// checkCredential turns the Spec's user into what the fork needs; nil: nothing to change.
func checkCredential(spec *Spec) (*syscall.Credential, error) {
	c := spec.Credential
	if c == nil || int(c.UID) == os.Getuid() && !c.OtherGID {
		return nil, nil
	}
	if os.Getuid() != 0 {
		return nil, childError(OpSetuid, uidText(c), "Can't drop privilege as nonroot user", syscall.EPERM)
	}
	return &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}, nil
}

func uidText(c *Credential) string { return strconv.FormatUint(uint64(c.UID), 10) }

// unexecutable is a path no kernel executes: execve says ENAMETOOLONG, and nothing before it does.
var unexecutable = strings.Repeat("x", 1<<14)

// diagnose tells which step of a failed start failed: ForkExec gives one bare error for all. It repeats the steps one
// by one in children whose last step, an impossible exec, fails in its own way. So the kernel decides about rights, not a
// copy of its rules. Failed starts are rare; each try costs a fork.
func (h *Host) diagnose(spec *Spec, cred *syscall.Credential, cause error) error {
	if errors.Is(cause, syscall.EMFILE) || errors.Is(cause, syscall.ENFILE) {
		return &SpawnError{fmt.Sprintf("too many open files to spawn '%s'", spec.Name), cause}
	}
	if cred == nil && errors.Is(cause, syscall.EAGAIN) {
		return forkError(spec.Name, cause)
	}
	if err := h.try(nil, ""); err != nil {
		return forkError(spec.Name, cause)
	}
	if cred != nil {
		if err := h.try(cred, ""); err != nil {
			return childError(OpSetuid, uidText(spec.Credential), h.credentialReason(cred, err), err)
		}
	}
	if spec.Dir != "" {
		if err := h.try(cred, spec.Dir); err != nil {
			return childError(OpChdir, spec.Dir, ErrnoName(err), err)
		}
	}
	return childError(OpExec, spec.argv()[0], ErrnoName(cause), cause)
}

// The reasons of supervisord for a part of the credential that was refused.
const (
	groupsRefused = "Could not set groups of effective user"
	gidRefused    = "Could not set group id of effective user"
)

// credentialReason is supervisord's word for the part of cred that was refused.
func (h *Host) credentialReason(cred *syscall.Credential, err error) string {
	self := syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), Groups: cred.Groups}
	if h.try(&self, "") != nil {
		return groupsRefused
	}
	self.Gid = cred.Gid
	if h.try(&self, "") != nil {
		return gidRefused
	}
	return ErrnoName(err)
}

// try forks a child that takes cred, enters dir and ends. nil: it could.
func (h *Host) try(cred *syscall.Credential, dir string) error {
	if len(dir) >= unix.PathMax {
		return syscall.ENAMETOOLONG
	}
	attr := &syscall.ProcAttr{Dir: dir, Sys: &syscall.SysProcAttr{Credential: cred}}
	children.forking.Lock()
	_, _, err := h.opt.fork(unexecutable, []string{"supd"}, attr)
	children.forking.Unlock()
	if errors.Is(err, syscall.ENAMETOOLONG) {
		return nil
	}
	return err
}
