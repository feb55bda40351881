package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Cgroups is the place for control groups of programs: the group (cgroup v2) that this program was started in. Its methods may
// be called on any goroutine.
type Cgroups struct {
	root  string                               // directory of that group
	ours  func() []int                         // this program and its descendants
	write func(path string, text string) error // writeCgroup, but for tests

	mu   sync.Mutex
	made map[string]bool // directories that may be there
}

// A CgroupSetting is what one file of a control group is to hold. The controller is what stands before its dot.
type CgroupSetting struct{ File, Value string }

// ownCgroup is the name of the group that this program moves to when it has to leave its own to the groups of programs: a group
// whose limits hold for groups below it must have no processes.
const ownCgroup = "supd-daemon"

// CgroupAdvice says what to do about an error of OpenCgroups or Enter.
const CgroupAdvice = "give supd a control group (cgroup v2) of its own that it may write to: Delegate=yes in its systemd unit, or a writable /sys/fs/cgroup in its container"

// Enter makes the group of a name, or takes the one that is there, and puts settings into force. The group is nil when there
// cannot be one. Each of refused is about one setting, by index, which is not in force; nil: all are.
func (c *Cgroups) Enter(name string, settings []CgroupSetting) (g *Cgroup, refused map[int]error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	refused = map[int]error{}
	usable := 0
	for i, s := range settings {
		controller, _, _ := strings.Cut(s.File, ".")
		if err := c.enable(controller); err != nil {
			refused[i] = err
			continue
		}
		usable++
	}
	if usable == 0 && len(settings) > 0 {
		return nil, refused
	}
	g, err := c.open(name)
	for i, s := range settings {
		if refused[i] != nil {
			continue
		}
		if err == nil {
			refused[i] = c.write(filepath.Join(g.dir, s.File), s.Value)
		} else {
			refused[i] = err
		}
		if refused[i] == nil {
			delete(refused, i)
		}
	}
	return g, refused
}

// open makes the directory of a group and opens it.
func (c *Cgroups) open(name string) (*Cgroup, error) {
	dir := filepath.Join(c.root, "program-"+name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	c.made[dir] = true
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	g := &Cgroup{groups: c, dir: dir, file: f}
	g.oomBefore = g.oomKills()
	return g, nil
}

// enable has the groups below ours get the files of a controller.
func (c *Cgroups) enable(controller string) error {
	if slices.Contains(words(filepath.Join(c.root, "cgroup.subtree_control")), controller) {
		return nil
	}
	there := words(filepath.Join(c.root, "cgroup.controllers"))
	if !slices.Contains(there, controller) {
		return fmt.Errorf("the controller %s is not available in %s (there are: %s)", controller, c.root, orNone(there))
	}
	file := filepath.Join(c.root, "cgroup.subtree_control")
	err := c.write(file, "+"+controller)
	if errors.Is(err, syscall.EBUSY) {
		if err = c.moveAway(); err == nil {
			err = c.write(file, "+"+controller)
		}
	}
	if errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("other processes are in the control group %s, too", c.root)
	}
	return err
}

// moveRounds bounds how often moveAway looks again: processes that are forked meanwhile come after.
const moveRounds = 10

// moveAway moves this program and its descendants to a group of their own. It leaves others where they are.
func (c *Cgroups) moveAway() error {
	own := filepath.Join(c.root, ownCgroup)
	if err := os.Mkdir(own, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for range moveRounds {
		moved, ours := false, c.ours()
		for _, w := range words(filepath.Join(c.root, "cgroup.procs")) {
			pid, err := strconv.Atoi(w)
			if err != nil || !slices.Contains(ours, pid) {
				continue
			}
			if err := c.write(filepath.Join(own, "cgroup.procs"), w); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
			moved = true
		}
		if !moved {
			return nil
		}
	}
	return nil
}

// Close removes the groups that are empty. Others stay, as their processes do.
func (c *Cgroups) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for dir := range c.made {
		_ = os.Remove(dir)
	}
	c.made = map[string]bool{}
}

func (c *Cgroups) remove(dir string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := os.Remove(dir); err == nil || errors.Is(err, os.ErrNotExist) {
		delete(c.made, dir)
	}
}

// A Cgroup is the control group of one life of a program.
type Cgroup struct {
	groups    *Cgroups
	dir       string
	file      *os.File // of the directory, until Started
	oomBefore int
}

// Dir is its directory.
func (g *Cgroup) Dir() string { return g.dir }

// Started says that the process was started, or will not be. It is to be called once; nil: there is nothing to do.
func (g *Cgroup) Started() {
	if g != nil {
		g.file.Close()
	}
}

// OOMKills is how many processes the kernel has killed in this life for lack of memory.
func (g *Cgroup) OOMKills() int { return max(0, g.oomKills()-g.oomBefore) }

func (g *Cgroup) oomKills() int {
	w := words(filepath.Join(g.dir, "memory.events"))
	if i := slices.Index(w, "oom_kill"); i >= 0 && i+1 < len(w) {
		n, _ := strconv.Atoi(w[i+1])
		return n
	}
	return 0
}

// Remove removes the group if it has no processes any more. One that has is taken again at the next start, or removed by Close.
func (g *Cgroup) Remove() { g.groups.remove(g.dir) }

// words are those of a file; none when it cannot be read.
func words(path string) []string {
	b, _ := os.ReadFile(path)
	return strings.Fields(string(b))
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// writeCgroup writes to a file of a control group. It makes none.
func writeCgroup(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
