package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestLinesAreReadWhole(t *testing.T) {
	long := strings.Repeat("x", 10000)
	text := "one\n\ntwo\r\n" + long + "\nno end"
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		_, _ = io.WriteString(w, text)
		w.Close()
	}()
	for name, in := range map[string]*input{
		"reader": {from: strings.NewReader(text)},
		"file":   {from: r, file: r},
	} {
		for _, want := range []string{"one", "", "two\r", long, "no end"} {
			if got, err := in.line(t.Context()); got != want || err != nil {
				t.Errorf("%s: %q, %v, want %q", name, got, err, want)
			}
			if want == "one" {
				in.putBack("one")
				if got, err := in.line(t.Context()); got != want || err != nil {
					t.Errorf("%s, put back: %q, %v", name, got, err)
				}
			}
		}
		if got, err := in.line(t.Context()); got != "" || !errors.Is(err, io.EOF) {
			t.Errorf("%s, at the end: %q, %v", name, got, err)
		}
	}
}

func TestAWaitForALineEndsWithItsContextAndTakesNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	pr, pw := io.Pipe()
	defer pw.Close()
	for name, c := range map[string]struct {
		in *input
		w  io.Writer
	}{
		"reader": {&input{from: pr}, pw},
		"file":   {&input{from: r, file: r}, w},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			_, err := c.in.line(ctx)
			result <- err
		}()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "file" {
			if _, err := io.WriteString(c.w, "next\n"); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 10)
			if n, err := r.Read(buf); string(buf[:n]) != "next\n" || err != nil {
				t.Errorf("what was written next is %q, %v", buf[:n], err)
			}
			continue
		}
		go func() { _, _ = io.WriteString(c.w, "next\n") }()
		if got, err := c.in.line(t.Context()); got != "next" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
