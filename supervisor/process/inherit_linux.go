package process

import "golang.org/x/sys/unix"

func closeRange() error { return unix.CloseRange(3, ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC) }

func adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// setLimit is setrlimit. Unlike it, prlimit lets children have the old limit on open files when it fails.
func setLimit(resource int, lim *unix.Rlimit) error { return unix.Prlimit(0, resource, lim, nil) }
