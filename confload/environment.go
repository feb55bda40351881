package confload

import (
	"fmt"
	"strings"
)

// parsePairs reads the value of an environment= option: KEY=VALUE pairs of tokens, each followed by one token of any
// kind as separator (compat.md §1.5). The result has one KEY=VALUE for each key, in order of first appearance; the last
// value wins. Errors never show any part of the text.
func parsePairs(text string) ([]string, error) {
	tokens, err := (&lexer{text: text, isWord: isEnvWord}).all()
	if err != nil {
		return nil, err
	}
	var env []string
	at := map[string]int{} // key → index in env
	for i := 0; i < len(tokens); i += 4 {
		pair := i/4 + 1
		if i+2 >= len(tokens) || tokens[i+1] != "=" {
			return nil, fmt.Errorf("unexpected end of key/value pairs at pair %d; write KEY=\"VALUE\",KEY2=\"VALUE2\" and put "+
				"values in quotes", pair)
		}
		key := tokens[i]
		if key == "" || strings.ContainsAny(key, "=\x00") {
			return nil, fmt.Errorf("the name of pair %d is empty or contains an equals sign", pair)
		}
		if n, twice := at[key]; twice {
			env[n] = key + "=" + tokens[i+2]
			continue
		}
		at[key] = len(env)
		env = append(env, key+"="+tokens[i+2])
	}
	return env, nil
}

// isEnvWord tells which characters need no quotes in environment=: ASCII letters and digits, the accented letters of
// Latin-1, and _ / . + - ( ) :
func isEnvWord(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	case c >= 0xc0 && c <= 0xff:
		return c != '×' && c != '÷'
	}
	return strings.ContainsRune("_/.+-():", c)
}

// mergeEnv returns base overlaid by own, both with unique keys. The result must not be changed: it may share memory with
// an argument.
func mergeEnv(base, own []string) []string {
	if len(own) == 0 {
		return base
	}
	if len(base) == 0 {
		return own
	}
	at := make(map[string]int, len(base))
	out := make([]string, len(base), len(base)+len(own))
	for i, kv := range base {
		k, _, _ := strings.Cut(kv, "=")
		at[k], out[i] = i, kv
	}
	for _, kv := range own {
		k, _, _ := strings.Cut(kv, "=")
		if i, both := at[k]; both {
			out[i] = kv
			continue
		}
		out = append(out, kv)
	}
	return out
}

// envMap returns a list of KEY=VALUE as a map; the last value of a key wins.
func envMap(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			m[k] = v
		}
	}
	return m
}

// sameEnv tells whether two lists of KEY=VALUE with unique keys say the same.
func sameEnv(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	same := true
	for i := range a {
		same = same && a[i] == b[i]
	}
	if same {
		return true
	}
	m := make(map[string]bool, len(a))
	for _, kv := range a {
		m[kv] = true
	}
	for _, kv := range b {
		if !m[kv] {
			return false
		}
	}
	return true
}
