package ctl

import (
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// historyLimit is how many lines of a history file are used. A file of more than twice as many is cut.
const historyLimit = 1000

// A history is the file of the lines entered in shells. Each line is added when it is entered, so that none is lost
// with a shell that is killed and several shells may share the file. It has GNU readline's form, a line on each line.
type history struct{ path string }

// load returns the last lines of the file, the oldest first.
func (h history) load() ([]string, error) {
	data, err := os.ReadFile(h.path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	for l := range strings.Lines(string(data)) {
		if l = strings.TrimRight(l, "\r\n"); l != "" && utf8.ValidString(l) {
			lines = append(lines, l)
		}
	}
	long := len(lines) > 2*historyLimit
	lines = lines[max(0, len(lines)-historyLimit):]
	if long {
		err = os.WriteFile(h.path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	return lines, err
}

// add adds a line to the file, which is made readable for its owner only.
func (h history) add(line string) error {
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// secretsIn finds what may be secret: a user name, and maybe a password, in the address of a server, and values of variables.
var secretsIn = regexp.MustCompile(`://[^/\s]*@|^set-env\b|\benvironment\s*=`)

// memorable tells whether a line belongs into a history: not when it is blank, the same as the one before, has
// what may be secret in it, or begins with a blank, by which a user says so.
func memorable(line string, before string) bool {
	return strings.TrimSpace(line) != "" && line[0] != ' ' && line[0] != '\t' && !secretsIn.MatchString(line) &&
		line != before
}
