//go:build linux

package process

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// What the program closes is closed, though the thread that forks had all of it when it took a table of its own: no socket
// stays bound and no lock taken because of it.
func TestTheForkThreadKeepsNothingOpen(t *testing.T) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	h := newHost(t, Options{})
	start(t, h, shell("exit 0")).wait(t)
	theirs.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := ours.Read(make([]byte, 1))
		ended <- err
	}()
	if err := proctest.Receive(t, "the end of the pipe", ended); err != io.EOF {
		t.Error(err)
	}
}

// The table of the thread that forks has what Go's poller consists of, and nothing else that anybody might wait for.
func TestTheForkThreadHasATableOfItsOwn(t *testing.T) {
	newHost(t, Options{}) // whose event loop has Go's poller run
	possible := onThread(t, func() bool { return canFetch() && unix.Unshare(unix.CLONE_FILES) == nil })
	var links []string
	apart := onThread(t, func() bool {
		apart := unshareDescriptors()
		entries, _ := os.ReadDir("/proc/thread-self/fd")
		for _, e := range entries {
			link, err := os.Readlink("/proc/thread-self/fd/" + e.Name())
			if err == nil && !strings.HasPrefix(link, "/proc/") { // what lists them
				links = append(links, link)
			}
		}
		return apart
	})
	if apart != possible {
		t.Errorf("the thread has a table of its own: %t; it can be had: %t", apart, possible)
	}
	for _, link := range links {
		if apart && link != "anon_inode:[eventpoll]" && link != "anon_inode:[eventfd]" && link != os.DevNull {
			t.Errorf("the thread has %s", link)
		}
	}
}

// onThread runs f on a thread that ends with it and is not the first one.
func onThread(t *testing.T, f func() bool) bool {
	t.Helper()
	c, free := make(chan bool), make(chan struct{})
	defer close(free)
	var run func()
	run = func() {
		lockThread()
		if onFirstThread() {
			go run()
			<-free // it stays taken until then
			return
		}
		c <- f()
	}
	go run()
	return proctest.Receive(t, "the thread", c)
}

// What a start costs does not depend on how many descriptors the program has.
func BenchmarkStartAmongDescriptors(b *testing.B) {
	for _, o := range []struct {
		name string
		Options
	}{{"own table", Options{}}, {"shared table", Options{noUnshare: true}}} {
		b.Run(o.name, func(b *testing.B) {
			var fds []int
			for range 6000 {
				fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
				if err != nil {
					b.Skip(err)
				}
				fds = append(fds, fd)
			}
			defer closeAll(fds)
			h := newHost(b, o.Options)
			exits := make(chan Exit, 1)
			spec := command("/bin/true")
			spec.Exited = func(e Exit) { exits <- e }
			used := cpu()
			for b.Loop() {
				h.Start(spec, func(*Process, error) {})
				<-exits
			}
			b.ReportMetric(float64((cpu()-used).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}
