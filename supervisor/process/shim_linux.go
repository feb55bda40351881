package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/startlimit"
)

const shimSupported = true

// resources are the limits by name.
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"memlock": unix.RLIMIT_MEMLOCK, "nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "stack": unix.RLIMIT_STACK,
}

// socketPair makes a pair of which only the first does not block.
func socketPair() (fds [2]int, err error) {
	fds, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		if err = unix.SetNonblock(fds[0], true); err != nil {
			closeAll(fds[:])
		}
	}
	return fds, err
}

// RunShim is the shim: with os.Args of which IsShim is true it becomes the program it is ordered to be. It returns when it
// cannot, with the exit status. It changes limits and the user of the process it runs in, and must be the first that main
// does.
func RunShim(args []string) int {
	runtime.LockOSThread() // nice belongs to the thread, and the one that executes the program becomes it
	fd, err := strconv.Atoi(args[2])
	if err != nil || !isSocket(fd) {
		fmt.Fprintln(os.Stderr, "Error: "+shimWord+" is how supd starts programs with limits; it is no command")
		return shimStatus
	}
	unix.CloseOnExec(fd)
	socket := os.NewFile(uintptr(fd), "order")
	var o shimOrder
	if json.NewDecoder(socket).Decode(&o) != nil {
		return shimFailed(fd, stepOrder, syscall.EINVAL)
	}
	c, err := o.compile()
	if err != nil {
		return shimFailed(fd, stepOrder, syscall.EINVAL)
	}
	if n := o.Limits.OOMScoreAdj; n != nil {
		if errno := writeOOMScoreAdj(*n); errno != 0 {
			return shimFailed(fd, stepOOM, errno)
		}
	}
	step, errno := c.become()
	runtime.KeepAlive(socket)
	return shimFailed(fd, step, errno)
}

func isSocket(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK
}

// shimStatus is the exit status of a child that could not become the program.
const shimStatus = 127

// shimFailed tells the other side. It allocates nothing that is large: the limits may be on.
func shimFailed(fd int, step shimStep, errno syscall.Errno) int {
	text := make([]byte, 0, 64)
	text = append(append(text, step...), ' ')
	text = strconv.AppendInt(text, int64(errno), 10)
	_, _ = syscall.Write(fd, text)
	return shimStatus
}

func writeOOMScoreAdj(n int) syscall.Errno {
	err := os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(n)), 0)
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		errno = syscall.EIO
	}
	return errno
}

// A compiledOrder is an order as the kernel takes it.
type compiledOrder struct {
	path, dir *byte
	argv, env []*byte
	limits    []compiledLimit
	nice      *int
	cred      *syscall.Credential
}

type compiledLimit struct {
	name     shimStep
	resource int
	limit    unix.Rlimit
}

func (o *shimOrder) compile() (*compiledOrder, error) {
	c := &compiledOrder{nice: o.Limits.Nice, cred: o.Credential}
	var err error
	if c.path, err = syscall.BytePtrFromString(string(o.Path)); err != nil {
		return nil, err
	}
	if len(o.Dir) > 0 {
		if c.dir, err = syscall.BytePtrFromString(string(o.Dir)); err != nil {
			return nil, err
		}
	}
	if c.argv, err = syscall.SlicePtrFromStrings(toStrings(o.Args)); err != nil {
		return nil, err
	}
	if c.env, err = syscall.SlicePtrFromStrings(toStrings(o.Env)); err != nil {
		return nil, err
	}
	for _, r := range o.Limits.Resources {
		n, ok := resources[r.Resource]
		if !ok {
			return nil, syscall.EINVAL
		}
		c.limits = append(c.limits, compiledLimit{shimStep(r.Resource), n, unix.Rlimit{Cur: r.Soft, Max: r.Hard}})
	}
	return c, nil
}

// become does the steps that touch what Go itself needs, memory and threads, as bare system calls one after the other,
// the limits first, as they may need rights that the user of the program does not have. So Go does nothing in between.
// The identity is changed for this thread alone, which is the one that goes on. It returns the step that failed.
//
// Go has raised the soft limit on open files for itself; a limit that is not set here is to be what it was.
func (c *compiledOrder) become() (shimStep, syscall.Errno) {
	if soft, hard, ok := startlimit.OpenFiles(); ok {
		_ = rawSetLimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: soft, Max: hard})
	}
	if c.nice != nil {
		if _, _, errno := syscall.RawSyscall(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, uintptr(*c.nice)); errno != 0 {
			return stepNice, errno
		}
	}
	for i := range c.limits {
		l := &c.limits[i]
		if errno := rawSetLimit(l.resource, &l.limit); errno != 0 {
			return l.name, errno
		}
	}
	if step, errno := c.takeUser(); errno != 0 {
		return step, errno
	}
	if c.dir != nil {
		if _, _, errno := syscall.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(c.dir)), 0, 0); errno != 0 {
			return stepDir, errno
		}
	}
	_, _, errno := syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(c.path)), uintptr(unsafe.Pointer(&c.argv[0])),
		uintptr(unsafe.Pointer(&c.env[0])))
	return stepExec, errno
}

func (c *compiledOrder) takeUser() (shimStep, syscall.Errno) {
	if c.cred == nil {
		return "", 0
	}
	var groups unsafe.Pointer
	if len(c.cred.Groups) > 0 {
		groups = unsafe.Pointer(&c.cred.Groups[0])
	}
	if _, _, errno := syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(c.cred.Groups)), uintptr(groups), 0); errno != 0 {
		return stepGroups, errno
	}
	if _, _, errno := syscall.RawSyscall(unix.SYS_SETGID, uintptr(c.cred.Gid), 0, 0); errno != 0 {
		return stepGID, errno
	}
	if _, _, errno := syscall.RawSyscall(unix.SYS_SETUID, uintptr(c.cred.Uid), 0, 0); errno != 0 {
		return stepUID, errno
	}
	return "", 0
}

func rawSetLimit(resource int, limit *unix.Rlimit) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, uintptr(resource), uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	return errno
}

func toStrings(texts [][]byte) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = string(t)
	}
	return out
}
