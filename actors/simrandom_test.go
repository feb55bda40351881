package actors

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A simCase is a random configuration with a random script, in pieces that can be left out one by one.
type simCase struct {
	seed uint64
	simConfig
	next  *simConfig // what "update next" reads; nil: there is nothing
	chaos []string   // what is done and how programs behave, at random times
	calm  []string   // from then on they behave, and what is done has an outcome that can be told
	until time.Duration
}

type simConfig struct {
	programs []caseProgram
	ear      bool     // there is a listener that hears of everything
	group    []string // options of the group g of the programs that are in it; nil: there is none
	inner    []string // of the group h, a member of g, for those that are in it; nil: there is none
	apart    bool     // h is no member of g
}

type caseProgram struct {
	name    string
	group   string // g or h; "" it makes its own
	options []string
	needs   []string // namespecs of earlier programs

	significant bool // if it ends for good, and its group has an auto_shutdown
}

func (p *caseProgram) isSignificant() bool {
	return p.significant && !slices.Contains(p.options, "autorestart=true")
}

func (p *caseProgram) spec() string {
	if p.group != "" {
		return p.group + ":" + p.name
	}
	return p.name
}

// config is the text of the configuration.
func (c *simConfig) config() string {
	var b strings.Builder
	b.WriteString("[supervisord]\n")
	members := map[string][]string{}
	group, inner := c.shutDown("g", c.group), c.shutDown("h", c.inner)
	shutsDown := map[string]bool{"g": slices.ContainsFunc(group, isAutoShutdown), "h": slices.ContainsFunc(inner, isAutoShutdown)}
	for _, p := range c.programs {
		fmt.Fprintf(&b, "[program:%s]\ncommand=/opt/%[1]s\n", p.name)
		for _, o := range p.options {
			b.WriteString(o + "\n")
		}
		if p.isSignificant() && shutsDown[p.group] {
			b.WriteString("significant=true\n")
		}
		if len(p.needs) > 0 {
			fmt.Fprintf(&b, "depends_on=%s\n", strings.Join(p.needs, ","))
		}
		members[p.group] = append(members[p.group], p.name)
	}
	if c.ear {
		b.WriteString("[eventlistener:ear]\ncommand=/opt/ear\nevents=EVENT\n")
	}
	outer := members["g"]
	if c.apart {
		inner = slices.DeleteFunc(slices.Clone(inner), func(o string) bool { return o == "on_give_up=escalate" })
	}
	if members := members["h"]; members != nil {
		fmt.Fprintf(&b, "[group:h]\nprograms=%s\n%s\n", strings.Join(members, ","), strings.Join(inner, "\n"))
		if !c.apart {
			outer = slices.Insert(outer, len(outer)/2, "group:h")
		}
	}
	if outer != nil {
		fmt.Fprintf(&b, "[group:g]\nprograms=%s\n%s\n", strings.Join(outer, ","), strings.Join(group, "\n"))
	}
	return b.String()
}

func isAutoShutdown(option string) bool { return strings.HasPrefix(option, "auto_shutdown=") }

// shutDown are the options of a group, without auto_shutdown when none of its programs is significant.
func (c *simConfig) shutDown(group string, options []string) []string {
	if slices.ContainsFunc(c.programs, func(p caseProgram) bool { return p.group == group && p.isSignificant() }) {
		return options
	}
	return slices.DeleteFunc(slices.Clone(options), isAutoShutdown)
}

// nextConfig is the text of the other configuration, "" when there is none.
func (c *simCase) nextConfig() string {
	if c.next == nil {
		return ""
	}
	return c.next.config()
}

func (c *simCase) script() string {
	return strings.Join(slices.Concat(c.chaos, c.calm), "\n") + "\n"
}

const (
	calmFor   = 10 * time.Minute // until everything has come to rest
	settleFor = 5 * time.Minute  // after a command
)

// randomCase makes a case up.
func randomCase(seed uint64) *simCase {
	r := rand.New(rand.NewPCG(seed, 3))
	c := &simCase{seed: seed, simConfig: simConfig{ear: r.IntN(4) == 0}}
	for i := range 1 + r.IntN(6) {
		p := caseProgram{name: fmt.Sprintf("p%d", i), options: randomOptions(r), significant: r.IntN(4) == 0}
		for _, other := range c.programs {
			if r.IntN(4) == 0 {
				p.needs = append(p.needs, other.name)
			}
		}
		c.programs = append(c.programs, p)
	}
	if len(c.programs) > 1 && r.IntN(2) == 0 {
		c.form(r)
	}
	if r.IntN(2) == 0 {
		c.next = c.changed(r)
	}
	chaos := time.Duration(30+r.IntN(270)) * time.Second
	at := func(d time.Duration, what string) string { return fmt.Sprintf("at %s %s", d, what) }
	anyTime := func() time.Duration { return time.Duration(1+r.Int64N(chaos.Milliseconds())) * time.Millisecond }
	for range 3 + r.IntN(40) {
		c.chaos = append(c.chaos, at(anyTime(), c.disturbance(r)))
	}
	if r.IntN(2) == 0 { // things that come in the middle of what others have led to
		c.chaos = append(c.chaos, fmt.Sprintf("all stops after %dms", 500+r.IntN(4000)))
		for range r.IntN(8) {
			for when, n := anyTime(), 2+r.IntN(4); n > 0 && when < chaos; n-- {
				c.chaos = append(c.chaos, at(when, c.collision(r)))
				when += time.Duration(1+r.IntN(2500)) * time.Millisecond
			}
		}
	}
	if r.IntN(20) == 0 {
		c.chaos = append(c.chaos, at(chaos/2, "shutdown"))
	}
	for _, b := range []string{"stays up", "can start", "stops after 100ms", "healthy", "ready after 200ms", "pre_start_hook succeeds", "pre_start_hook takes 50ms",
		"post_stop_hook takes 50ms", "pre_stop_hook takes 50ms"} {
		c.calm = append(c.calm, at(chaos, "all "+b))
	}
	end := chaos + calmFor
	c.calm = append(c.calm, at(end, "start all"))
	if c.next != nil {
		for _, do := range []string{[]string{"update next", "update --supervisord next", "update"}[r.IntN(3)], "start all"} {
			end += settleFor
			c.calm = append(c.calm, at(end, do))
		}
	}
	for range r.IntN(5) {
		end += settleFor
		c.calm = append(c.calm, at(end, []string{"start ", "stop ", "stop "}[r.IntN(3)]+c.one(r)))
	}
	c.calm = append(c.calm, at(end+settleFor, "shutdown"))
	c.until = end + 2*settleFor
	return c
}

// changed is another configuration, with much of this one.
func (c *simConfig) changed(r *rand.Rand) *simConfig {
	next := &simConfig{ear: c.ear, apart: r.IntN(3) == 0, group: slices.Clone(c.group), inner: slices.Clone(c.inner)}
	gone := map[string]bool{}
	for _, p := range c.programs {
		switch r.IntN(6) {
		case 0:
			if len(next.programs) > 0 {
				gone[p.spec()] = true
				continue
			}
		case 1:
			p.options = randomOptions(r)
		case 2:
			p.options = slices.Clone(p.options)
			p.options[0] = fmt.Sprintf("priority=%d", 1+r.IntN(5))
		}
		p.needs = slices.DeleteFunc(slices.Clone(p.needs), func(n string) bool { return gone[n] || r.IntN(8) == 0 })
		next.programs = append(next.programs, p)
	}
	if r.IntN(2) == 0 {
		q := caseProgram{name: "q0", options: randomOptions(r)}
		if len(c.group) > 0 {
			q.group = []string{"", "g"}[r.IntN(2)]
		}
		next.programs = slices.Insert(next.programs, r.IntN(len(next.programs)+1), q)
	}
	for _, options := range [][]string{next.group, next.inner} {
		if len(options) > 1 && r.IntN(3) == 0 {
			copy(options, groupOptions(r, true)[:len(options)-1])
		}
	}
	return next
}

// form puts some programs into a group, which often has a strategy, and some into a group in that one.
func (c *simCase) form(r *rand.Rand) {
	strategy, nested := r.IntN(3) > 0, r.IntN(2) == 0
	for i := range c.programs {
		if r.IntN(2) == 0 {
			c.programs[i].group = "g"
			if nested && r.IntN(2) == 0 {
				c.programs[i].group = "h"
			}
		}
	}
	for i := range c.programs {
		p := &c.programs[i]
		if strategy { // nobody waits for a group that may have given up
			p.needs = slices.DeleteFunc(p.needs, func(n string) bool {
				return slices.ContainsFunc(c.programs, func(p caseProgram) bool { return p.name == n && p.group != "" })
			})
		}
		for j, n := range p.needs {
			for k := range c.programs {
				if c.programs[k].name == n {
					p.needs[j] = c.programs[k].spec()
				}
			}
		}
	}
	c.group, c.inner = groupOptions(r, strategy), groupOptions(r, strategy && r.IntN(3) > 0)
	if len(c.inner) > 1 && r.IntN(2) == 0 {
		c.inner[len(c.inner)-1] = "on_give_up=escalate"
	}
}

// groupOptions makes up options of a group.
func groupOptions(r *rand.Rand, strategy bool) []string {
	o := []string{fmt.Sprintf("priority=%d", 1+r.IntN(5))}
	if strategy {
		o = append(o, "strategy="+[]string{"one_for_one", "one_for_all", "rest_for_one"}[r.IntN(3)],
			fmt.Sprintf("intensity=%d", []int{r.IntN(4), 30}[r.IntN(2)]), fmt.Sprintf("period=%d", 5+r.IntN(60)),
			"on_give_up="+[]string{"leave", "leave", "restart", "shutdown"}[r.IntN(4)])
	}
	if strategy && r.IntN(4) == 0 {
		o = slices.Insert(o, 1, "auto_shutdown="+[]string{"any_significant", "all_significant"}[r.IntN(2)])
	}
	return o
}

func randomOptions(r *rand.Rand) []string {
	o := []string{fmt.Sprintf("priority=%d", 1+r.IntN(5)), fmt.Sprintf("startsecs=%d", r.IntN(3)), fmt.Sprintf("startretries=%d", r.IntN(5)-1),
		fmt.Sprintf("stopwaitsecs=%d", 1+r.IntN(5)), "autorestart=" + []string{"true", "false", "unexpected"}[r.IntN(3)]}
	for _, maybe := range [][]string{
		{"autostart=false"}, {"restartpause=3"}, {"depends_policy=stop"}, {"depends_policy=restart"}, {"ready=notify"},
		{"ready=tcp://localhost:80"}, {"pre_start_hook=/bin/hook"}, {"post_stop_hook=/bin/hook"}, {"pre_stop_hook=/bin/hook"},
		{"watchdog_secs=4"}, {"stopsignal=INT,TERM"}, {"backoff=exponential", "backoff_jitter=0.5"},
		{"liveness_check_script=/bin/check", "liveness_check_initial_delay=1", "liveness_check_period=20", "liveness_check_failure_action=restart"},
	} {
		name := strings.Split(maybe[0], "=")[0]
		if r.IntN(7) == 0 && !slices.ContainsFunc(o, func(s string) bool { return strings.HasPrefix(s, name+"=") }) {
			o = append(o, maybe...)
		}
	}
	if r.IntN(3) == 0 && slices.ContainsFunc(o, func(s string) bool { return strings.HasPrefix(s, "ready=") }) {
		o = append(o, "ready_timeout=8", "ready_timeout_action=restart")
	}
	return o
}

// one names one program.
func (c *simCase) one(r *rand.Rand) string { return c.programs[r.IntN(len(c.programs))].spec() }

// some names a program, a group or all.
func (c *simCase) some(r *rand.Rand) string {
	switch {
	case r.IntN(8) == 0:
		return "all"
	case r.IntN(5) == 0:
		if p := c.programs[r.IntN(len(c.programs))]; p.group != "" {
			return p.group + ":*"
		}
	}
	return c.one(r)
}

// disturbance is a random command or behaviour.
func (c *simCase) disturbance(r *rand.Rand) string {
	some := c.some(r)
	after := fmt.Sprintf(" after %dms", 1+r.IntN([]int{50, 2000, 30000}[r.IntN(3)]))
	switch r.IntN(12) {
	case 0, 1:
		return "start " + some
	case 2, 3:
		return "stop " + some
	case 4, 5:
		return "kill " + some
	case 6:
		return []string{"signal TERM ", "signal HUP ", "restart ", "restart "}[r.IntN(4)] + some
	case 7:
		group, _, _ := strings.Cut(c.one(r), ":")
		do := []string{"remove " + group, "add " + group, "update", "update", "update --supervisord", "reread"}[r.IntN(6)]
		if c.next != nil && !strings.HasSuffix(do, group) && r.IntN(2) == 0 {
			do += " next"
		}
		return do
	case 8:
		return some + " exits " + []string{"0", "1"}[r.IntN(2)] + after
	case 9:
		return some + " " + []string{"fails to start", "can start", "stays up", "ignores TERM", "never ready", "healthy", "pre_start_hook fails", "pre_start_hook succeeds"}[r.IntN(8)]
	case 10:
		return some + " " + []string{"hangs", "stops", "starts", "ready", "unhealthy", "dies of SEGV"}[r.IntN(6)] + after
	}
	return some + " " + []string{"pre_start_hook", "post_stop_hook", "pre_stop_hook"}[r.IntN(3)] + " takes" + strings.TrimPrefix(after, " after")
}

// collision is something that one program, or the one of a group, is in the middle of for a while.
func (c *simCase) collision(r *rand.Rand) string {
	what := []string{"kill", "kill", "kill", "stop", "stop", "start", "restart"}[r.IntN(7)] + " " + c.one(r)
	if c.next != nil && r.IntN(6) == 0 {
		what = []string{"update", "update next"}[r.IntN(2)]
	}
	return what
}

// shrunk leaves out whatever a case fails without as well: lines of the chaos, programs, options.
func (c *simCase) shrunk(fails func(*simCase) bool) *simCase {
	for again := true; again; {
		again = false
		for size := max(1, len(c.chaos)/2); size > 0; size /= 2 {
			for i := 0; i+size <= len(c.chaos); {
				smaller := *c
				smaller.chaos = slices.Delete(slices.Clone(c.chaos), i, i+size)
				if fails(&smaller) {
					c, again = &smaller, true
					continue
				}
				i += size
			}
		}
		if smaller := *c; smaller.ear {
			if smaller.ear = false; fails(&smaller) {
				c, again = &smaller, true
			}
		}
		if smaller := *c; smaller.next != nil {
			aboutNext := func(line string) bool { return strings.HasSuffix(line, " next") }
			smaller.next = nil
			smaller.chaos, smaller.calm = slices.DeleteFunc(slices.Clone(c.chaos), aboutNext), slices.DeleteFunc(slices.Clone(c.calm), aboutNext)
			if fails(&smaller) {
				c, again = &smaller, true
			}
		}
		for i := len(c.programs) - 1; i >= 0; i-- {
			if smaller := c.without(i); smaller != nil && fails(smaller) {
				c, again = smaller, true
			}
		}
		for i := range c.programs {
			for _, option := range slices.Backward(c.programs[i].options) {
				smaller := *c
				smaller.simConfig = c.plainer(c.programs[i].name, option)
				if c.next != nil {
					next := c.next.plainer(c.programs[i].name, option)
					smaller.next = &next
				}
				if fails(&smaller) {
					c, again = &smaller, true
				}
			}
		}
	}
	return c
}

// plainer is the configuration without an option of a program.
func (c *simConfig) plainer(program, option string) simConfig {
	smaller := *c
	smaller.programs = slices.Clone(c.programs)
	for i := range smaller.programs {
		if p := &smaller.programs[i]; p.name == program {
			p.options = slices.DeleteFunc(slices.Clone(p.options), func(o string) bool { return o == option })
		}
	}
	return smaller
}

// without is the case without a program, nil when that cannot be left out. What others need of it, and what is done to it, goes too.
func (c *simCase) without(i int) *simCase {
	if len(c.programs) == 1 {
		return nil
	}
	gone, group := c.programs[i].spec(), c.programs[i].group
	smaller := *c
	smaller.simConfig = c.less(gone)
	if c.next != nil {
		next := c.next.less(gone)
		if len(next.programs) == 0 {
			return nil
		}
		smaller.next = &next
	}
	last := group != "" && !slices.ContainsFunc(smaller.programs, func(p caseProgram) bool { return p.group == group })
	concerned := func(line string) bool {
		words := strings.Fields(line)
		return slices.Contains(words, gone) || last && (slices.Contains(words, group+":*") || slices.Contains(words, group))
	}
	smaller.chaos = slices.DeleteFunc(slices.Clone(c.chaos), concerned)
	smaller.calm = slices.DeleteFunc(slices.Clone(c.calm), concerned)
	return &smaller
}

// less is the configuration without a program, which nobody needs then.
func (c *simConfig) less(gone string) simConfig {
	smaller := *c
	smaller.programs = slices.DeleteFunc(slices.Clone(c.programs), func(p caseProgram) bool { return p.spec() == gone })
	for i := range smaller.programs {
		p := &smaller.programs[i]
		p.needs = slices.DeleteFunc(slices.Clone(p.needs), func(n string) bool { return n == gone })
	}
	return smaller
}
