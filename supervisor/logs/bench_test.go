package logs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkFileWrite compares a File with a plain file that is emptied or renamed as often, in the same run.
func BenchmarkFileWrite(b *testing.B) {
	const maxBytes = 50 << 20
	for _, size := range []int{100, 4 << 10, 64 << 10} {
		chunk := make([]byte, size)
		for i := range chunk {
			chunk[i] = 'a'
		}
		for _, backups := range []int{0, 1} {
			b.Run(fmt.Sprintf("raw-backups=%d/%d", backups, size), func(b *testing.B) {
				path := filepath.Join(b.TempDir(), "log")
				file := openRaw(b, path)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					file.Write(chunk)
					if n += size; n < maxBytes {
						continue
					}
					n = 0
					if backups == 0 {
						file.Truncate(0)
						continue
					}
					file.Close()
					os.Remove(path + ".1")
					os.Rename(path, path+".1")
					file = openRaw(b, path)
				}
				file.Close()
			})
		}
		for _, backups := range []int{0, 1} {
			b.Run(fmt.Sprintf("file-backups=%d/%d", backups, size), func(b *testing.B) {
				f := open(b, filepath.Join(b.TempDir(), "log"), FileOptions{MaxBytes: maxBytes, Backups: backups})
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					f.Write(chunk)
				}
			})
		}
		b.Run(fmt.Sprintf("file-ansi/%d", size), func(b *testing.B) {
			f := open(b, filepath.Join(b.TempDir(), "log"), FileOptions{MaxBytes: maxBytes, StripANSI: true})
			coloured := append([]byte("\x1b[31m"), chunk...)
			b.SetBytes(int64(len(coloured)))
			b.ReportAllocs()
			for b.Loop() {
				f.Write(coloured)
			}
		})
	}
}

func openRaw(b *testing.B, path string) *os.File {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		b.Fatal(err)
	}
	return file
}

// BenchmarkMainLog is one line through hclog to a writer that does nothing.
func BenchmarkMainLog(b *testing.B) {
	m, err := OpenMain(MainOptions{Echo: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	l := m.Logger()
	b.ReportAllocs()
	for b.Loop() {
		l.Info("spawned: 'web' with pid 12")
	}
}
