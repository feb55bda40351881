//go:build !linux || !(amd64 || arm64)

package startlimit

func get() (soft, hard uint64, ok bool) { return 0, 0, false }
