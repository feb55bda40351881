package confload

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A valueType is one type of option: how its text is read, what is allowed, and when two values are the same.
type valueType[V any] struct {
	name    string
	allowed string
	// parse reads a text. Its error says why the text is not allowed, without repeating it; errNotAllowed when there is
	// nothing to add.
	parse func(l *loader, s string) (V, error)
	same  func(a, b V) bool
}

// errNotAllowed says nothing more than that a value is not one of those allowed.
var errNotAllowed = errors.New("")

func equal[V comparable](a, b V) bool { return a == b }

const (
	maxInt32 = math.MaxInt32
	minInt32 = math.MinInt32
)

// booleans are the words for true and false.
var booleans = map[string]bool{
	"true": true, "yes": true, "on": true, "1": true,
	"false": false, "no": false, "off": false, "0": false,
}

var boolType = valueType[bool]{
	name: "boolean", allowed: "true, yes, on, 1, false, no, off, 0",
	parse: func(_ *loader, s string) (bool, error) {
		v, ok := booleans[strings.ToLower(s)]
		if !ok {
			return false, errNotAllowed
		}
		return v, nil
	},
	same: equal[bool],
}

// intIn is the type of whole numbers from low to high.
func intIn(low, high int64) valueType[int] {
	allowed := "a whole number"
	switch {
	case low > minInt32 && high < maxInt32:
		allowed = fmt.Sprintf("a whole number from %d to %d", low, high)
	case low > minInt32:
		allowed = fmt.Sprintf("a whole number, at least %d", low)
	case high < maxInt32:
		allowed = fmt.Sprintf("a whole number, at most %d", high)
	}
	return valueType[int]{
		name: "integer", allowed: allowed,
		parse: func(_ *loader, s string) (int, error) {
			v, err := parseInt(s, 10)
			switch {
			case err != nil:
				return 0, err
			case v < low || v > high:
				return 0, fmt.Errorf("it is out of range")
			}
			return int(v), nil
		},
		same: equal[int],
	}
}

var intType = intIn(minInt32, maxInt32)

// parseInt reads a whole number as Python's int does: white space around it, a sign, single underscores between digits,
// and for base 8 the prefix 0o.
func parseInt(s string, base int) (int64, error) {
	s = strings.TrimFunc(s, isSpace)
	sign, digits := "", s
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		sign, digits = s[:1], s[1:]
	}
	if base == 8 && len(digits) > 2 && (digits[:2] == "0o" || digits[:2] == "0O") {
		if digits = digits[2:]; digits[0] == '_' {
			digits = digits[1:]
		}
	}
	if digits == "" || digits[0] == '_' || digits[len(digits)-1] == '_' || strings.Contains(digits, "__") {
		return 0, errNotAllowed
	}
	for _, c := range digits {
		if c != '_' && (c < '0' || c >= '0'+rune(base)) {
			return 0, errNotAllowed
		}
	}
	v, err := strconv.ParseInt(sign+strings.ReplaceAll(digits, "_", ""), base, 64)
	if err != nil {
		return 0, errors.New("it is out of range")
	}
	return v, nil
}

var byteType = valueType[int64]{
	name: "byte size", allowed: "a whole number, or one with KB, MB or GB after it",
	parse: func(_ *loader, s string) (int64, error) {
		unit := int64(1)
		if n := len(s) - 2; n >= 0 {
			switch strings.ToLower(s[n:]) {
			case "kb":
				s, unit = s[:n], 1<<10
			case "mb":
				s, unit = s[:n], 1<<20
			case "gb":
				s, unit = s[:n], 1<<30
			}
		}
		v, err := parseInt(s, 10)
		if err != nil {
			return 0, err
		}
		if v > math.MaxInt64/unit || v < math.MinInt64/unit {
			return 0, errors.New("it is out of range")
		}
		return v * unit, nil
	},
	same: equal[int64],
}

// parseOctal reads the permission bits of a file, setuid, setgid and sticky included.
func parseOctal(s string) (int64, error) {
	v, err := parseInt(s, 8)
	if err == nil && (v < 0 || v > 0o7777) {
		return 0, errors.New("it is out of range")
	}
	return v, err
}

const octalAllowed = "an octal number from 0 to 7777, like 022"

var umaskType = valueType[fs.FileMode]{
	name: "octal", allowed: octalAllowed,
	parse: func(_ *loader, s string) (fs.FileMode, error) {
		v, err := parseOctal(s)
		return fs.FileMode(v & 0o777), err
	},
	same: equal[fs.FileMode],
}

// modeType is the type of chmod=: as an fs.FileMode, with its own bits for setuid, setgid and sticky.
var modeType = valueType[fs.FileMode]{
	name: "octal", allowed: octalAllowed,
	parse: func(_ *loader, s string) (fs.FileMode, error) {
		v, err := parseOctal(s)
		mode := fs.FileMode(v & 0o777)
		for bit, m := range map[int64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
			if v&bit != 0 {
				mode |= m
			}
		}
		return mode, err
	},
	same: equal[fs.FileMode],
}

var textType = valueType[string]{
	name: "text", allowed: "any text",
	parse: func(_ *loader, s string) (string, error) { return s, nil },
	same:  equal[string],
}

var exitCodesType = valueType[[]int]{
	name: "list of exit codes", allowed: "numbers from 0 to 255 with commas between them, or nothing",
	parse: func(_ *loader, s string) ([]int, error) {
		if s == "" {
			return nil, nil
		}
		var out []int
		for _, part := range strings.Split(s, ",") {
			v, err := parseInt(part, 10)
			if err != nil {
				return nil, err
			}
			if v < 0 || v > 255 {
				return nil, errors.New("an exit code is out of range")
			}
			out = append(out, int(v))
		}
		return out, nil
	},
	same: slices.Equal[[]int],
}

var autorestartType = valueType[Autorestart]{
	name: "autorestart", allowed: boolType.allowed + ", unexpected",
	parse: func(l *loader, s string) (Autorestart, error) {
		if strings.EqualFold(s, "unexpected") {
			return RestartUnexpected, nil
		}
		always, err := boolType.parse(l, s)
		if always {
			return RestartAlways, err
		}
		return RestartNever, err
	},
	same: equal[Autorestart],
}

// logLevels are the levels of the main log, most important first.
var logLevels = []string{"critical", "error", "warn", "info", "debug", "trace", "blather"}

var logLevelType = valueType[string]{
	name: "log level", allowed: strings.Join(logLevels, ", "),
	parse: func(_ *loader, s string) (string, error) {
		if s = strings.ToLower(s); !slices.Contains(logLevels, s) {
			return "", errNotAllowed
		}
		return s, nil
	},
	same: equal[string],
}

// listType is the type of comma lists. Parts are trimmed; an empty text is an empty list.
var listType = valueType[[]string]{
	name: "list", allowed: "names with commas between them",
	parse: func(_ *loader, s string) ([]string, error) {
		if s == "" {
			return nil, nil
		}
		parts := strings.Split(s, ",")
		for i := range parts {
			parts[i] = strings.TrimFunc(parts[i], isSpace)
		}
		return parts, nil
	},
	same: slices.Equal[[]string],
}

var pairsType = valueType[[]string]{
	name: "list of key/value pairs", allowed: `KEY="VALUE" pairs with commas between them`,
	parse: func(_ *loader, s string) ([]string, error) { return parsePairs(s) },
	same:  sameEnv,
}

var directoryType = valueType[string]{
	name: "directory", allowed: "an existing directory",
	parse: func(l *loader, s string) (string, error) {
		path, err := l.expandUser(s)
		if err != nil {
			return "", err
		}
		if !isDir(path) {
			return "", errors.New("it is not an existing directory")
		}
		return filepath.Abs(path)
	},
	same: equal[string],
}

// filePathType is the type of files whose directory must exist; the result is absolute.
var filePathType = valueType[string]{
	name: "file path", allowed: "a file in an existing directory",
	parse: func(l *loader, s string) (string, error) {
		path, err := l.existingDirPath(s)
		if err != nil {
			return "", err
		}
		return filepath.Abs(path)
	},
	same: equal[string],
}

// socketPathType is the type of file= of a server: the directory may still be missing.
var socketPathType = valueType[string]{
	name: "file path", allowed: "the path of a socket",
	parse: func(l *loader, s string) (string, error) {
		path, err := l.expandUser(strings.TrimFunc(s, isSpace))
		if err != nil {
			return "", err
		}
		if path == "" {
			return "", errors.New("it is empty")
		}
		return filepath.Abs(path)
	},
	same: equal[string],
}

// A mainLog is the value of [supervisord] logfile.
type mainLog struct {
	path   string
	syslog bool
	extra  []LogTarget
}

var mainLogType = valueType[mainLog]{
	name: "file path",
	allowed: "a file in an existing directory, syslog, syslog @[udp:|tcp:]HOST[:PORT], or several with commas between them; " +
		"the first file outside /dev is the one that clients read",
	parse: func(l *loader, s string) (mainLog, error) {
		v, err := parseLogTargets(l, s)
		switch {
		case err != nil:
			return mainLog{}, err
		case v.kind == LogAuto || v.kind == LogMemory:
			return mainLog{}, errors.New("AUTO and memory are for programs")
		}
		return mainLog{v.path, v.syslog, v.extra}, nil
	},
	same: func(a, b mainLog) bool {
		return a.path == b.path && a.syslog == b.syslog && slices.Equal(a.extra, b.extra)
	},
}

var serverURLType = valueType[string]{
	name: "text", allowed: "AUTO or a URL",
	parse: func(_ *loader, s string) (string, error) {
		if strings.EqualFold(strings.TrimFunc(s, isSpace), "auto") {
			return "", nil
		}
		return s, nil
	},
	same: equal[string],
}

// nameType is the type of names of processes, programs and groups.
var nameType = valueType[string]{
	name: "name", allowed: "a name without spaces, colons, slashes and control characters",
	parse: func(_ *loader, s string) (string, error) {
		s = strings.TrimFunc(s, isSpace)
		for _, c := range s {
			if c == ' ' || c == ':' || c == '/' || c < 0x20 || c == 0x7f {
				return "", fmt.Errorf("invalid name because of character %s", quoted(string(c)))
			}
		}
		return s, nil
	},
	same: equal[string],
}

// optional is a type whose values may be absent.
func optional[V any](t valueType[V]) valueType[*V] {
	return valueType[*V]{
		name: t.name, allowed: t.allowed,
		parse: func(l *loader, s string) (*V, error) {
			v, err := t.parse(l, s)
			return &v, err
		},
		same: func(a, b *V) bool {
			if a == nil || b == nil {
				return a == b
			}
			return t.same(*a, *b)
		},
	}
}

// fsMode is short for the table.
type fsMode = fs.FileMode

// wordsType is the type of lists with white space between the parts.
var wordsType = valueType[[]string]{
	name: "list", allowed: "patterns of files with white space between them",
	parse: func(_ *loader, s string) ([]string, error) { return strings.FieldsFunc(s, isSpace), nil },
	same:  slices.Equal[[]string],
}

// shownPathType is the type of a file that is only shown.
var shownPathType = valueType[string]{
	name: "file path", allowed: "the path of a file",
	parse: func(l *loader, s string) (string, error) {
		if strings.ContainsAny(s, "\x00\n") {
			return "", errors.New("it is more than one line")
		}
		return historyType.parse(l, s)
	},
	same: equal[string],
}

// historyType is the type of a file the client may make; nothing is checked.
var historyType = valueType[string]{
	name: "file path", allowed: "the path of a file",
	parse: func(l *loader, s string) (string, error) {
		path, err := l.expandUser(s)
		if err != nil || path == "" {
			return "", err
		}
		return filepath.Abs(path)
	},
	same: equal[string],
}
