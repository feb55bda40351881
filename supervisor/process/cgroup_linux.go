package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// OpenCgroups finds the group that this program is in. It changes nothing.
func OpenCgroups() (*Cgroups, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	root, err := cgroupRoot(string(own), string(mounts))
	if err != nil {
		return nil, err
	}
	return &Cgroups{root: root, write: writeCgroup, made: map[string]bool{}, ours: func() []int { return family(os.Getpid()) }}, nil
}

// cgroupRoot finds the directory of the group that own (/proc/self/cgroup) names, by mounts (/proc/self/mountinfo). One that we
// have moved to is below it.
func cgroupRoot(own, mounts string) (string, error) {
	path := ""
	for line := range strings.Lines(own) {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			path = rest
		}
	}
	if path == "" {
		return "", errors.New("this system has no control groups of version 2")
	}
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(line, " - ")
		f := strings.Fields(before)
		if !ok || !strings.HasPrefix(after, "cgroup2 ") || len(f) < 5 {
			continue
		}
		root, point := unescapeMount(f[3]), unescapeMount(f[4])
		rel, err := filepath.Rel(root, path)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
			continue // it is not in what is mounted here
		}
		dir := filepath.Join(point, rel)
		if filepath.Base(dir) == ownCgroup {
			dir = filepath.Dir(dir)
		}
		return dir, nil
	}
	return "", errors.New("the file system of the control groups (cgroup2) is not mounted")
}

func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// enterCgroup has the child begin in a group, from its first instruction on.
func enterCgroup(attr *syscall.SysProcAttr, dir *os.File) {
	attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
}

// leaveCgroup undoes enterCgroup.
func leaveCgroup(attr *syscall.SysProcAttr) { attr.UseCgroupFD = false }
