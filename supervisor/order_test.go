package supervisor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parseItems reads "a:10 b:5<a,c": name, priority, what it depends on.
func parseItems(t *testing.T, s string) []Item {
	var items []Item
	for _, f := range strings.Fields(s) {
		f, deps, _ := strings.Cut(f, "<")
		name, priority, _ := strings.Cut(f, ":")
		it := Item{Name: name, Priority: 999}
		if priority != "" {
			var err error
			if it.Priority, err = strconv.Atoi(priority); err != nil {
				t.Fatal(err)
			}
		}
		if deps != "" {
			it.DependsOn = strings.Split(deps, ",")
		}
		items = append(items, it)
	}
	return items
}

func showLevels(levels [][]Item) string {
	var out []string
	for _, level := range levels {
		var in []string
		for _, it := range level {
			in = append(in, it.Name)
		}
		out = append(out, strings.Join(in, " "))
	}
	return strings.Join(out, " | ")
}

func TestLevels(t *testing.T) {
	for _, c := range []struct{ name, items, start, stop, err string }{
		{"nothing", "", "", "", ""},
		{"equal priorities keep their order", "b c a", "b c a", "a c b", ""},
		{"lower priority first", "a:10 b:-1 c:10 d:999", "b | a c | d", "d | c a | b", ""},
		{"a dependency counts for more than a priority", "web:1<db db:999", "db | web", "web | db", ""},
		{"a priority decides between those that are ready", "web:2<db db:1 other:3", "db | web | other", "other | web | db", ""},
		{"one that depends on one of high priority comes late", "a:1<c b:5 c:10", "b | c | a", "a | c | b", ""},
		{"chains side by side", "a b<a c<b x y<x", "a x | b y | c", "c | y b | x a", ""},
		{"a diamond", "top<left,right left<root right<root root", "root | left right | top", "top | right left | root", ""},
		{"the same dependency twice", "a b<a,a", "a | b", "b | a", ""},
		{"unknown", "a b<a,nobody", "", "", `"b" depends on "nobody", which does not exist`},
		{"twice there", "a b a", "", "", `"a" is there twice`},
		{"on itself", "a<a", "", "", "depends_on makes a cycle: a -> a"},
		{"a cycle, in order", "c<a a<b b<c", "", "", "depends_on makes a cycle: c -> a -> b -> c"},
		{"a cycle that others depend on", "x<y y<b free b<a a<free,b", "", "", "depends_on makes a cycle: b -> a -> b"},
		{"what only a cycle depends on is not part of it", "free a<free,b b<free,a", "", "", "depends_on makes a cycle: a -> b -> a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			levels, err := Levels(parseItems(t, c.items))
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := showLevels(levels); got != c.start {
				t.Errorf("start: %s, want %s", got, c.start)
			}
			if got := showLevels(StopLevels(levels)); got != c.stop {
				t.Errorf("stop: %s, want %s", got, c.stop)
			}
			if got := showLevels(levels); got != c.start {
				t.Errorf("StopLevels changed its input: %s", got)
			}
		})
	}
}

// levelsSlowly takes, again and again, the ready items of the lowest priority; nil when there is a cycle.
func levelsSlowly(items []Item) [][]Item {
	var levels [][]Item
	placed := map[string]bool{}
	for len(placed) < len(items) {
		var level []Item
		for _, it := range items {
			if placed[it.Name] || slices.ContainsFunc(it.DependsOn, func(d string) bool { return !placed[d] }) {
				continue
			}
			if len(level) > 0 && it.Priority < level[0].Priority {
				level = nil
			}
			if len(level) == 0 || it.Priority == level[0].Priority {
				level = append(level, it)
			}
		}
		if level == nil {
			return nil
		}
		for _, it := range level {
			placed[it.Name] = true
		}
		levels = append(levels, level)
	}
	return levels
}

func TestLevelsAgreeWithTakingTheLowestReadyAgainAndAgain(t *testing.T) {
	cycles := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 4))
		items := make([]Item, r.IntN(9))
		for i := range items {
			items[i] = Item{Name: string(rune('a' + i)), Priority: r.IntN(3)}
			for range r.IntN(3) {
				items[i].DependsOn = append(items[i].DependsOn, string(rune('a'+r.IntN(len(items)))))
			}
		}
		if r.IntN(3) > 0 { // no cycle
			for i := range items {
				items[i].DependsOn = slices.DeleteFunc(items[i].DependsOn, func(d string) bool { return d >= items[i].Name })
			}
			r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		}
		got, err := Levels(items)
		want := levelsSlowly(items)
		if (err == nil) != (len(want) > 0 || len(items) == 0) || err == nil && showLevels(got) != showLevels(want) {
			t.Fatalf("seed %d: %v: got %s (%v), want %s", seed, items, showLevels(got), err, showLevels(want))
		}
		if err != nil {
			cycles++
			checkCycle(t, items, err)
		}
	}
	if cycles < 100 {
		t.Errorf("too tame: %d cycles", cycles)
	}
}

// checkCycle checks that an error names a cycle: each item depends on the next one, the last is the first.
func checkCycle(t *testing.T, items []Item, err error) {
	t.Helper()
	_, path, _ := strings.Cut(err.Error(), ": ")
	names := strings.Split(path, " -> ")
	ok := len(names) > 1 && names[0] == names[len(names)-1]
	for i := range len(names) - 1 {
		at := slices.IndexFunc(items, func(it Item) bool { return it.Name == names[i] })
		ok = ok && at >= 0 && slices.Contains(items[at].DependsOn, names[i+1])
	}
	if !ok {
		t.Fatal(fmt.Sprint(items), err)
	}
}
