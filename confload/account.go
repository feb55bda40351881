package confload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An owner is the value of chown= and socket_owner=; -1 leaves a part unchanged.
type owner struct {
	uid, gid int
}

var userType = valueType[*User]{
	name: "user", allowed: "the name or the number of an account",
	parse: func(l *loader, s string) (*User, error) { return l.user(s) },
	same: func(a, b *User) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.UID == b.UID
	},
}

var ownerType = valueType[owner]{
	name: "user:group", allowed: "USER or USER:GROUP, each a name or a number",
	parse: func(l *loader, s string) (owner, error) {
		name, group, hasGroup := strings.Cut(s, ":")
		u, err := l.user(name)
		if err != nil {
			return owner{-1, -1}, err
		}
		o := owner{int(u.UID), -1}
		if hasGroup {
			o.gid, err = l.gid(group)
		}
		return o, err
	},
	same: equal[owner],
}

// accountType is the type of the user of a program, which may have another group than its own. It keeps the groups the
// account is a member of, but not its own one.
var accountType = valueType[*User]{
	name: "user", allowed: "USER or USER:GROUP, each a name or a number",
	parse: func(l *loader, s string) (*User, error) {
		name, group, hasGroup := strings.Cut(s, ":")
		u, err := l.user(strings.TrimFunc(name, isSpace))
		if err != nil || !hasGroup {
			return u, err
		}
		gid, err := l.gid(strings.TrimFunc(group, isSpace))
		if err != nil {
			return nil, err
		}
		with := &User{Name: u.Name, UID: u.UID, GID: uint32(gid), Groups: []uint32{uint32(gid)}, OtherGID: true}
		for _, g := range u.Groups {
			if g != u.GID && g != with.GID {
				with.Groups = append(with.Groups, g)
			}
		}
		return with, nil
	},
	same: func(a, b *User) bool {
		return userType.same(a, b) && (a == nil || a.OtherGID == b.OtherGID && a.GID == b.GID)
	},
}

// user resolves an account by name or number. Accounts are looked up once for each load.
func (l *loader) user(s string) (*User, error) {
	if u := l.users[s]; u != nil {
		return u, nil
	}
	u, err := lookupUser(s)
	if err == nil {
		l.users[s] = u
	}
	return u, err
}

func lookupUser(s string) (*User, error) {
	var acc *user.User
	var err error
	if n, isNum := parseInt(s, 10); isNum == nil {
		if acc, err = user.LookupId(strconv.FormatInt(n, 10)); err != nil {
			return nil, errors.New("there is no account with that number")
		}
	} else if acc, err = user.Lookup(s); err != nil {
		return nil, errors.New("there is no account with that name")
	}
	uid, err := strconv.ParseUint(acc.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("its user number cannot be used: %w", err)
	}
	gid, err := strconv.ParseUint(acc.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("its group number cannot be used: %w", err)
	}
	u := &User{Name: acc.Username, UID: uint32(uid), GID: uint32(gid), Groups: []uint32{uint32(gid)}}
	ids, err := acc.GroupIds()
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // an image without /etc/group has no groups to join
		return nil, errors.New("its groups cannot be found")
	}
	for _, id := range ids {
		g, err := strconv.ParseUint(id, 10, 32)
		if err == nil && !slices.Contains(u.Groups, uint32(g)) {
			u.Groups = append(u.Groups, uint32(g))
		}
	}
	return u, nil
}

// gid resolves a group by name or number.
func (l *loader) gid(s string) (int, error) {
	if gid, ok := l.groups[s]; ok {
		return gid, nil
	}
	var g *user.Group
	var err error
	if n, isNum := parseInt(s, 10); isNum == nil {
		if g, err = user.LookupGroupId(strconv.FormatInt(n, 10)); err != nil {
			return -1, errors.New("there is no group with that number")
		}
	} else if g, err = user.LookupGroup(s); err != nil {
		return -1, errors.New("there is no group with that name")
	}
	gid, err := strconv.ParseUint(g.Gid, 10, 32)
	if err != nil {
		return -1, fmt.Errorf("its group number cannot be used: %w", err)
	}
	l.groups[s] = int(gid)
	return int(gid), nil
}

// expandUser replaces ~ and ~name at the begin of a path by a home directory. A name that has none stays as it is.
func (l *loader) expandUser(path string) (string, error) {
	if !strings.HasPrefix(path, "~") {
		return path, nil
	}
	name, rest, hasRest := strings.Cut(path[1:], "/")
	home := ""
	if name == "" {
		home = l.environ["HOME"]
		if home == "" {
			acc, err := user.LookupId(strconv.Itoa(os.Getuid()))
			if err != nil {
				return "", errors.New("the home directory is not known")
			}
			home = acc.HomeDir
		}
	} else {
		acc, err := user.Lookup(name)
		if err != nil {
			return path, nil
		}
		home = acc.HomeDir
	}
	if !hasRest {
		return home, nil
	}
	return strings.TrimRight(home, "/") + "/" + rest, nil
}

var errNoDirectory = errors.New("the directory named as part of the path does not exist")

// existingDirPath expands ~ in a path and checks that its directory exists. A bare file name is in the current one.
func (l *loader) existingDirPath(s string) (string, error) {
	path, err := l.expandUser(s)
	if err != nil {
		return "", err
	}
	if path == "" {
		return "", errors.New("it is empty")
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return path, nil
	}
	if dir := path[:i+1]; !l.isDir(dir) {
		return "", errNoDirectory
	}
	return path, nil
}

// isDir is isDir with a memory for the time of a load.
func (l *loader) isDir(path string) bool {
	is, known := l.dirs[path]
	if !known {
		is = isDir(path)
		l.dirs[path] = is
	}
	return is
}

func isDir(path string) bool {
	st, err := os.Stat(filepath.Clean(path))
	return err == nil && st.IsDir()
}
