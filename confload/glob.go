package confload

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"
)

// glob returns the files that match a pattern of [include] files, sorted, as Python's glob does: *, ?, [abc], [a-z] and
// [!abc] within one part of the path, ** like *; a wildcard at the begin of a part does not match a dot; nothing escapes.
// A relative pattern starts at base, which is taken as it is.
func glob(base, pattern string) []string {
	paths, _ := globIn(base, pattern)
	return paths
}

// globIn is glob that also returns the directories in which something could come that matches a wildcard, and the paths that
// are missing for anything to match.
func globIn(base, pattern string) (paths, searched []string) {
	at := []string{base}
	if strings.HasPrefix(pattern, "/") {
		at = []string{"/"}
	}
	parts := strings.FieldsFunc(pattern, func(c rune) bool { return c == '/' })
	for i, part := range parts {
		var next []string
		if isWild(part) {
			searched = append(searched, at...)
		}
		for _, dir := range at {
			found := globPart(dir, part)
			if len(found) == 0 && !isWild(part) {
				searched = append(searched, filepath.Join(dir, part))
			}
			next = append(next, found...)
		}
		if i < len(parts)-1 || strings.HasSuffix(pattern, "/") {
			next = onlyDirs(next)
		}
		at = next
	}
	sort.Strings(at)
	return at, searched
}

// isWild tells whether a part of a pattern is more than a name.
func isWild(part string) bool { return strings.ContainsAny(part, "*?[") }

// absolutePattern is a pattern that means the same wherever it starts.
func absolutePattern(base, pattern string) string {
	if strings.HasPrefix(pattern, "/") {
		return pattern
	}
	return base + "/" + pattern
}

// globPart returns what matches one part of a pattern in a directory.
func globPart(dir, part string) []string {
	if !isWild(part) {
		path := filepath.Join(dir, part)
		if _, err := os.Lstat(path); err != nil {
			return nil
		}
		return []string{path}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
			continue
		}
		if matchPart(part, name) {
			out = append(out, filepath.Join(dir, name))
		}
	}
	return out
}

func onlyDirs(paths []string) []string {
	var out []string
	for _, p := range paths {
		if isDir(p) {
			out = append(out, p)
		}
	}
	return out
}

// matchPart tells whether a name matches one part of a pattern.
func matchPart(pattern, name string) bool {
	starPattern, starName := -1, 0 // where to go on after the last *
	p, n := 0, 0
	for n < len(name) {
		c, size := utf8.DecodeRuneInString(name[n:])
		if p < len(pattern) && pattern[p] == '*' {
			p++
			starPattern, starName = p, n
			continue
		}
		if p < len(pattern) {
			if next, ok := matchOne(pattern, p, c); ok {
				p, n = next, n+size
				continue
			}
		}
		if starPattern < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(name[starName:])
		starName += size
		p, n = starPattern, starName
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches c with the element of pattern at p, which is no *, and returns where the next element begins.
func matchOne(pattern string, p int, c rune) (next int, ok bool) {
	if pattern[p] == '[' {
		if end := classEnd(pattern, p); end > 0 {
			return end + 1, matchClass(pattern[p+1:end], c)
		}
	}
	r, size := utf8.DecodeRuneInString(pattern[p:])
	return p + size, r == '?' || r == c
}

// classEnd returns where the class that begins at p ends, 0 when it does not end: then [ stands for itself.
func classEnd(pattern string, p int) int {
	i := p + 1
	if i < len(pattern) && pattern[i] == '!' {
		i++
	}
	if i < len(pattern) && pattern[i] == ']' {
		i++
	}
	if i >= len(pattern) {
		return 0
	}
	if j := strings.IndexByte(pattern[i:], ']'); j >= 0 {
		return i + j
	}
	return 0
}

// matchClass matches c with what is between the brackets.
func matchClass(class string, c rune) bool {
	class, not := strings.CutPrefix(class, "!")
	rs := []rune(class)
	found := false
	for i := 0; i < len(rs); i++ {
		if i+2 < len(rs) && rs[i+1] == '-' {
			found = found || rs[i] <= c && c <= rs[i+2]
			i += 2
			continue
		}
		found = found || rs[i] == c
	}
	return found != not
}
