// Package startlimit knows the limit on open files that this program was started with.
//
// Package syscall raises the soft limit when it is initialised, gives children the old one back, and does not tell what
// that was. This package asks before: it imports nothing that imports syscall, and of the packages that are ready the one
// with the lexically smallest path is initialised first (Go specification, "Program initialization"), which puts
// github.com/… before syscall. A test holds that.
package startlimit

var soft, hard, known = get()

// OpenFiles is the soft and hard limit on open files at the start of the program. ok is false where it is not known.
func OpenFiles() (softLimit, hardLimit uint64, ok bool) { return soft, hard, known }
