package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// forgetImage has the kernel forget which pages of the program file we have touched: most of them belong to the
// initialisation of libraries. What is used again comes back from the page cache, a few pages at a time. It is a matter of
// accounting where the file stays in the cache, and of real memory on a device that is short of it.
func forgetImage() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		// 00400000-00924000 r-xp 00000000 08:01 1234   /usr/bin/supd
		var from, to uintptr
		var mode string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); n != 3 || !strings.HasSuffix(lines.Text(), exe) {
			continue
		}
		if mode == "r-xp" || mode == "r--p" { // never written to, so that nothing can be lost
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}
