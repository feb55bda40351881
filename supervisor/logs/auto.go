package logs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	autoLetters = "abcdefghijklmnopqrstuvwxyz0123456789_"
	autoLength  = 8
	autoTries   = 1000
)

// CreateAuto creates the empty log file of a program whose log file is AUTO, with mode 0600, and returns its path:
// DIR/PROCESS-CHANNEL---IDENTIFIER-XXXXXXXX.log (compat.md §7.3). channel is stdout or stderr.
func CreateAuto(dir, process, channel, identifier string) (path string, err error) {
	prefix := process + "-" + channel + "---" + identifier + "-"
	if strings.ContainsAny(prefix, "/\x00") {
		return "", fmt.Errorf("cannot create automatic log file for %q in %s: the name has a slash or a zero byte", prefix, dir)
	}
	for range autoTries {
		var suffix [autoLength]byte
		for i := range suffix {
			suffix[i] = autoLetters[rand.IntN(len(autoLetters))]
		}
		path = filepath.Join(dir, prefix+string(suffix[:])+".log")
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return path, f.Close()
	}
	return "", fmt.Errorf("cannot create automatic log file for %q in %s: all names tried are taken", prefix, dir)
}

// CleanAuto removes the automatic log files of identifier in dir, with their backups, and returns the paths of those
// removed (compat.md §2.4). Files of other identifiers stay, also of one that begins with this one and a dash. It goes
// on after an error; err joins them all. Call it only when no other daemon with this identifier can be running.
func CleanAuto(dir, identifier string) (removed []string, err error) {
	name, err := regexp.Compile(`(?s)^.+---` + regexp.QuoteMeta(identifier) + `-[A-Za-z0-9_]+\.log(?:\.?[0-9]{0,4}|\.[0-9]{1,4}\.gz|\.gz\.tmp)$`)
	if err != nil {
		return nil, fmt.Errorf("cannot clean automatic log files of %q: %w", identifier, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() || !name.MatchString(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch err := os.Remove(path); {
		case err == nil:
			removed = append(removed, path)
		case !errors.Is(err, os.ErrNotExist):
			errs = append(errs, err)
		}
	}
	return removed, errors.Join(errs...)
}
