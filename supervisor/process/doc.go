// Package process starts, watches, signals and reaps operating-system processes. It is the only package that forks.
//
// One Host serves one supervision tree. It owns two things and nothing per child: a thread that forks, so that a
// program's umask never touches the daemon, and one goroutine that learns from the kernel (epoll over pidfds and pipes)
// that a child has ended, has written or reads its input. An idle child costs descriptors and about a kilobyte, but no
// goroutine, no thread and no wake-up.
//
//	h, err := process.NewHost(process.Options{})
//	h.Start(&process.Spec{Path: "/bin/cat", Args: []string{"cat"}, Umask: -1, Stdout: w, Exited: exited}, started)
//
// The order of what a caller hears of one process is fixed: done first, then output, then Exited. The package never
// waits for "any child": statuses of children that are not ours stay where they are, except in ReapOrphans.
//
// Where the kernel has no pidfd (Linux before 5.4, darwin) each child costs one goroutine that waits for it; where
// there is no epoll, each stream costs one as well. Nothing else differs.
package process
