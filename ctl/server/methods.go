package server

import (
	"context"
	"errors"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// service carries out the methods of one RPC interface.
type service struct {
	tree    Tree
	daemon  Daemon
	version string
	now     func() time.Time
}

// apiVersion is the version of the interface itself (compat.md §4.5).
const apiVersion = "3.0"

// A row is one method of the interface, named without its namespace.
type row struct {
	name      string
	aliases   []string
	signature []string // type words: of the result, then of each parameter
	optional  int      // how many parameters at the end may be left out
	always    bool     // also while the daemon shuts down or restarts
	help      string
	handle    xmlrpc.Handler
}

type words = []string

// rows is the table of methods (compat.md §4.5): what is not in it is not there.
func (s *service) rows() []row {
	return []row{
		{name: "getAPIVersion", aliases: words{"getVersion"}, signature: words{"string"}, handle: s.getAPIVersion,
			help: "Gives the version of this interface."},
		{name: "getSupervisorVersion", signature: words{"string"}, handle: s.getSupervisorVersion,
			help: "Gives the version of supervisord that the daemon is compatible with."},
		{name: "getIdentification", signature: words{"string"}, handle: s.getIdentification,
			help: "Gives the identifier of this daemon, as set by identifier= in its configuration."},
		{name: "getState", signature: words{"struct"}, handle: s.getState,
			help: "Gives the state of the daemon as statecode and statename: 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN."},
		{name: "getPID", signature: words{"int"}, handle: s.getPID,
			help: "Gives the process id of the daemon."},
		{name: "shutdown", signature: words{"boolean"}, handle: s.shutdown,
			help: "Begins to stop all processes and then the daemon. The answer does not wait for it."},
		{name: "restart", signature: words{"boolean"}, handle: s.restart,
			help: "Reads the configuration, begins to stop all processes, and starts anew with it. The answer does not wait for that. " +
				"A configuration that cannot be used is fault 92 and changes nothing."},
		{name: "reloadConfig", signature: words{"array"}, handle: s.reloadConfig,
			help: "Reads the configuration and changes nothing yet. Gives [[added, changed, removed]], each a list of group names."},
		{name: "addProcessGroup", signature: words{"boolean", "string"}, handle: s.addProcessGroup,
			help: "Puts a group of the configuration read last to work."},
		{name: "removeProcessGroup", signature: words{"boolean", "string"}, handle: s.removeProcessGroup,
			help: "Removes a group none of whose processes runs."},
		{name: "startProcess", signature: words{"boolean", "string", "boolean"}, optional: 1, handle: s.startProcess,
			help: "Starts a process, or all of a group for group:*. Waits until it is up unless the second parameter is false."},
		{name: "startProcessGroup", signature: words{"array", "string", "boolean"}, optional: 1, handle: s.startProcessGroup,
			help: "Starts the processes of a group that do not run, and gives the outcome for each. " +
				"Waits until they are up unless the second parameter is false."},
		{name: "startAllProcesses", signature: words{"array", "boolean"}, optional: 1, handle: s.startAllProcesses,
			help: "Starts all processes that do not run, and gives the outcome for each. " +
				"Waits until they are up unless the parameter is false."},
		{name: "stopProcess", signature: words{"boolean", "string", "boolean"}, optional: 1, handle: s.stopProcess,
			help: "Stops a process, or all of a group for group:*. Waits until it has ended unless the second parameter is false."},
		{name: "stopProcessGroup", signature: words{"array", "string", "boolean"}, optional: 1, handle: s.stopProcessGroup,
			help: "Stops the processes of a group that run, and gives the outcome for each. " +
				"Waits until they have ended unless the second parameter is false."},
		{name: "stopAllProcesses", signature: words{"array", "boolean"}, optional: 1, handle: s.stopAllProcesses,
			help: "Stops all processes that run, and gives the outcome for each. " +
				"Waits until they have ended unless the parameter is false."},
		{name: "signalProcess", signature: words{"boolean", "string", "string"}, handle: s.signalProcess,
			help: "Sends a signal, given by its name or number, to a process, or to all of a group for group:*."},
		{name: "signalProcessGroup", signature: words{"array", "string", "string"}, handle: s.signalProcessGroup,
			help: "Sends a signal, given by its name or number, to the processes of a group, and gives the outcome for each."},
		{name: "signalAllProcesses", signature: words{"array", "string"}, handle: s.signalAllProcesses,
			help: "Sends a signal, given by its name or number, to all processes, and gives the outcome for each."},
		{name: "getProcessInfo", signature: words{"struct", "string"}, handle: s.getProcessInfo,
			help: "Tells the state of a process."},
		{name: "getAllProcessInfo", signature: words{"array"}, handle: s.getAllProcessInfo,
			help: "Tells the state of every process."},
		{name: "getAllConfigInfo", signature: words{"array"}, handle: s.getAllConfigInfo,
			help: "Tells how every process of the configuration read last is configured."},
	}
}

// methods returns the rows as methods of a namespace.
func (s *service) methods(namespace string) []xmlrpc.Method {
	var list []xmlrpc.Method
	for _, r := range s.rows() {
		m := xmlrpc.Method{Name: namespace + "." + r.name, Signature: r.signature, Optional: r.optional, Help: r.help,
			Handle: s.guard(r)}
		for _, a := range r.aliases {
			m.Aliases = append(m.Aliases, namespace+"."+a)
		}
		list = append(list, m)
	}
	return list
}

// guard has a method refused while the daemon is not RUNNING (compat.md §4.3), and puts its errors on the wire.
func (s *service) guard(r row) xmlrpc.Handler {
	return func(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
		if code, _ := s.daemon.State(); code < 1 && !r.always {
			return nil, wireError(&actors.Fault{Code: actors.ShutdownState})
		}
		out, err := r.handle(ctx, dst, args)
		if err != nil {
			return nil, wireError(err)
		}
		return out, nil
	}
}

// wireError turns a fault of the tree into one of XML-RPC.
func wireError(err error) error {
	var f *actors.Fault
	if errors.As(err, &f) {
		return &xmlrpc.Fault{Code: int(f.Code), Text: f.Error()}
	}
	return err
}

// textArg returns an argument that must be a string.
func textArg(v *xmlrpc.Value) (string, error) {
	if s, ok := v.AsText(); ok {
		return s, nil
	}
	return "", &actors.Fault{Code: actors.IncorrectParameters}
}

// waitArg returns the optional argument that says whether to wait. supervisord takes any type for it.
func waitArg(args []xmlrpc.Value, i int) bool { return len(args) <= i || args[i].Truth() }
