package ctl

// The values the server answers with (compat.md §4.5-§4.7). Members that are not used are left out: the decoder skips
// them.

// programInfo is what getProcessInfo and getAllProcessInfo tell about a program, and its origin.
type programInfo struct {
	Name        string `xmlrpc:"name" json:"name" help:"its name in the group"`
	Group       string `xmlrpc:"group" json:"group" help:"its group"`
	Namespec    string `xmlrpc:"-" json:"namespec" help:"the program as commands take it"`
	State       int    `xmlrpc:"state" json:"statecode" help:"the number of the state"`
	StateName   string `xmlrpc:"statename" json:"state" help:"STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN"`
	Description string `xmlrpc:"description" json:"description" help:"the last column of status"`
	PID         int    `xmlrpc:"pid" json:"pid" help:"its process id, 0 when it does not run"`
	Start       int64  `xmlrpc:"start" json:"start" help:"when it last started, Unix seconds, 0 for never"`
	Stop        int64  `xmlrpc:"stop" json:"stop" help:"when it last stopped, Unix seconds, 0 for never"`
	Now         int64  `xmlrpc:"now" json:"now" help:"the time of the server, Unix seconds"`
	ExitStatus  int    `xmlrpc:"exitstatus" json:"exitstatus" help:"its last exit status"`
	SpawnErr    string `xmlrpc:"spawnerr" json:"spawnerr" help:"why it could not be started, else empty"`
	StdoutLog   string `xmlrpc:"stdout_logfile" json:"stdout_logfile" help:"where its output goes, empty for nowhere"`
	StderrLog   string `xmlrpc:"stderr_logfile" json:"stderr_logfile" help:"where its error output goes, empty for nowhere"`

	// The origin, which supd.getAllProcessOrigins tells.
	Command   string `xmlrpc:"command" json:"command" help:"its command line, empty when the server does not tell"`
	Directory string `xmlrpc:"directory" json:"directory" help:"where it is started, empty for the directory of the server"`
	IniPath   string `xmlrpc:"ini_path" json:"ini_path" help:"the configuration file with its section, empty when the server does not tell"`
	ConfFile  string `xmlrpc:"conf_file" json:"conf_file" help:"its own file, as conf_file names it"`
}

// stopped tells whether the program is in a state that status reports as a failure: STOPPED, EXITED, FATAL, UNKNOWN.
func (p *programInfo) stopped() bool {
	switch p.State {
	case 0, 100, 200, 1000:
		return true
	}
	return false
}

// configInfo is what getAllConfigInfo tells about a program.
type configInfo struct {
	Name            string `xmlrpc:"name" json:"name" help:"its name in the group"`
	Group           string `xmlrpc:"group" json:"group" help:"its group"`
	Namespec        string `xmlrpc:"-" json:"namespec" help:"the program as commands take it"`
	InUse           bool   `xmlrpc:"inuse" json:"inuse" help:"whether its group is in use"`
	Autostart       bool   `xmlrpc:"autostart" json:"autostart" help:"whether it starts by itself"`
	GroupPriority   int    `xmlrpc:"group_prio" json:"group_prio" help:"the priority of its group"`
	ProgramPriority int    `xmlrpc:"process_prio" json:"process_prio" help:"its priority in the group"`
}

// result is what a call on several programs did to one of them.
type result struct {
	Name        string    `xmlrpc:"name"`
	Group       string    `xmlrpc:"group"`
	Status      faultCode `xmlrpc:"status"`
	Description string    `xmlrpc:"description"`
}

// allPrograms asks for all programs, in the order of the server.
func (s *session) allPrograms() ([]programInfo, error) {
	var all []programInfo
	if err := s.call(&all, "getAllProcessInfo"); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Namespec = namespec{all[i].Group, all[i].Name}.String()
	}
	return all, nil
}

// allForStatus is allPrograms, for a machine with the origin of each. A server that does not tell it leaves it empty.
func (s *session) allForStatus() ([]programInfo, error) {
	all, err := s.allPrograms()
	if err != nil || s.format != formatJSON {
		return all, err
	}
	var told []programInfo
	if err := s.call(&told, "supd.getAllProcessOrigins"); err != nil {
		if codeOf(err) == faultUnknownMethod {
			err = nil
		}
		return all, err
	}
	origins := make(map[namespec]programInfo, len(told))
	for _, o := range told {
		origins[namespec{o.Group, o.Name}] = o
	}
	for i := range all {
		p := &all[i]
		o := origins[namespec{p.Group, p.Name}]
		p.Command, p.Directory, p.IniPath, p.ConfFile = o.Command, o.Directory, o.IniPath, o.ConfFile
	}
	return all, nil
}

// changes are the names of groups that reading the configuration again found to differ.
type changes struct{ added, changed, removed []string }

// reload makes the server read its configuration again; nothing is changed by that.
func (s *session) reload() (changes, error) {
	var reply [][][]string
	if err := s.call(&reply, "reloadConfig"); err != nil {
		return changes{}, err
	}
	if len(reply) != 1 || len(reply[0]) != 3 {
		return changes{}, errShape
	}
	return changes{reply[0][0], reply[0][1], reply[0][2]}, nil
}
