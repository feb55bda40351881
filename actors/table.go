package actors

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
)

// entry is one program in the snapshot table.
type entry struct {
	program *confload.Program    // as it came; what may have changed since is in now
	index   int                  // among the programs of its group as it came
	info    atomic.Pointer[Info] // published by the program on each change; never nil
	pid     atomic.Pointer[actor.PID]
	output  [2]outputCount         // of stdout and stderr
	lives   atomic.Pointer[[]Life] // that have ended, the last one first; nil: none has

	cgroupWarned sync.Once // that limits of its control group are not in force

	needs      atomic.Pointer[[]need]   // what must be up before it starts; nil: it never needed anything
	dependants atomic.Pointer[[]*entry] // who needs it; nil: nobody ever did
}

// now is the program with the options that it has now.
func (e *entry) now() *confload.Program { return e.info.Load().Program }

// groupEntry is one active group in the snapshot table.
type groupEntry struct {
	config  *confload.Group
	entries []*entry          // in the order of config.Programs
	byName  map[string]*entry // nil: there are few
	came    int               // groups of the same priority stand in the order in which they came
	cause   uint64            // number of the record of its coming; 0: it was there when the tree began
	pid     atomic.Pointer[actor.PID]

	state  atomic.Pointer[groupState] // nil: the group has no strategy
	buffer poolBuffer                 // of a pool of listeners
}

// table is the read side of the tree: what clients ask about most is answered from here, without a message. Only root
// changes which groups there are; each program publishes its own Info.
type table struct {
	groups atomic.Pointer[[]*groupEntry] // by priority, then in the order in which they came; never changed in place
	sorted atomic.Pointer[[]*entry]      // sorted by group, then name; never changed in place
	mu     sync.RWMutex
	byName map[string]*groupEntry

	versions versions
}

func newTable() *table {
	t := &table{byName: map[string]*groupEntry{}}
	t.publish()
	return t
}

// newGroupEntry makes the entries of a group. The programs are STOPPED and have no actor yet.
func newGroupEntry(config *confload.Group, came int) *groupEntry {
	own := *config // not the one among all groups of its configuration, which would be kept as long as this one
	g := &groupEntry{config: &own, came: came, entries: make([]*entry, len(config.Programs))}
	if len(config.Programs) > fewPrograms {
		g.byName = make(map[string]*entry, len(config.Programs))
	}
	for i := range config.Programs {
		e := &entry{program: &config.Programs[i], index: i}
		e.info.Store(&Info{Program: e.program})
		g.put(i, e)
	}
	return g
}

// fewPrograms are found as fast without a map, which takes 300 bytes.
const fewPrograms = 8

// find returns the program of a name, or nil.
func (g *groupEntry) find(name string) *entry {
	if g.byName != nil {
		return g.byName[name]
	}
	for _, e := range g.entries {
		if e.program.Name == name {
			return e
		}
	}
	return nil
}

// add makes groups visible, all of whose programs have actors.
func (t *table) add(groups ...*groupEntry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range groups {
		t.byName[g.config.Name] = g
	}
	t.publish()
}

func (t *table) remove(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byName, name)
	t.publish()
}

func (t *table) publish() {
	groups := slices.Collect(maps.Values(t.byName))
	var entries []*entry
	for _, g := range groups {
		entries = append(entries, g.entries...)
	}
	slices.SortFunc(groups, func(a, b *groupEntry) int {
		return cmp.Or(cmp.Compare(a.config.Priority, b.config.Priority), cmp.Compare(a.came, b.came))
	})
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(strings.Compare(a.program.Group, b.program.Group), strings.Compare(a.program.Name, b.program.Name))
	})
	t.groups.Store(&groups)
	t.sorted.Store(&entries)
	t.versions.changed()
}

// group returns the active group of a name, or nil.
func (t *table) group(name string) *groupEntry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byName[name]
}

// find returns the program of a namespec, or nil. A namespec that stands for a whole group has no program.
func (t *table) find(namespec string) *entry {
	group, name, _ := strings.Cut(namespec, ":")
	if group == namespec {
		name = namespec
	}
	g := t.group(group)
	if g == nil {
		return nil
	}
	return g.find(name)
}

// inStartOrder lists all programs by priority of their group, then by their own, as startAllProcesses takes them; those of a
// group in a group in its place.
func (t *table) inStartOrder() []*entry {
	var all []*entry
	for _, s := range t.stretches() {
		all = append(all, byPriority(s.entries)...)
	}
	return all
}

// byPriority lists programs by priority, otherwise in their order.
func byPriority(entries []*entry) []*entry {
	out := slices.Clone(entries)
	slices.SortStableFunc(out, func(a, b *entry) int { return cmp.Compare(a.now().Priority, b.now().Priority) })
	return out
}
