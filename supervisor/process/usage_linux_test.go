package process

import (
	"bufio"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A process with a child in a process group of its own: both belong to it, whatever else runs.
func TestUsageIsThatOfTheWholeFamily(t *testing.T) {
	cmd := exec.Command("python3", "-c", `
import os, sys, time
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    files = [open("/dev/null") for _ in range(20)]
    end = time.process_time() + 0.3
    while time.process_time() < end: pass
    print("ready", flush=True)
    time.sleep(600)
os.waitpid(pid, 0)
`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, pid := range family(cmd.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	of := []UsageOf{{Pid: cmd.Process.Pid}, {Pid: 1 << 30}}
	usages, err := Usages(of)
	if err != nil {
		t.Fatal(err)
	}
	u := usages[0]
	if u.Processes != 2 || u.Threads != 2 || u.CPU < 200*time.Millisecond || u.CPU > time.Minute || u.Files < 26 || u.Files > 100 || u.Memory < 4<<20 {
		t.Errorf("%+v", u)
	}
	memory, err := Memory(cmd.Process.Pid)
	if err != nil || memory < u.Memory*3/4 || memory > u.Memory*4/3 { // the kernel sums them up at different times
		t.Errorf("memory %d, %d (%v)", u.Memory, memory, err)
	}
	if usages[1] != (Usage{}) {
		t.Errorf("of nobody: %+v", usages[1])
	}
}

func BenchmarkUsages(b *testing.B) {
	for b.Loop() {
		if _, err := Usages([]UsageOf{{Pid: 1}}); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for range procStats {
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/process")
}
