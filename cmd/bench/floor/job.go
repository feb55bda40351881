//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A job is what floor runs: count copies of one command.
type job struct {
	socket   string   // path of the socket XML-RPC is answered on
	address  string   // host and port where it is answered as well; "" nowhere
	argv     []string // %d in an argument becomes the copy's number
	count    int
	restart  bool   // start a copy again when it ends
	logs     string // directory of the output files; empty: output is read and thrown away
	maxBytes int64  // size at which an output file is rotated; 0: never
	backups  int    // rotated files kept
}

// readJob reads lines of the form key=value. The key arg is given once per argument.
func readJob(path string) (*job, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	j := &job{}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		var err error
		switch key {
		case "":
		case "socket":
			j.socket = value
		case "address":
			j.address = value
		case "arg":
			j.argv = append(j.argv, value)
		case "count":
			j.count, err = strconv.Atoi(value)
		case "restart":
			j.restart, err = strconv.ParseBool(value)
		case "logs":
			j.logs = value
		case "maxbytes":
			j.maxBytes, err = strconv.ParseInt(value, 10, 64)
		case "backups":
			j.backups, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("unknown key")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, key, err)
		}
	}
	if j.socket == "" || len(j.argv) == 0 || j.count < 1 {
		return nil, fmt.Errorf("%s: socket, arg and count are needed", path)
	}
	return j, nil
}

// arguments returns the command of copy number i.
func (j *job) arguments(i int) []string {
	number := strconv.Itoa(i)
	argv := make([]string, len(j.argv))
	for k, a := range j.argv {
		argv[k] = strings.ReplaceAll(a, "%d", number)
	}
	return argv
}
