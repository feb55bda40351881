//go:build !linux

package logs

import "os"

// hasWriters cannot be told here; a change of the size is what remains to notice a writer by.
func hasWriters(*os.File) bool { return false }
