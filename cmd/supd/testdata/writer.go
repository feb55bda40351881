// Command writer writes numbered lines of 64 bytes to its standard output and then makes a file.
//
//	writer LINES RATE FILE
//
// RATE is in lines a second, ten of them at once; 0 is as fast as it goes, in large pieces.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	lines, _ := strconv.Atoi(os.Args[1])
	rate, _ := strconv.Atoi(os.Args[2])
	piece, pause := 1000, time.Duration(0)
	if rate > 0 {
		piece, pause = 10, 10*time.Second/time.Duration(rate)
	}
	next := time.Now()
	var b []byte
	for n := 0; n < lines; {
		b = b[:0]
		for range min(piece, lines-n) {
			b = fmt.Appendf(b, "%063d\n", n)
			n++
		}
		if _, err := os.Stdout.Write(b); err != nil {
			os.Exit(1)
		}
		next = next.Add(pause)
		time.Sleep(time.Until(next))
	}
	if err := os.WriteFile(os.Args[3], nil, 0o600); err != nil {
		os.Exit(1)
	}
}
