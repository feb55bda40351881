package supervisor

import (
	"fmt"
	"slices"
	"strings"
)

// An Item is something that is started and stopped in an order: a group or a program.
type Item struct {
	Name      string
	Priority  int // lower starts first and stops last
	DependsOn []string
}

// Levels sorts items into levels: everything in one level may be started at once, when all of the level before is up.
// An item stands after everything it depends on; among items without a dependency between them the lower priority comes
// first. Items of the same level and priority keep the order in which they were given. Stopping goes through the levels
// backwards. The error names an unknown dependency, or the items of a cycle in order.
func Levels(items []Item) ([][]Item, error) {
	byName := make(map[string]int, len(items))
	for i, it := range items {
		if _, twice := byName[it.Name]; twice {
			return nil, fmt.Errorf("%q is there twice", it.Name)
		}
		byName[it.Name] = i
	}
	level := make([]int, len(items)) // 0: not known yet, -1: being visited
	var path []string
	var visit func(i int) error
	visit = func(i int) error {
		it := items[i]
		switch {
		case level[i] > 0:
			return nil
		case level[i] < 0:
			from := slices.Index(path, it.Name)
			return fmt.Errorf("depends_on makes a cycle: %s", strings.Join(append(path[from:], it.Name), " -> "))
		}
		level[i] = -1
		path = append(path, it.Name)
		top := 0
		for _, d := range it.DependsOn {
			j, ok := byName[d]
			if !ok {
				return fmt.Errorf("%q depends on %q, which does not exist", it.Name, d)
			}
			if err := visit(j); err != nil {
				return err
			}
			top = max(top, level[j])
		}
		path = path[:len(path)-1]
		level[i] = top + 1
		return nil
	}
	for i := range items {
		if err := visit(i); err != nil {
			return nil, err
		}
	}
	index := make([]int, len(items))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		if level[a] != level[b] {
			return level[a] - level[b]
		}
		return cmpInt(items[a].Priority, items[b].Priority)
	})
	var out [][]Item
	for n, i := range index {
		if n == 0 || level[i] != level[index[n-1]] || items[i].Priority != items[index[n-1]].Priority {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], items[i])
	}
	return out, nil
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
