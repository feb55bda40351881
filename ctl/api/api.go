// Package api is the JSON of supd's REST interface and of its live stream: the types that servers and clients share.
//
// Times are RFC 3339, to the millisecond or better, and left out when there is none. Durations are seconds. Names of programs are
// namespecs: "name", or "group:name" where both differ.
package api

import "time"

// Role is what somebody may do. Each includes the one before.
type Role string

// The roles.
const (
	Read    Role = "read"    // look: states, logs, history, metrics, the configuration without secrets
	Operate Role = "operate" // and start, stop, restart, signal, write to the standard input and clear logs of programs
	Admin   Role = "admin"   // and change which programs there are, what they inherit, and end the daemon
)

// A Server is one supd.
type Server struct {
	Node       string    `json:"node"`       // its name among others: nodename, else the name of the host
	Identifier string    `json:"identifier"` // identifier of [supervisord]
	Version    string    `json:"version"`    // of supd
	Supervisor string    `json:"supervisor"` // version of supervisord that it is compatible with
	Pid        int       `json:"pid"`
	State      string    `json:"state"` // RUNNING, RESTARTING or SHUTDOWN
	Now        time.Time `json:"now"`
	ConfigFile string    `json:"config_file"`
	Instance   string    `json:"instance"` // another one after each start and soft restart of the daemon
	User       string    `json:"user"`     // who is asking, "" nobody knows
	Role       Role      `json:"role"`     // of who is asking
	Nodes      []string  `json:"nodes"`    // names of the other supds that this one shows
}

// A Tree is all groups and programs, in the order in which they are started.
type Tree struct {
	Version string  `json:"version"` // equal versions are equal trees, but for the budgets that refill
	Groups  []Group `json:"groups"`
}

// A Group is a group as it is now.
type Group struct {
	Name         string    `json:"name"`
	Priority     int       `json:"priority"`
	Listener     bool      `json:"listener"`                // it is a pool of event listeners
	Strategy     string    `json:"strategy,omitempty"`      // one_for_one, one_for_all, rest_for_one; "": each program restarts by itself
	AutoShutdown string    `json:"auto_shutdown,omitempty"` // never, any_significant, all_significant; "" without a strategy
	Done         bool      `json:"done"`                    // auto_shutdown has stopped it
	Parent       string    `json:"parent,omitempty"`        // the group that it is a member of
	Significant  bool      `json:"significant"`
	Members      []string  `json:"members,omitempty"` // where groups are among them: names of programs and group:NAME, in start order
	Budget       *Budget   `json:"budget,omitempty"`  // of a group with a strategy
	Programs     []Program `json:"programs"`          // left out of group events of the live stream
}

// A Budget is how the restart budget of a group stands.
type Budget struct {
	Intensity int     `json:"intensity"` // restarts that are allowed within Period; -1 any number
	Period    float64 `json:"period"`    // how long one counts, in seconds
	Used      int     `json:"used"`      // that count now
	Left      int     `json:"left"`      // before it gives up; -1 any number
	Refill    float64 `json:"refill"`    // seconds until the oldest does not count any more; 0: none counts
	GaveUp    bool    `json:"gave_up"`
}

// A Program is a program as it is now.
type Program struct {
	Name        string    `json:"name"`
	Group       string    `json:"group"`
	Namespec    string    `json:"namespec"`
	Priority    int       `json:"priority"`
	Autostart   bool      `json:"autostart"`
	Significant bool      `json:"significant"`
	State       string    `json:"state"` // STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL, UNKNOWN
	Description string    `json:"description"`
	Pid         int       `json:"pid"`               // 0: there is no process
	Life        uint64    `json:"life"`              // number of the last attempt to start it
	Start       time.Time `json:"start,omitzero"`    // of the last attempt
	Stop        time.Time `json:"stop,omitzero"`     // when a process ended last
	ExitStatus  int       `json:"exit_status"`       // of the last process, -1 death by signal
	ExitSignal  string    `json:"exit_signal"`       // SIGKILL; "" no signal
	Expected    bool      `json:"expected"`          // EXITED: the status is one of exitcodes
	SpawnError  string    `json:"spawn_error"`       // why the last attempt failed
	Ready       bool      `json:"ready"`             // RUNNING, and as ready and healthy as its configuration asks
	Unhealthy   bool      `json:"unhealthy"`         // its health check has failed too often
	Status      string    `json:"status"`            // what is not well, or what it says of itself
	WaitsFor    string    `json:"waits_for"`         // what it depends on and is not up
	Until       time.Time `json:"until,omitzero"`    // when it is tried again
	NextRun     time.Time `json:"next_run,omitzero"` // when cron starts it next
	Wanted      bool      `json:"wanted"`            // it is down and will be started without anybody asking
	Failures    int       `json:"failures"`          // failed starts in a row
	Restarts    uint64    `json:"restarts"`          // starts after the first
	Reason      Reason    `json:"reason"`            // why it is in this state
	Needs       []Need    `json:"needs,omitempty"`   // what it depends on
	Stdout      string    `json:"stdout"`            // its log: a path, memory; "" none
	Stderr      string    `json:"stderr"`            // "" none, or it goes where stdout goes
}

// A Reason says why something is as it is.
type Reason struct {
	Code string `json:"code"` // for programs: one of the words of the reference
	Text string `json:"text"` // for people
}

// A Need is one program that another one depends on.
type Need struct {
	Program   string `json:"program"`
	Condition string `json:"condition"` // running, healthy or exited
	Met       bool   `json:"met"`
	State     string `json:"state"` // "" there is no such program
}

// A Record is something that has happened or was decided.
type Record struct {
	Seq     uint64    `json:"seq"`   // numbers the records from 1, also over a soft restart
	Cause   uint64    `json:"cause"` // number of the record that has led to it; 0: it came from outside, or nobody knows
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`           // transition, note, group, request or tree
	Program string    `json:"program"`        // whom it concerns: a namespec, "group:*", "" all
	From    string    `json:"from,omitempty"` // states of a transition
	To      string    `json:"to,omitempty"`
	Life    uint64    `json:"life,omitempty"`
	Pid     int       `json:"pid,omitempty"`
	Tries   int       `json:"tries,omitempty"` // failed attempts
	Reason  Reason    `json:"reason"`
}

// A History is some of the records that are kept.
type History struct {
	Records []Record `json:"records"` // the oldest first
	Next    uint64   `json:"next"`    // since for the next call
	History string   `json:"history"` // what the numbers are of: with NEXT-HISTORY as since, records are not missed when supd was started anew
	Missed  uint64   `json:"missed"`  // how many of those asked for are not kept any more
}

// A Why says why a program is as it is.
type Why struct {
	Program  string   `json:"program"`
	State    string   `json:"state"`
	Chain    []Record `json:"chain"`    // from the present on back to the first cause
	Begun    []Record `json:"begun"`    // when a process ended by itself: how that life came to be
	Complete bool     `json:"complete"` // false: what came before is not kept any more
	Skipped  int      `json:"skipped"`  // how many records before the last one are left out of Chain
}

// A Life is one attempt to run a program.
type Life struct {
	Number     uint64    `json:"number"`
	Pid        int       `json:"pid"` // 0: there was no process
	Start      time.Time `json:"start"`
	End        time.Time `json:"end,omitzero"` // left out of the present life
	Exit       string    `json:"exit"`         // how it ended, in words
	ExitStatus int       `json:"exit_status"`  // -1: a signal ended it, or it is not known
	Signal     string    `json:"signal"`       // that ended it; "" none
	Core       bool      `json:"core"`
	User       float64   `json:"user"`    // CPU seconds
	System     float64   `json:"system"`  // CPU seconds
	MaxRSS     int64     `json:"max_rss"` // bytes
	Record     uint64    `json:"record"`  // number of the record of its end
	Reason     Reason    `json:"reason"`
	Stdout     string    `json:"stdout"` // the last lines of its output
	Stderr     string    `json:"stderr"`
}

// An Option is one option of a program as it was configured.
type Option struct {
	Name    string `json:"name"`
	Value   string `json:"value"`          // "" and Secret: it is not told
	File    string `json:"file,omitempty"` // where it is given
	Line    int    `json:"line,omitempty"`
	Default bool   `json:"default"` // the configuration does not give it
	Secret  bool   `json:"secret,omitempty"`
}

// A ProgramConfig is how a program is configured.
type ProgramConfig struct {
	Program string   `json:"program"`
	File    string   `json:"file"` // with its section
	Line    int      `json:"line"`
	Section string   `json:"section"`
	Options []Option `json:"options"`
}

// A Step is one thing that would happen.
type Step struct {
	Do      string `json:"do"`      // stop, start, wait, keep, change, add, remove, run HOOK, go to STATE, give up, finish, end or nothing
	Program string `json:"program"` // group:* a whole group
	Why     string `json:"why"`
}

// Changes are how the configuration as it is in the files differs from what is at work: names of groups, and what update would do.
type Changes struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
	Plan    []Step   `json:"plan"`
	Reload  []string `json:"reload"` // what else has changed, and comes into force with a restart of the server: a section, and an option
}

// An Updated is what an update did to a group or program.
type Updated struct {
	Group   string   `json:"group"`
	Program string   `json:"program"` // "": the whole group
	Action  string   `json:"action"`  // added, removed, replaced, restarted, started, changed or prepared
	Options []string `json:"options"` // those that have changed
	OK      bool     `json:"ok"`
	Error   string   `json:"error,omitempty"`
}

// An Action asks for something to be done to programs.
type Action struct {
	Do     string   `json:"do"`               // start, stop, restart, signal, input or clear-logs
	Names  []string `json:"names"`            // namespecs, "group:*" or "*" for all
	Signal string   `json:"signal,omitempty"` // of signal: HUP, SIGHUP or 1
	Wait   *bool    `json:"wait,omitempty"`   // until it has come into effect; nil: true
	Input  string   `json:"input,omitempty"`  // of input: what to write to the standard input
}

// A Result is what an action came to for one program.
type Result struct {
	Program string `json:"program"`
	OK      bool   `json:"ok"`
	Code    int    `json:"code"`            // 80, or the code of an XML-RPC fault
	Error   string `json:"error,omitempty"` // its text
}

// A Sample is what a program uses: its whole process group and their descendants, or its control group.
type Sample struct {
	CPU       float64 `json:"cpu"`    // percent of one processor since the sample before; 0 in the first one
	Memory    int64   `json:"memory"` // resident, bytes
	Files     int     `json:"files"`  // open descriptors; -1: they cannot be counted
	Threads   int     `json:"threads"`
	Processes int     `json:"processes"`
	Total     float64 `json:"total"` // CPU seconds in this life so far
}

// A Usage is what programs use at one moment.
type Usage struct {
	At       time.Time         `json:"at"`
	Interval float64           `json:"interval"` // seconds until the next one
	Programs map[string]Sample `json:"programs"` // those with a process, by namespec
}

// A UsageHistory is what one program has used while somebody looked, the oldest first.
type UsageHistory struct {
	Program string    `json:"program"`
	At      []float64 `json:"at"`  // Unix seconds
	CPU     []float64 `json:"cpu"` // percent of one processor
	Memory  []int64   `json:"memory"`
}

// A Node is one of several supds that are shown together.
type Node struct {
	Name    string  `json:"name"`
	Address string  `json:"address"` // "" this one
	Online  bool    `json:"online"`
	Error   string  `json:"error,omitempty"`  // why it is not
	Server  *Server `json:"server,omitempty"` // of one that is online
}

// A Load is how busy a host is.
type Load struct {
	CPU        float64 `json:"cpu"`         // percent of all processors, since it was asked for last
	Memory     int64   `json:"memory"`      // bytes that there are
	MemoryUsed int64   `json:"memory_used"` // that cannot be had
}

// A Problem is why a request was refused (RFC 9457, application/problem+json).
type Problem struct {
	Type   string `json:"type"` // about:blank, or supd:FAULT for a fault of XML-RPC
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   int    `json:"code,omitempty"` // of the XML-RPC fault
}

// An UpdateRequest says what an update is about.
type UpdateRequest struct {
	Groups []string `json:"groups"` // none: all
}
