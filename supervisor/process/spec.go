package process

import (
	"io"
	"os"
)

// A Spec says how one process is started. Its environment, directory and user are used as they are; who they belong
// to and which variables a supervised program gets (compat.md §6) is the caller's knowledge.
type Spec struct {
	Name string   // the program's name, for the texts of errors only
	Path string   // program file, already resolved; a relative one is found from Dir, as execve does after chdir
	Args []string // argv; Args[0] as written by the user. Empty means Path alone
	Env  []string // the whole environment, KEY=VALUE; nil means an empty one
	Dir  string   // working directory, entered by the child as the target user; "" is the program's own at this moment

	Credential *Credential // nil: unchanged
	Umask      int         // the child's own, never the daemon's; -1: unchanged
	Limits     *Limits     // nil: unchanged; otherwise the Host must have a shim (Options.Shim)

	// Cgroup is the control group the process begins in; nil: ours. Where the kernel refuses that (before Linux 5.7, or a filter
	// of system calls), the process is started in ours, and CgroupRefused is called before done.
	Cgroup        *Cgroup
	CgroupRefused func(error)

	Stdin       *os.File // descriptor 0, put into blocking mode, still the caller's; nil: a pipe that WriteStdin writes to
	MergeStderr bool     // descriptor 2 is the pipe of descriptor 1; Stderr is not used

	Extra []Descriptor // further descriptors, still the caller's; put into blocking mode

	// Stdout and Stderr get the output; nil: it is read and thrown away. Each is called by one goroutine at a time and
	// must not keep the slice. A slow one holds up its own stream (and the program, when the pipe is full) and this
	// process's Exited, nothing else. Errors are ignored: output that cannot be stored must not kill the program.
	Stdout, Stderr io.Writer

	// Exited is called exactly once for every started process, after all output written before its death was
	// delivered. It must not block. nil: nobody wants to know; the process is reaped all the same.
	Exited func(Exit)
}

// A Descriptor is a file that a process gets besides its standard input and output.
type Descriptor struct {
	Number int // in the process; at least 3, each one once
	File   *os.File
}

// Credential is the user a process runs as. As in supervisord, one whose UID is our own changes nothing, unless OtherGID
// is set, and only root can take another.
type Credential struct {
	UID, GID uint32
	Groups   []uint32 // supplementary groups, set exactly; empty: none
	OtherGID bool     // the group is to be taken even if UID is our own
}

// Limits is what a process takes on itself before it becomes the program, still with our rights.
type Limits struct {
	Resources   []ResourceLimit
	Nice        *int // -20 to 19, absolute; below ours only with privileges; nil: unchanged
	OOMScoreAdj *int // -1000 to 1000; below ours only with privileges; nil: unchanged
}

// A ResourceLimit is one limit of setrlimit(2), in its unit.
type ResourceLimit struct {
	Resource   string // "nofile", "as" …: what follows RLIMIT_, in lower case
	Soft, Hard uint64 // Unlimited: none
}

// Unlimited is the limit that is none.
const Unlimited = ^uint64(0)
