package confload

// ReloadOnChange tells what a change of the configuration files does.
type ReloadOnChange int

// The values of reload_on_change=.
const (
	ReloadOff    ReloadOnChange = iota
	ReloadReread                // they are read and checked, nothing changes
	ReloadUpdate                // what has changed is brought into effect
)

// Sources returns the files that a Load would read now, the main file first and whether it exists or not, and the
// directories in which a file may come that [include] would then name, some of which may be missing, or be files to come.
func (c *Config) Sources() (files, dirs []string) {
	files = []string{c.Path}
	for _, pattern := range c.Includes {
		found, searched := globIn("/", pattern)
		files, dirs = append(files, found...), append(dirs, searched...)
	}
	return files, dirs
}

// NeedsReload tells where two Configs differ in what is brought into effect by a soft restart only, as
// "[supervisord] loglevel". A section that one of them lacks is named without an option.
func NeedsReload(old, new *Config) []string {
	var out []string
	differ := func(section string, options []string) {
		for _, o := range options {
			out = append(out, "["+section+"] "+o)
		}
	}
	differ("supervisord", changedForDaemon(supervisordTable, &old.Supervisord, &new.Supervisord))
	eachPair(old.Servers, new.Servers, func(s *Server) string { return s.Section }, func(section string, a, b *Server) {
		switch {
		case a == nil || b == nil || a.Network != b.Network:
			out = append(out, "["+section+"]")
		case a.Network == "unix":
			differ(section, changedForDaemon(unixTable, a, b))
		default:
			differ(section, changedForDaemon(inetTable, a, b))
		}
	})
	eachPair(old.Accounts, new.Accounts, func(a *Account) string { return "user:" + a.Name }, func(section string, a, b *Account) {
		if a == nil || b == nil {
			out = append(out, "["+section+"]")
			return
		}
		differ(section, changedForDaemon(userTable, a, b))
	})
	eachPair(old.RPCInterfaces, new.RPCInterfaces, func(p *Plugin) string { return "rpcinterface:" + p.Name }, func(section string, a, b *Plugin) {
		if a == nil || b == nil || a.Factory != b.Factory {
			out = append(out, "["+section+"]")
		}
	})
	return out
}

// eachPair calls do for each element of both, with those of the same name together; nil: there is none.
func eachPair[T any](old, new []T, name func(*T) string, do func(name string, a, b *T)) {
	find := func(in []T, n string) *T {
		for i := range in {
			if name(&in[i]) == n {
				return &in[i]
			}
		}
		return nil
	}
	for i := range old {
		n := name(&old[i])
		do(n, &old[i], find(new, n))
	}
	for i := range new {
		if n := name(&new[i]); find(old, n) == nil {
			do(n, nil, &new[i])
		}
	}
}

// changedForDaemon returns the names of the options in which a and b differ and which the daemon reads when it begins.
func changedForDaemon[T any](t table[T], a, b *T) []string {
	var out []string
	for i := range t {
		if t[i].Effect == EffectDaemon && !t[i].same(a, b) {
			out = append(out, t[i].Name)
		}
	}
	return out
}
