//go:build linux

// Command bench measures supd: every figure that docs promise, for a minimal supervisor in Go (the floor), for supd and
// for Debian's supervisord, in the same run on the same machine.
//
// It prints a table; -json and -markdown write files as well. The exit status is 1 when a peer is missing or fails at
// something, not when a figure is missed: figures depend on the machine, and the table says it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	actAsChild()
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

var errPeerFailed = errors.New("a peer failed; see the table")

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	programs := map[string]*string{
		peerFloor:       flags.String("floor", "bin/floor", "`program` that is the floor"),
		peerSupd:        flags.String("supd", "bin/supd", "supd's `program`"),
		peerSupervisord: flags.String("supervisord", "/usr/bin/supervisord", "supervisord's `program`"),
	}
	n := flags.Int("n", 1000, "`number` of programs")
	runs := flags.Int("runs", 3, "`number` of samples of what is started anew for each; the median counts")
	only := flags.String("only", "", "comma-separated `names` of figures, or the part before the dot (default all)")
	names := flags.String("peers", strings.Join([]string{peerFloor, peerSupd, peerSupervisord}, ","), "comma-separated `peers`")
	parent := flags.String("dir", "", "`directory` for everything written while measuring (default the system's for temporary files)")
	jsonFile := flags.String("json", "", "`file` to write the values to, for machines")
	markdownFile := flags.String("markdown", "", "`file` to write the table to, for a page")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *n < 1 || *runs < 1 {
		return fmt.Errorf("usage: -n and -runs are at least 1, and there are no arguments but flags")
	}
	selected, err := selectFigures(*only)
	if err != nil {
		return err
	}
	peers, err := selectPeers(*names, programs)
	if err != nil {
		return err
	}
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer release()

	dir, err := os.MkdirTemp(*parent, "supd-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBench(defaultSettings(*n, *runs), selected, dir, stderr)
	if err != nil {
		return err
	}
	if err := b.run(ctx, peers); err != nil {
		return err
	}
	r := b.report(peers)
	if err := r.writeText(stdout); err != nil {
		return err
	}
	if err := writeFile(*jsonFile, r.writeJSON); err != nil {
		return err
	}
	if err := writeFile(*markdownFile, r.writeMarkdown); err != nil {
		return err
	}
	if b.results.failed() {
		return errPeerFailed
	}
	return nil
}

func selectPeers(names string, programs map[string]*string) ([]peer, error) {
	var peers []peer
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		program, ok := programs[name]
		if !ok {
			return nil, fmt.Errorf("no peer is named %q; the names are %s, %s and %s", name, peerFloor, peerSupd, peerSupervisord)
		}
		if !slices.ContainsFunc(peers, func(p peer) bool { return p.name == name }) {
			peers = append(peers, newPeer(name, *program))
		}
	}
	return peers, nil
}

// newBench prepares this process, which becomes a subreaper with room for the descriptors of all programs, and builds
// the child in dir.
func newBench(s settings, selected []figure, dir string, progress io.Writer) (*bench, error) {
	if err := adoptStrays(); err != nil {
		return nil, err
	}
	c, err := buildChild(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot build the child: %w", err)
	}
	b := &bench{settings: s, figures: selected, results: newResults(), child: c, dir: dir, progress: progress}
	if err := raiseDescriptors(uint64(6*max(s.programs, s.writers) + 1000)); err != nil {
		b.say("%v", err)
	}
	return b, nil
}

// raiseDescriptors makes this process and those it starts able to open so many files.
func raiseDescriptors(needed uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	// Set even when it is enough: a limit set here is what children inherit, instead of the one this program began with.
	limit.Cur = max(limit.Cur, needed)
	limit.Max = max(limit.Max, limit.Cur)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("cannot raise the number of open files to %d: %w", needed, err)
	}
	return nil
}

func (b *bench) report(peers []peer) *report {
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	kernel := "Linux"
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		kernel += " " + unix.ByteSliceToString(uts.Release[:])
	}
	machine := fmt.Sprintf("%d processors, %s, %s", runtime.NumCPU(), kernel, runtime.GOARCH)
	return &report{programs: b.programs, machine: machine, child: b.child.kind, peers: names, figures: b.figures, results: b.results}
}

func writeFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
