//go:build linux

package process

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// From kill -9 to Exited, with a hundred other children alive.
func BenchmarkDeathToExited(b *testing.B) {
	h := newHost(b, Options{})
	exits := make(chan Exit, 1)
	idle := make([]*life, 100)
	for i := range idle {
		idle[i] = start(b, h, command("/bin/sleep", "1000"))
	}
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		spec := command("/bin/sleep", "1000")
		spec.Exited = func(e Exit) { exits <- e }
		l := start(b, h, spec)
		b.StartTimer()
		at := time.Now()
		l.Signal(syscall.SIGKILL)
		<-exits
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	for _, l := range idle {
		l.kill(b)
	}
}

// One start and death of /bin/true, one after another: what is ours of it is the difference to the floor.
func BenchmarkStartToExited(b *testing.B) {
	b.Run("host", func(b *testing.B) {
		h := newHost(b, Options{})
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
	b.Run("floor", func(b *testing.B) { // the same descriptors, nothing watched
		used := cpu()
		for b.Loop() {
			ps, err := openPipes(&Spec{})
			if err != nil {
				b.Fatal(err)
			}
			attr := &syscall.ProcAttr{Env: os.Environ(), Sys: &syscall.SysProcAttr{Setpgid: true},
				Files: []uintptr{uintptr(ps.childs[0]), uintptr(ps.childs[1]), uintptr(ps.childs[2])}}
			pid, err := syscall.ForkExec("/bin/true", []string{"true"}, attr)
			if err != nil {
				b.Fatal(err)
			}
			syscall.Wait4(pid, nil, 0, nil)
			closeAll(ps.ours[:])
			closeAll(ps.childs[:])
		}
		b.ReportMetric(float64((cpu()-used).Microseconds())/float64(b.N), "cpu-µs/op")
	})
}

// cpu is the time this program has used, without its children.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What a thousand idle children cost in this program.
func BenchmarkMemoryOfIdleChildren(b *testing.B) {
	const n = 1000
	for b.Loop() {
		h := newHost(b, Options{})
		heap, goroutines, threads := liveHeap(), runtime.NumGoroutine(), threadCount()
		lives := make([]*Process, n)
		var started, ended sync.WaitGroup
		started.Add(n)
		ended.Add(n)
		at := time.Now()
		for i := range lives {
			spec := command("/bin/sleep", "1000")
			spec.Exited = func(Exit) { ended.Done() }
			h.Start(spec, func(p *Process, err error) {
				if err != nil {
					b.Error(err)
				}
				lives[i] = p
				started.Done()
			})
		}
		started.Wait()
		b.ReportMetric(time.Since(at).Seconds(), "s-to-start")
		b.ReportMetric(float64(liveHeap()-heap)/n, "heap-B/child")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
		b.ReportMetric(float64(threadCount()-threads), "threads-more")
		<-time.After(3 * time.Second) // until Go's collector has nothing to do either
		before := switches()
		<-time.After(5 * time.Second)
		b.ReportMetric(float64(switches()-before)/5, "switches/s")
		for _, p := range lives {
			p.Signal(syscall.SIGKILL)
		}
		ended.Wait()
	}
}

func threadCount() int {
	names, _ := os.ReadDir("/proc/self/task")
	return len(names)
}

func switches() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Nvcsw
}

type counter struct{ n atomic.Int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// One process writing as fast as it can, against the plainest loop there is.
func BenchmarkThroughput(b *testing.B) {
	const size = 1 << 30
	spec := func() *Spec {
		return command("/bin/dd", "if=/dev/zero", "bs=65536", fmt.Sprint("count=", size/65536), "status=none")
	}
	sink := newLogFile(b)
	b.Run("host", func(b *testing.B) {
		h := newHost(b, Options{})
		b.SetBytes(size)
		used := cpu()
		for b.Loop() {
			s := spec()
			c := &counter{}
			s.Stdout = io.MultiWriter(sink, c)
			runToEnd(b, h, s)
			if c.n.Load() != size {
				b.Fatalf("%d bytes", c.n.Load())
			}
		}
		b.ReportMetric((cpu()-used).Seconds()/float64(b.N), "cpu-s/GB")
	})
	b.Run("plain loop", func(b *testing.B) {
		b.SetBytes(size)
		used := cpu()
		for b.Loop() {
			r, w, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			s := spec()
			p, err := os.StartProcess(s.Path, s.Args, &os.ProcAttr{Files: []*os.File{nil, w, nil}})
			if err != nil {
				b.Fatal(err)
			}
			w.Close()
			buf := make([]byte, 64<<10)
			n := 0
			for {
				k, err := r.Read(buf)
				if err != nil {
					break
				}
				sink.Write(buf[:k])
				n += k
			}
			r.Close()
			p.Wait()
			if n != size {
				b.Fatalf("%d bytes", n)
			}
		}
		b.ReportMetric((cpu()-used).Seconds()/float64(b.N), "cpu-s/GB")
	})
}

// A logFile starts again from the beginning when it is 50 MB long, as a log file that is rotated.
type logFile struct {
	f    *os.File
	size int
}

func newLogFile(b *testing.B) *logFile {
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return &logFile{f: f}
}

func (l *logFile) Write(p []byte) (int, error) {
	if l.size > 50<<20 {
		l.f.Truncate(0)
		l.f.Seek(0, io.SeekStart)
		l.size = 0
	}
	l.size += len(p)
	return l.f.Write(p)
}

// Many processes that write a line now and then: CPU of ours per line, against a goroutine per stream.
func BenchmarkLines(b *testing.B) {
	const programs = 50
	run := func(b *testing.B, o Options) {
		h := newHost(b, o)
		used := time.Duration(0)
		for b.Loop() {
			var wg sync.WaitGroup
			c := &counter{}
			before := cpu()
			for range programs {
				s := roleSpec("lines")
				s.Stdout = c
				wg.Add(1)
				s.Exited = func(Exit) { wg.Done() }
				h.Start(s, func(_ *Process, err error) {
					if err != nil {
						b.Error(err)
						wg.Done()
					}
				})
			}
			wg.Wait()
			used += cpu() - before
		}
		b.ReportMetric(float64(used.Microseconds())/float64(b.N*programs*benchLines), "cpu-µs/line")
	}
	b.Run("host", func(b *testing.B) { run(b, Options{}) })
	b.Run("goroutine per stream", func(b *testing.B) { run(b, Options{noLoop: true}) })
}

func init() {
	roles["lines"] = func() {
		tick := time.NewTicker(time.Millisecond)
		line := proctest.Bytes(64)
		for range benchLines {
			<-tick.C
			os.Stdout.Write(line)
		}
	}
}

const benchLines = 500
