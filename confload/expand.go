package confload

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Names says which %(NAME) an option knows. Every option knows %(ENV_X)s.
type Names uint8

// The sets of names.
const (
	NameHere        Names = 1 << iota // here: directory of the file the value stands in
	NameHost                          // host_node_name
	NameProgram                       // program_name
	NameGroup                         // group_name
	NameProcess                       // process_num, numprocs: the option is read once for each process
	namesPerSection = NameHere | NameHost | NameProgram | NameGroup
	namesPerProcess = namesPerSection | NameProcess
)

// maxExpanded bounds the length of an expanded value, in bytes.
const maxExpanded = 1 << 20

// maxWidth bounds the width and the precision of a conversion.
const maxWidth = 4096

// A scope holds what %(NAME) can stand for.
type scope struct {
	names   Names
	here    string
	host    string
	program string
	group   string
	num     int
	procs   int
	env     []map[string]string // ENV_ names without the prefix; later maps win
	dollar  bool                // $NAME and ${NAME} stand for %(ENV_NAME)s, see expand_env
}

// A value is an expanded text. Shown is the same with the ENV_ names left as they stand, so that it can be told.
type value struct {
	text  string
	shown string
}

// lookup returns what name stands for: a text or a number.
func (s *scope) lookup(name string) (text string, num int, isNum, ok bool) {
	has := func(n Names) bool { return s.names&n != 0 }
	if key, isEnv := strings.CutPrefix(name, "ENV_"); isEnv {
		for i := len(s.env) - 1; i >= 0; i-- {
			if v, ok := s.env[i][key]; ok {
				return v, 0, false, true
			}
		}
		return "", 0, false, false
	}
	switch name {
	case "here":
		return s.here, 0, false, has(NameHere)
	case "host_node_name":
		return s.host, 0, false, has(NameHost)
	case "program_name":
		return s.program, 0, false, has(NameProgram)
	case "group_name":
		return s.group, 0, false, has(NameGroup)
	case "process_num":
		return "", s.num, true, has(NameProcess)
	case "numprocs":
		return "", s.procs, true, has(NameProcess)
	}
	return "", 0, false, false
}

// available returns all names, sorted.
func (s *scope) available() []string {
	var out []string
	for _, name := range []string{"here", "host_node_name", "program_name", "group_name", "process_num", "numprocs"} {
		if _, _, _, ok := s.lookup(name); ok {
			out = append(out, name)
		}
	}
	seen := map[string]bool{}
	for _, m := range s.env {
		for k := range m {
			if !seen[k] {
				seen[k] = true
				out = append(out, "ENV_"+k)
			}
		}
	}
	sort.Strings(out)
	return out
}

// An unknownName is the error of expand for a name the scope does not have.
type unknownName struct {
	name   string
	dollar bool // it was written $NAME
}

func (e *unknownName) Error() string { return "unknown name " + quoted(e.name) }

// expand replaces %(NAME)CONVERSION and %%, and with dollar $NAME, ${NAME} and $$, in format. It does so in one pass: what a
// name stands for is not expanded again. The errors are *unknownName and others for a bad format.
func (s *scope) expand(format string) (value, error) {
	signs := "%"
	if s.dollar {
		signs = "%$"
	}
	if !strings.ContainsAny(format, signs) {
		return value{format, format}, nil
	}
	var text, shown strings.Builder
	for rest := format; rest != ""; {
		i := strings.IndexAny(rest, signs)
		if i < 0 {
			i = len(rest)
		}
		text.WriteString(rest[:i])
		shown.WriteString(rest[:i])
		if rest = rest[i:]; rest == "" {
			break
		}
		one := s.expandPercent
		if rest[0] == '$' {
			one = s.expandDollar
		}
		v, n, err := one(rest)
		if err != nil {
			return value{}, err
		}
		text.WriteString(v.text)
		shown.WriteString(v.shown)
		if text.Len() > maxExpanded {
			return value{}, fmt.Errorf("the result is longer than %d bytes", maxExpanded)
		}
		rest = rest[n:]
	}
	return value{text.String(), shown.String()}, nil
}

// expandPercent expands the conversion at the begin of s, which is a %, and returns its length.
func (s *scope) expandPercent(format string) (value, int, error) {
	c, n, err := parseConversion(format)
	switch {
	case err != nil:
		return value{}, 0, err
	case c.percent:
		return value{"%", "%"}, n, nil
	}
	t, err := s.convert(&c)
	if strings.HasPrefix(c.name, "ENV_") {
		return value{t, format[:n]}, n, err
	}
	return value{t, t}, n, err
}

// expandDollar expands what the $ at the begin of format begins, and returns its length: $NAME, ${NAME} or $$. Before
// anything else a $ is a $.
func (s *scope) expandDollar(format string) (value, int, error) {
	name, n := variableName(format[1:]), 1
	switch {
	case strings.HasPrefix(format, "$$"):
		return value{"$", "$"}, 2, nil
	case strings.HasPrefix(format, "${"):
		if name = variableName(format[2:]); name == "" || !strings.HasPrefix(format[2+len(name):], "}") {
			return value{}, 0, fmt.Errorf("after ${ the name of a variable and } must follow; write $${ for the characters themselves")
		}
		n = 3
	case name == "":
		return value{"$", "$"}, 1, nil
	}
	n += len(name)
	text, _, _, ok := s.lookup("ENV_" + name)
	if !ok {
		return value{}, 0, &unknownName{name, true}
	}
	return value{text, format[:n]}, n, nil
}

// variableName is the longest name of an environment variable at the begin of s: letters, digits and _, no digit first.
func variableName(s string) string {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return s[:i]
		}
	}
	return s
}

// A conversion is one parsed %(NAME)<flags><width>.<precision><verb>.
type conversion struct {
	name                           string
	named                          bool
	percent                        bool // %%
	left, zero, plus, space, sharp bool
	width                          int
	precision                      int // -1: none
	verb                           rune
}

// parseConversion parses the conversion at the begin of s, which is a %, and returns its length.
func parseConversion(s string) (c conversion, n int, err error) {
	c.precision = -1
	if strings.HasPrefix(s, "%%") {
		c.percent = true
		return c, 2, nil
	}
	i := 1
	if i < len(s) && s[i] == '(' {
		depth, start := 1, i+1
		for i++; i < len(s) && depth > 0; i++ {
			switch s[i] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		if depth > 0 {
			return c, 0, fmt.Errorf("incomplete format key")
		}
		c.name, c.named = s[start:i-1], true
	}
	for ; i < len(s) && strings.IndexByte("-0+ #", s[i]) >= 0; i++ {
		switch s[i] {
		case '-':
			c.left = true
		case '0':
			c.zero = true
		case '+':
			c.plus = true
		case ' ':
			c.space = true
		case '#':
			c.sharp = true
		}
	}
	number := func() (int, error) {
		start := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		if i == start {
			return 0, nil
		}
		v, err := strconv.Atoi(s[start:i])
		if err != nil || v > maxWidth {
			return 0, fmt.Errorf("width or precision above %d", maxWidth)
		}
		return v, nil
	}
	if c.width, err = number(); err != nil {
		return c, 0, err
	}
	if i < len(s) && s[i] == '.' {
		i++
		if c.precision, err = number(); err != nil {
			return c, 0, err
		}
	}
	if i < len(s) && strings.IndexByte("hlL", s[i]) >= 0 {
		i++
	}
	if i >= len(s) {
		return c, 0, fmt.Errorf("incomplete format; write %%%% for a percent sign")
	}
	verb, size := utf8.DecodeRuneInString(s[i:])
	c.verb = verb
	if !c.named {
		return c, 0, fmt.Errorf("%s names nothing; write %%(NAME)s, or %%%% for a percent sign", quoted(s[:i+size]))
	}
	return c, i + size, nil
}

// convert formats what a conversion names.
func (s *scope) convert(c *conversion) (string, error) {
	text, num, isNum, ok := s.lookup(c.name)
	switch {
	case !ok:
		return "", &unknownName{name: c.name}
	case c.verb == 's' && isNum:
		return c.padText(strconv.Itoa(num)), nil
	case c.verb == 's':
		return c.padText(text), nil
	case strings.ContainsRune("diuoxX", c.verb) && isNum:
		return c.formatInt(num), nil
	case strings.ContainsRune("diuoxX", c.verb):
		return "", fmt.Errorf("%s is a text, its conversion must be s", quoted(c.name))
	}
	return "", fmt.Errorf("unsupported conversion %s of %s; known are s, and d, x, X and o for numbers", quoted(string(c.verb)), quoted(c.name))
}

// padText applies precision and width, counted in characters.
func (c *conversion) padText(s string) string {
	if c.precision >= 0 {
		n := 0
		for i := range s {
			if n == c.precision {
				s = s[:i]
				break
			}
			n++
		}
	}
	pad := c.width - utf8.RuneCountInString(s)
	switch {
	case pad <= 0:
		return s
	case c.left:
		return s + strings.Repeat(" ", pad)
	}
	return strings.Repeat(" ", pad) + s
}

// formatInt formats a number as Python's % does.
func (c *conversion) formatInt(v int) string {
	sign, prefix := "", ""
	switch {
	case v < 0:
		sign, v = "-", -v
	case c.plus:
		sign = "+"
	case c.space:
		sign = " "
	}
	base := 10
	switch c.verb {
	case 'o':
		base, prefix = 8, "0o"
	case 'x':
		base, prefix = 16, "0x"
	case 'X':
		base, prefix = 16, "0X"
	}
	if !c.sharp {
		prefix = ""
	}
	digits := strconv.FormatInt(int64(v), base)
	if c.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if n := c.precision - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	pad := c.width - len(sign) - len(prefix) - len(digits)
	switch {
	case pad <= 0:
		return sign + prefix + digits
	case c.left:
		return sign + prefix + digits + strings.Repeat(" ", pad)
	case c.zero:
		return sign + prefix + strings.Repeat("0", pad) + digits
	}
	return strings.Repeat(" ", pad) + sign + prefix + digits
}
