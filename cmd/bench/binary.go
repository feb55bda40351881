//go:build linux

package main

import (
	"debug/elf"
	"fmt"
	"os"
	"strings"
)

// strippedSize returns the size of a program file without the parts strip removes, and whether it is linked statically.
func strippedSize(path string) (size int64, static bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false, err
	}
	file, err := elf.Open(path)
	if err != nil {
		return 0, false, fmt.Errorf("%s is no ELF file: %w", path, err)
	}
	defer file.Close()
	size, static = info.Size(), true
	for _, s := range file.Sections {
		symbols := s.Name == ".symtab" || s.Name == ".strtab"
		if symbols || strings.HasPrefix(s.Name, ".debug_") || strings.HasPrefix(s.Name, ".zdebug_") {
			size -= int64(s.FileSize)
		}
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			static = false
		}
	}
	return size, static, nil
}
