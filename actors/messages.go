package actors

import (
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/watch"
)

// Messages to the control actor. Each is answered with an Outcome, Results, Changes, or a *Fault. Names are namespecs
// ("group:name", or "name" where both are the same). By is who asks, for the history: "uid 0", "admin, 10.0.0.5"; "" nobody knows.
type (
	// StartProgram starts one program. With Wait the answer comes when it is RUNNING or has failed.
	StartProgram struct {
		Name string
		Wait bool
		By   string
	}
	// StopProgram stops one program. With Wait the answer comes when it is down.
	StopProgram struct {
		Name string
		Wait bool
		By   string
	}
	// SignalProgram sends a signal to the process of one program, never to its process group.
	SignalProgram struct {
		Name   string
		Signal syscall.Signal
		By     string
	}
	// SendStdin gives bytes to the standard input of one program: all of them or, with a fault, none.
	SendStdin struct {
		Name string
		Data []byte
	}
	// ClearLogs empties the log files of one program. Those of a program without a process are left as they are
	// (compat.md §4.5).
	ClearLogs struct{ Name string }
	// ManyPrograms does one thing to all programs of a group, or to all programs when All is set. The answer is Results.
	ManyPrograms struct {
		Do     Verb
		Group  string
		All    bool
		Wait   bool
		Signal syscall.Signal
		By     string
	}
	// RemoteEvent tells the observers of an event of a client, also during a shutdown.
	RemoteEvent struct{ Type, Data string }
	// Ping is answered at once, in every mood.
	Ping struct{}
	// Reread loads the configuration anew and answers Changes. It changes nothing.
	Reread struct{ By string }
	// AddGroup starts a group of the configuration read last.
	AddGroup struct {
		Name, By string
		Down     bool // its programs stay down until somebody starts them, whatever autostart says
	}
	// RemoveGroup removes a group all of whose programs are down.
	RemoveGroup struct {
		Name, By string
		cause    uint64 // number of the record of the update that does it; 0: a client asks
	}
	// Update loads the configuration anew and brings it into effect with the smallest change. The answer is []Updated.
	Update struct {
		Groups []string // only these; nil: all
		By     string
		For    string // what a client did that it is for, see WithPurpose; "" it is what the client asked for
	}
	// SetEnv sets a variable that processes inherit, from their next start on.
	SetEnv struct{ Name, Value string }
	// ShutDown stops all programs, group by group, and then the tree.
	ShutDown struct {
		Restart bool
		Why     supervisor.Reason // zero: a client asked for it
		cause   uint64
	}
	// ReopenLogs closes and opens the log files of all programs that have a process.
	ReopenLogs struct{}
)

// Verb is what ManyPrograms does.
type Verb int

// The verbs of ManyPrograms.
const (
	Start Verb = iota
	Stop
	Signal
	Clear // the log files, as ClearLogs does
)

// Outcome is the answer to a command on one program.
type Outcome struct {
	Fault     *Fault // nil: done
	Skipped   bool   // the program was not in a state the command is for (only when asked with onlyIfApt)
	Immediate bool   // decided at once, without waiting for the program
}

// Results is the answer to ManyPrograms.
type Results []Result

// done is the answer to a command that needs no other.
var done = &Outcome{}

// Messages inside the tree.
type (
	// startRequest is StartProgram on its way to the program. The program answers launched once the order of starts
	// is settled, if the sender asked for that, and an *Outcome.
	startRequest struct {
		name      string
		by        supervisor.Origin
		wait      bool
		onlyIfApt bool   // a program that is up already is skipped
		index     int    // copied into the answers
		quiet     bool   // only launched is wanted
		unwanted  uint64 // by its group: number of the last memberUnwanted that the group knows of
		cause     uint64 // number of the record it comes from; 0: there is none yet
		client    string // who asked, when there is none yet; "" nobody knows
	}
	stopRequest struct {
		name      string
		by        supervisor.Origin
		wait      bool
		onlyIfApt bool
		index     int
		quiet     bool   // no answer is wanted
		cause     uint64 // as in startRequest
		client    string
	}
	signalRequest struct {
		name      string
		signal    syscall.Signal
		onlyIfApt bool
		index     int
		cause     uint64 // as in startRequest
		client    string
	}
	stdinRequest struct {
		name string
		data []byte
	}
	clearRequest struct {
		name  string
		index int
	}
	holdRequest struct{} // nothing may start any more
	// launched says that the process of a start stands in the queue of the spawner, or that there will be none.
	launched struct{ index int }
	// runLaunched is launched as the run tells it to its program, with where the output of this life goes.
	runLaunched struct {
		life  uint64
		sinks [2]logs.Sink // stdout, stderr; nil where there is none
	}
	// indexed is an Outcome for a session, which asked with an index.
	indexed struct {
		index   int
		outcome *Outcome
	}

	// launch tells a run to start the process of a life, with these options.
	launch struct {
		life    uint64
		entry   *entry
		program *confload.Program
		files   logFiles
		socket  *sharedSocket // nil: it gets a pipe
	}
	// processStarted and startFailed come from the spawner's goroutine, by way of the run.
	processStarted struct {
		life uint64
		proc osProcess
	}
	startFailed struct {
		life uint64
		err  error
	}
	processExited struct {
		life uint64
		exit process.Exit
	}
	timerFired struct {
		life  uint64
		timer supervisor.Timer
		seq   uint64 // which arming of the timer
	}
	// announced says that the process of a life has said something of itself.
	announced struct {
		life uint64
		by   *announcer
	}
	// checkDue tells a checker that it is time, checkEnded that its check has ended.
	checkDue   struct{ turn *turn }
	checkEnded struct {
		turn  *turn
		bytes int64 // of a check aboutMemory
		err   error // nil: all is well
	}
	// checked brings the answer of a check to the program.
	checked struct {
		life  uint64
		about topic
		bytes int64
		err   error
	}
	// filesChanged says that files of a program have changed; watching is what it watches.
	filesChanged struct {
		watching *watching
		trigger  supervisor.Trigger
		change   watch.Change
	}
	cronDue    struct{ at time.Time } // the time has come that cron= names
	stopReport struct{ life uint64 }  // time to log once more that somebody waits for a stop

	// launchAll asks a group to start its programs with autostart; the answer is groupLaunched.
	launchAll struct{ cause uint64 }
	// A group asks the same of a group that is its member, and gets the answer.
	groupLaunched struct{ name string }
	// startMembers and stopMembers ask a group that is a member to be up or down as a whole; the answer is a memberStands.
	startMembers struct{ memberOrder }
	stopMembers  struct{ memberOrder }
	memberOrder  struct {
		number   uint64 // they grow
		declined uint64 // what is known of memberStands.declined
		by       string // the group that asks
		why      supervisor.Reason
		cause    uint64
	}
	// memberStands says how a group that is a member stands; tellStanding asks for that.
	memberStands struct {
		group    string
		fact     supervisor.Fact
		wanted   bool
		again    bool   // the fact is the one that was told last, and no answer to an order
		order    uint64 // number of the last order it has got
		declined uint64 // number of the last time that nobody in it was wanted up any more
		gone     bool   // it has ended
		cause    uint64
	}
	tellStanding struct{}
	// stopGroup asks a group to stop all its programs, last one first; the answer is groupDown.
	// With only, it is these programs.
	stopGroup struct {
		by    supervisor.Origin
		only  []*entry
		cause uint64
	}
	groupDown struct{ name string }
	// configure gives a program other options. escalate: its group decides about its failures.
	configure struct {
		program  *confload.Program
		escalate bool
		cause    uint64 // number of the record of the update; 0 it is none
	}
	// relink asks root to connect programs with what they need by the configuration read last; the answer is an *Outcome.
	relink struct{ cause uint64 }
	// changeGroup asks root to have a group become what a configuration says; the answer is an *Outcome or *Fault.
	changeGroup struct {
		config *confload.Group
		cause  uint64
	}
	// regroup asks a group, by way of control, to become another one when those who go have ended; the answer is regrouped.
	regroup struct {
		group *actor.PID
		next  *groupEntry
		gone  []*entry
		cause uint64
	}
	regrouped struct {
		next  *groupEntry
		cause uint64
	}
	// retire asks a group, by way of control, to end when the requests that were routed to it are answered.
	retire struct{ group *actor.PID }
	// leave asks a program to end when it is down, which it is unless a start was on its way when it was removed.
	leave          struct{}
	needsMoved     struct{ cause uint64 } // something that the program depends on has changed
	programChanged struct {
		entry   *entry
		state   supervisor.State
		settled bool   // it is RUNNING, and those after it in a group need not wait for it
		failed  bool   // it is up to the group what becomes of it
		over    bool   // it is down and nothing is done for it any more; its snapshot may be ahead of what was told of it
		cause   uint64 // number of the record of the change
	}
	cleanedUp struct{ entry *entry } // its post_stop_hook has ended
	// memberUnwanted: somebody other than the group wants it down, and it may be down.
	memberUnwanted struct {
		entry  *entry
		number uint64 // how many there were, of this program
		cause  uint64 // number of the record of that; 0 none
	}
	beginAnew    struct{ gaveUps uint64 } // the pause of a group is over that gave up for this time
	configLoaded struct {
		config *confload.Config
		err    error
	}
	// socketsTried says whether the sockets of a group that is to be added can be had.
	socketsTried struct {
		group *confload.Group
		asker asker
		err   error
	}
	// happened brings an event to the event center.
	happened struct {
		event events.Event
		delivery
	}
	// groupAdded and groupRemoved come in the order in which groups came and went.
	groupAdded   struct{ entry *groupEntry }
	groupRemoved struct{ name string }
	// listenerID names one life of one process of a pool.
	listenerID struct {
		pool  string
		index int // among the programs of the group
		name  string
		life  uint64
	}
	listenerStarted struct {
		listenerID
		proc osProcess
	}
	listenerChanged struct {
		listenerID
		to listenerChange
	}
	// listenerSaid brings what a listener has written. text is good until the message was taken.
	listenerSaid struct {
		listenerID
		text []byte
		delivery
	}
	tickDue struct{}
	// poolRested: the rest of a pool that a number stands for is over.
	poolRested struct {
		pool   string
		number uint64
	}
	waitingReport struct{}
	// awaitReady asks root for the PID of control, once all groups of the first configuration are made.
	awaitReady struct{}
	// groupReady says that the programs of a group can be asked.
	groupReady struct{ entry *groupEntry }
)

// listenerChange is what the event center must know of a listener's process.
type listenerChange int

const (
	listenerRunning listenerChange = iota
	listenerNotRunning
	listenerGone
)

// Change is one transition of one program, as observers see it.
type Change struct {
	Program  *confload.Program
	From, To supervisor.State
	Pid      int
	Tries    int
	Expected bool
	Reason   supervisor.Reason
	At       time.Time
}
