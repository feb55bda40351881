//go:build amd64 || arm64

package startlimit

import (
	"runtime"
	"unsafe"
)

//go:linkname rawSyscall6 syscall.RawSyscall6
func rawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2, err uintptr)

const rlimitNofile = 7

func get() (soft, hard uint64, ok bool) {
	trap := uintptr(302) // prlimit64 on amd64
	if runtime.GOARCH == "arm64" {
		trap = 261
	}
	var lim [2]uint64
	_, _, errno := rawSyscall6(trap, 0, rlimitNofile, 0, uintptr(unsafe.Pointer(&lim)), 0, 0)
	return lim[0], lim[1], errno == 0
}
