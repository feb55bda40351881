package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/gwaycc/supd/confload/credential"
)

// runUser prints a [user:NAME] section with a new token, or for a password that is typed or read from standard input.
func runUser(name string, args []string, stdout, stderr io.Writer) int {
	var role string
	var password bool
	cmd := newTool(name, "NAME", `Prints a section [user:NAME] to put into the configuration: somebody who may use the HTTP servers of supd, and what for. It has
the hash of a new token, which is told once, on the error output; or of a password, which is asked for.

The roles: read looks, operate starts, stops and signals programs as well, admin does everything.`,
		"  "+name+" dashboard                        a token that may only look\n"+
			"  "+name+" deploy --role operate >> supervisord.conf\n"+
			"  "+name+" ann --role admin --password      a password for supervisorctl and browsers")
	cmd.Flags().StringVar(&role, "role", "read", "what the user may do, a `ROLE`: read, operate or admin")
	cmd.Flags().BoolVar(&password, "password", false, "a password instead of a token; it is read from standard input")
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) {
		switch {
		case len(rest) != 1 || rest[0] == "" || strings.ContainsAny(rest[0], ".:; \t]"):
			return exitUsage, &usageError{name + " takes the name of one user, without dots, colons and spaces: " + name + " NAME"}
		case role != "read" && role != "operate" && role != "admin":
			return exitUsage, &usageError{fmt.Sprintf("there is no role %q; allowed: read, operate, admin", role)}
		}
		option, secret := "token", rest[0]+"."+rand.Text()
		if password {
			var err error
			option = "password"
			if secret, err = askPassword(os.Stdin, stderr); err != nil {
				return exitUsage, err
			}
		}
		hash, err := credential.Hash(secret)
		if err != nil {
			return exitUsage, fmt.Errorf("the password cannot be used: %w", err)
		}
		if !password {
			fmt.Fprintf(stderr, "the token, which is not told again: %s\nuse: SUPD_TOKEN=%[1]s supd ctl …, or the header Authorization: Bearer %[1]s\n", secret)
		}
		_, err = fmt.Fprintf(stdout, // an empty line first: what it is appended to may lack its last newline
			"\n[user:%s]\n%s = %s\nrole = %s\n", rest[0], option, hash, role)
		return 0, err
	})
}

// askPassword reads a password: twice and without showing it from a terminal, else the first line.
func askPassword(in *os.File, prompt io.Writer) (string, error) {
	if term.IsTerminal(int(in.Fd())) {
		var typed [2]string
		for i, question := range []string{"Password: ", "The same again: "} {
			fmt.Fprint(prompt, question)
			b, err := term.ReadPassword(int(in.Fd()))
			fmt.Fprintln(prompt)
			if err != nil {
				return "", err
			}
			typed[i] = string(b)
		}
		switch {
		case typed[0] != typed[1]:
			return "", errors.New("the two are not the same; nothing was printed")
		case typed[0] == "":
			return "", errors.New("the password is empty; nothing was printed")
		}
		return typed[0], nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 1024)).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("there is no password on standard input (%w)", err)
	}
	return line, nil
}
