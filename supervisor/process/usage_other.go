//go:build !linux

package process

import (
	"fmt"
	"runtime"
)

// Usages tells what processes use. Only Linux tells.
func Usages([]UsageOf) ([]Usage, error) {
	return nil, fmt.Errorf("that is not supported on %s", runtime.GOOS)
}
