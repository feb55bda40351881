package confload

import (
	"fmt"
	"slices"
	"strings"
)

// Condition is what must be so of a program before one that depends on it may start.
type Condition int

// The conditions of depends_on=.
const (
	NeedsRunning Condition = iota // it is RUNNING; what an entry without a condition means
	NeedsHealthy                  // it is RUNNING and says, or was found, to be ready
	NeedsExited                   // it has ended with a status that is in its exitcodes
)

var conditionNames = []string{"running", "healthy", "exited"}

// String is the condition as it is written after the colon.
func (c Condition) String() string { return conditionNames[c] }

// A Dependency is one entry of depends_on=.
type Dependency struct {
	Name      string // as written, without the condition
	Condition Condition
	Programs  []string // namespecs of the programs it stands for; never empty
}

// String is the entry as it is written.
func (d Dependency) String() string {
	if d.Condition == NeedsRunning {
		return d.Name
	}
	return d.Name + ":" + d.Condition.String()
}

// DependsPolicy tells what becomes of a program that is up when something it depends on goes down.
type DependsPolicy int

// The values of depends_policy=.
const (
	DependsKeep    DependsPolicy = iota // it goes on
	DependsStop                         // it is stopped
	DependsRestart                      // it is stopped, and started when what it depends on is up again
)

var dependsPolicyType = words[DependsPolicy]("keep", "stop", "restart")

// dependencyListType reads depends_on=; the names are looked up when all programs are known.
var dependencyListType = valueType[[]Dependency]{
	name: "list of dependencies", allowed: "names of programs or groups with commas between them, each followed by :running, " +
		":healthy, :exited or nothing",
	parse: func(l *loader, s string) ([]Dependency, error) {
		parts, err := listType.parse(l, s)
		if err != nil {
			return nil, err
		}
		var out []Dependency
		for _, part := range parts {
			d := Dependency{Name: part}
			if i := strings.LastIndexByte(part, ':'); i >= 0 {
				if c := slices.Index(conditionNames, part[i+1:]); c >= 0 {
					d.Name, d.Condition = part[:i], Condition(c)
				}
			}
			if d.Name == "" {
				return nil, fmt.Errorf("an entry has no name")
			}
			if !slices.ContainsFunc(out, func(o Dependency) bool { return o.Name == d.Name && o.Condition == d.Condition }) {
				out = append(out, d)
			}
		}
		return out, nil
	},
	// The programs that a name stands for may change without a change here.
	same: func(a, b []Dependency) bool {
		return slices.EqualFunc(a, b, func(x, y Dependency) bool { return x.Name == y.Name && x.Condition == y.Condition })
	},
}

// resolveDependencies finds the programs that depends_on= names. A name is that of a section, then of a group, then a
// namespec. Unknown names and cycles are errors.
func (l *loader) resolveDependencies() {
	sections, groups, specs := map[string][]string{}, map[string][]string{}, map[string]*Program{}
	var names []string
	for i := range l.config.Groups {
		g := &l.config.Groups[i]
		names = append(names, g.Name)
		for j := range g.Programs {
			p := &g.Programs[j]
			section := sectionName(p.Section)
			sections[section] = append(sections[section], p.NameSpec())
			groups[g.Name] = append(groups[g.Name], p.NameSpec())
			specs[p.NameSpec()] = p
			names = append(names, section, p.NameSpec())
		}
	}
	done := map[string]bool{} // errors are told once for a section
	for i := range l.config.Groups {
		g := &l.config.Groups[i]
		for j := range g.Programs {
			p := &g.Programs[j]
			if len(p.DependsOn) == 0 {
				continue
			}
			sec := l.doc.sections[p.Section]
			e, _ := l.doc.lookup(sec, "depends_on")
			resolved := make([]Dependency, 0, len(p.DependsOn)) // the list is shared by the processes of a section
			for _, d := range p.DependsOn {
				switch {
				case sections[d.Name] != nil:
					d.Programs = sections[d.Name]
				case groups[d.Name] != nil:
					d.Programs = groups[d.Name]
				case specs[d.Name] != nil:
					d.Programs = []string{d.Name}
				default:
					hint := l.hint(d.Name, "depends_on", func() []string { return names })
					if name, condition, ok := strings.Cut(d.Name, ":"); ok && (sections[name] != nil || groups[name] != nil) {
						hint += fmt.Sprintf("; if %s was meant for a condition: allowed are %s", quoted(condition), strings.Join(conditionNames, ", "))
					}
					if !done[p.Section] {
						l.fail(l.errorAt(sec, e, fmt.Sprintf("[%s] depends on %s, which is neither a program nor a group%s",
							p.Section, quoted(d.Name), hint)))
					}
					done[p.Section] = true
					continue
				}
				resolved = append(resolved, d)
			}
			p.DependsOn = resolved
		}
	}
	if c := dependencyCycle(specs); c != nil {
		sec := l.doc.sections[specs[c[0]].Section]
		e, _ := l.doc.lookup(sec, "depends_on")
		l.fail(l.errorAt(sec, e, "depends_on makes a cycle: "+strings.Join(c, " -> ")+"; take one of these out of its depends_on"))
	}
}

// dependencyCycle returns the namespecs along one cycle, the first one again at the end, each before one it depends on;
// nil when there is none.
func dependencyCycle(programs map[string]*Program) []string {
	const underway, finished = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(spec string) []string
	visit = func(spec string) []string {
		switch state[spec] {
		case finished:
			return nil
		case underway:
			return append(slices.Clone(path[slices.Index(path, spec):]), spec)
		}
		state[spec] = underway
		path = append(path, spec)
		for _, d := range programs[spec].DependsOn {
			for _, on := range d.Programs {
				if c := visit(on); c != nil {
					return c
				}
			}
		}
		path = path[:len(path)-1]
		state[spec] = finished
		return nil
	}
	for _, spec := range sortedKeys(programs) {
		if c := visit(spec); c != nil {
			return c
		}
	}
	return nil
}
