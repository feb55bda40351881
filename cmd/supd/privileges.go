package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// dropPrivileges makes us the user of [supervisord] user= and returns the line for the log, which is not open yet.
func dropPrivileges(u *confload.User) (note string, err error) {
	if u == nil || int(u.UID) == os.Getuid() {
		return "", nil
	}
	if os.Getuid() != 0 {
		return "", errors.New("only root can become another user; start supd as root or remove user= from [supervisord]")
	}
	groups := make([]int, len(u.Groups))
	for i, g := range u.Groups {
		groups[i] = int(g)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return "", fmt.Errorf("could not set the groups of user %d: %w", u.UID, err)
	}
	if err := syscall.Setgid(int(u.GID)); err != nil {
		return "", fmt.Errorf("could not set the group of user %d: %w", u.UID, err)
	}
	if err := syscall.Setuid(int(u.UID)); err != nil {
		return "", fmt.Errorf("could not become user %d: %w", u.UID, err)
	}
	return fmt.Sprintf("Set uid to user %d succeeded", u.UID), nil
}

// staysUser refuses a configuration of another user: what the one we are has opened and started could not be handed over.
func staysUser(u *confload.User) error {
	if u == nil || int(u.UID) == os.Getuid() {
		return nil
	}
	return fmt.Errorf("user= in [supervisord] names another user than the one supd runs as (uid %d); stop supd and start it again", os.Getuid())
}

// raiseLimits sees to it that minfds and minprocs are available and returns the lines for the log.
func raiseLimits(s *confload.Supervisord) (notes []string, err error) {
	for _, l := range []struct {
		resource int
		name     string
		option   string
		want     int
	}{
		{unix.RLIMIT_NOFILE, "RLIMIT_NOFILE", "minfds", s.MinFDs},
		{unix.RLIMIT_NPROC, "RLIMIT_NPROC", "minprocs", s.MinProcs},
	} {
		if l.want <= 0 {
			continue
		}
		to, changed, err := process.RaiseLimit(l.resource, uint64(l.want))
		if err != nil {
			return notes, fmt.Errorf("the limit %s cannot be raised to %d: %v; raise the hard limit of whoever starts supd, or lower %s in [supervisord]",
				l.name, l.want, err, l.option)
		}
		if changed {
			notes = append(notes, fmt.Sprintf("Increased %s limit to %d", l.name, to))
		}
	}
	return notes, nil
}

// warnRoot says that everything runs as root unless told otherwise.
func warnRoot(l hclog.Logger, s *confload.Supervisord) {
	if s.User == nil && os.Getuid() == 0 {
		logs.Critical(l, "running as root, and so do all programs without user=; set user= in [supervisord] to another user, "+
			"or to root if that is what you want")
	}
}
