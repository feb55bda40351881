package supervisor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Item is something that is started and stopped in an order: a group or a program.
type Item struct {
	Name      string
	Priority  int      // lower starts first and stops last
	DependsOn []string // names of the items that must be up before it
}

// Levels sorts items into levels for starting: everything in one level may be started at once, when all of the levels
// before is up. An item is ready when everything it depends on stands in an earlier level. A level is made of all ready
// items of the lowest priority among the ready ones, in the order in which they were given. So a dependency always
// counts for more than a priority, and a priority only decides between items that could both be started: one of low
// priority that depends on one of high priority comes after it, and after everything between them.
//
// The error names what is there twice, an unknown dependency, or the items of a cycle, each before the one it depends on.
func Levels(items []Item) ([][]Item, error) {
	dependents, missing, err := dependencies(items)
	if err != nil {
		return nil, err
	}
	var ready []int
	for i := range items {
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	var levels [][]Item
	placed := 0
	for len(ready) > 0 {
		slices.SortFunc(ready, func(a, b int) int {
			return cmp.Or(cmp.Compare(items[a].Priority, items[b].Priority), cmp.Compare(a, b))
		})
		var level []Item
		var later []int // ready for a later level
		for _, i := range ready {
			if items[i].Priority != items[ready[0]].Priority {
				later = append(later, i)
				continue
			}
			level = append(level, items[i])
			for _, d := range dependents[i] {
				if missing[d]--; missing[d] == 0 {
					later = append(later, d)
				}
			}
		}
		levels = append(levels, level)
		placed += len(level)
		ready = later
	}
	if placed < len(items) {
		return nil, fmt.Errorf("depends_on makes a cycle: %s", strings.Join(cycle(items, missing), " -> "))
	}
	return levels, nil
}

// StopLevels is the order in which to stop what was started in the order of levels: the last level first, and in each
// level the last item first. Everything in one level may be told to stop at once, when all of the levels before is down.
func StopLevels(levels [][]Item) [][]Item {
	out := make([][]Item, 0, len(levels))
	for _, level := range slices.Backward(levels) {
		level = slices.Clone(level)
		slices.Reverse(level)
		out = append(out, level)
	}
	return out
}

// dependencies returns, by index, who depends on an item, and how many dependencies an item waits for.
func dependencies(items []Item) (dependents [][]int, missing []int, err error) {
	byName := make(map[string]int, len(items))
	for i, it := range items {
		if _, twice := byName[it.Name]; twice {
			return nil, nil, fmt.Errorf("%q is there twice", it.Name)
		}
		byName[it.Name] = i
	}
	dependents, missing = make([][]int, len(items)), make([]int, len(items))
	for i, it := range items {
		for _, d := range it.DependsOn {
			j, ok := byName[d]
			if !ok {
				return nil, nil, fmt.Errorf("%q depends on %q, which does not exist", it.Name, d)
			}
			dependents[j] = append(dependents[j], i)
			missing[i]++
		}
	}
	return dependents, missing, nil
}

// cycle returns the names along one cycle, the first one again at the end. The items that still miss a dependency are on
// a cycle or depend on one, so whoever follows them comes back to where he was.
func cycle(items []Item, missing []int) []string {
	stuck := make(map[string]*Item)
	for i := range items {
		if missing[i] > 0 {
			stuck[items[i].Name] = &items[i]
		}
	}
	at := slices.IndexFunc(missing, func(n int) bool { return n > 0 })
	path := []string{items[at].Name}
	for {
		it := stuck[path[len(path)-1]]
		next := it.DependsOn[slices.IndexFunc(it.DependsOn, func(d string) bool { return stuck[d] != nil })]
		if from := slices.Index(path, next); from >= 0 {
			return append(path[from:], next)
		}
		path = append(path, next)
	}
}
