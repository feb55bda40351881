package confload

import (
	"bufio"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// passwdFile is where login shells are found, which package user does not tell.
const passwdFile = "/etc/passwd"

// LoginEnv returns HOME, USER, LOGNAME and SHELL of an account as KEY=VALUE. nil is the account this process runs as. An
// account without a shell has /bin/sh.
func LoginEnv(u *User) ([]string, error) {
	var acc *user.User
	var err error
	switch {
	case u == nil:
		acc, err = user.LookupId(strconv.Itoa(os.Getuid()))
	case u.Name != "":
		acc, err = user.Lookup(u.Name)
	default:
		acc, err = user.LookupId(strconv.FormatUint(uint64(u.UID), 10))
	}
	if err != nil {
		return nil, fmt.Errorf("login_env=true needs the account it runs as, which could not be looked up: %w; add it to %s, name another in user=, or set login_env=false", err, passwdFile)
	}
	return []string{"HOME=" + acc.HomeDir, "USER=" + acc.Username, "LOGNAME=" + acc.Username, "SHELL=" + shellOf(passwdFile, acc.Username)}, nil
}

// shellOf is the login shell of an account. An account may be known from elsewhere than the file.
func shellOf(passwd, name string) string {
	if f, err := os.Open(passwd); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if fields := strings.Split(lines.Text(), ":"); len(fields) == 7 && fields[0] == name && fields[6] != "" {
				return fields[6]
			}
		}
	}
	return "/bin/sh"
}
