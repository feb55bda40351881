package server

import (
	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
)

// A topic is a chapter of the reference.
type topic string

const (
	aboutDaemon   topic = "The daemon"
	aboutGroups   topic = "Configuration and groups"
	aboutControl  topic = "Starting, stopping, signalling"
	aboutState    topic = "State and configuration of programs"
	aboutLogs     topic = "Logs"
	aboutMessages topic = "Input and events"
	aboutOwn      topic = "supd's own"
)

type (
	words = []string
	codes = []actors.FaultCode
)

// What several rows return.
const (
	trueAlways    = "true."
	resultStructs = "an array of structs: name, group, status (80, or the code of a fault) and description (\"OK\", or the text of the fault). " +
		"What was settled at once comes first, in the order of the processes, then the others as they finish. " +
		"Processes the call does not concern are left out."
	strangers  = "Only for clients of a unix socket or of a server with a password; others get fault 30."
	tailResult = "an array: the text, the size of the log in bytes (the offset for the next call), and whether there is more " +
		"than length bytes behind offset, so that some were passed over."
)

// rows is the table of methods (compat.md §4.5): what is not in it is not there.
func (s *service) rows() []row {
	return []row{
		{decl: "string getAPIVersion()", aliases: words{"getVersion"}, topic: aboutDaemon, handle: s.getAPIVersion,
			help: "Gives the version of this interface, 3.0.", example: "s.getAPIVersion()"},
		{decl: "string getSupervisorVersion()", topic: aboutDaemon, handle: s.getSupervisorVersion,
			help: "Gives the version of supervisord that the daemon is compatible with.", example: "s.getSupervisorVersion()"},
		{decl: "string getIdentification()", topic: aboutDaemon, handle: s.getIdentification,
			help: "Gives the identifier of this daemon, as set by identifier= in its configuration.", example: "s.getIdentification()"},
		{decl: "struct getState()", topic: aboutDaemon, handle: s.getState,
			help:    "Gives the state of the daemon.",
			returns: "a struct: statecode and statename, 1 RUNNING. On its way to 0 RESTARTING or -1 SHUTDOWN the daemon answers fault 6 instead.",
			example: "s.getState()['statename']"},
		{decl: "int getPID()", topic: aboutDaemon, handle: s.getPID,
			help: "Gives the process id of the daemon.", example: "os.kill(s.getPID(), signal.SIGUSR2)"},
		{decl: "boolean shutdown()", role: api.Admin, topic: aboutDaemon, handle: s.shutdown, returns: trueAlways,
			help: "Begins to stop all processes and then the daemon. The answer does not wait for it.", example: "s.shutdown()"},
		{decl: "boolean restart()", role: api.Admin, topic: aboutDaemon, faults: codes{actors.CantReread}, handle: s.restart, returns: trueAlways,
			help: "Reads the configuration, begins to stop all processes, and starts anew with it. The answer does not wait for that. " +
				"A configuration that cannot be had, listeners and pidfile included, is refused and changes nothing.",
			example: "s.restart()"},

		{decl: "array reloadConfig()", topic: aboutGroups, faults: codes{actors.CantReread}, handle: s.reloadConfig,
			help:    "Reads the configuration and tells how its groups differ from those at work. It changes nothing: addProcessGroup and removeProcessGroup do.",
			returns: "[[added, changed, removed]], each an array of the names of groups, inside an array of one element.",
			example: "added, changed, removed = s.reloadConfig()[0]"},
		{decl: "boolean addProcessGroup(string name)", topic: aboutGroups, faults: codes{actors.AlreadyAdded, actors.BadName}, handle: s.addProcessGroup,
			help: "Puts a group of the configuration read last to work.", returns: trueAlways, example: "s.addProcessGroup('web')"},
		{decl: "boolean removeProcessGroup(string name)", topic: aboutGroups, faults: codes{actors.StillRunning, actors.BadName}, handle: s.removeProcessGroup,
			help: "Removes a group none of whose processes runs.", returns: trueAlways, example: "s.stopProcessGroup('web'); s.removeProcessGroup('web')"},

		{decl: "boolean startProcess(string name, boolean wait=True)", topic: aboutControl, handle: s.startProcess,
			faults:  codes{actors.BadName, actors.NoFile, actors.NotExecutable, actors.Failed, actors.AbnormalTermination, actors.SpawnError, actors.AlreadyStarted},
			help:    "Starts a process. Waits until it is RUNNING or has failed, unless wait is false. The program file is looked for before anything else, also when the process runs.",
			returns: "true; for group:* what startProcessGroup returns.",
			example: "s.startProcess('web:web_0')"},
		{decl: "array startProcessGroup(string name, boolean wait=True)", topic: aboutControl, faults: codes{actors.BadName}, handle: s.startProcessGroup,
			help:    "Starts the processes of a group that are not up, by priority. Waits until they are RUNNING or have failed, unless wait is false.",
			returns: resultStructs, example: "[r['name'] for r in s.startProcessGroup('web') if r['status'] != 80]"},
		{decl: "array startAllProcesses(boolean wait=True)", topic: aboutControl, handle: s.startAllProcesses,
			help:    "Starts all processes that are not up, by priority. Waits until they are RUNNING or have failed, unless wait is false.",
			returns: resultStructs, example: "s.startAllProcesses(False)"},
		{decl: "boolean stopProcess(string name, boolean wait=True)", topic: aboutControl, handle: s.stopProcess,
			faults: codes{actors.BadName, actors.NotRunning, actors.Failed},
			help:   "Stops a process. Waits until it has ended, unless wait is false.", returns: "true; for group:* what stopProcessGroup returns.",
			example: "s.stopProcess('web:*')"},
		{decl: "array stopProcessGroup(string name, boolean wait=True)", topic: aboutControl, faults: codes{actors.BadName}, handle: s.stopProcessGroup,
			help:    "Stops the processes of a group that are up. Waits until they have ended, unless wait is false.",
			returns: resultStructs, example: "s.stopProcessGroup('web')"},
		{decl: "array stopAllProcesses(boolean wait=True)", topic: aboutControl, handle: s.stopAllProcesses,
			help:    "Stops all processes that are up. Waits until they have ended, unless wait is false.",
			returns: resultStructs, example: "s.stopAllProcesses()"},
		{decl: "boolean signalProcess(string name, string signal)", topic: aboutControl, handle: s.signalProcess,
			faults:  codes{actors.BadName, actors.BadSignal, actors.NotRunning, actors.Failed},
			help:    "Sends a signal, given by its name or number, to a process that is STARTING, RUNNING or STOPPING; never to its process group. Signal 0 only asks whether one could be sent.",
			returns: "true; for group:* what signalProcessGroup returns.",
			example: "s.signalProcess('web:web_0', 'HUP')"},
		{decl: "array signalProcessGroup(string name, string signal)", topic: aboutControl, faults: codes{actors.BadName}, handle: s.signalProcessGroup,
			help: "Sends a signal to the processes of a group. An unknown signal is status 11 for each of them.", returns: resultStructs,
			example: "s.signalProcessGroup('web', 'USR1')"},
		{decl: "array signalAllProcesses(string signal)", topic: aboutControl, handle: s.signalAllProcesses,
			help: "Sends a signal to all processes. An unknown signal is status 11 for each of them.", returns: resultStructs,
			example: "s.signalAllProcesses('USR1')"},

		{decl: "struct getProcessInfo(string name)", topic: aboutState, faults: codes{actors.BadName}, handle: s.getProcessInfo,
			help: "Tells the state of a process.",
			returns: "a struct: name, group, description (the line of supervisorctl status), start, stop and now in Unix seconds (0 never), " +
				"state, statename, spawnerr (why the last start failed, \"\" it did not), exitstatus (-1 for death by signal), logfile and stdout_logfile (the same), " +
				"stderr_logfile (\"\" none), pid (0 none).",
			example: "s.getProcessInfo('web:web_0')['statename']"},
		{decl: "array getAllProcessInfo()", topic: aboutState, handle: s.getAllProcessInfo,
			help: "Tells the state of every process, sorted by group and name.", returns: "an array of what getProcessInfo returns.",
			example: "[p['name'] for p in s.getAllProcessInfo() if p['statename'] == 'FATAL']"},
		{decl: "array getAllConfigInfo()", topic: aboutState, handle: s.getAllConfigInfo,
			help: "Tells how every process of the configuration read last is configured, sorted by name.",
			returns: "an array of structs with the names of the options of [program:x], besides group, group_prio, process_prio and inuse (whether the group is at work). " +
				"\"none\" stands for no value, \"auto\" for a log file that is made when the group is added.",
			example: "{c['name']: c['command'] for c in s.getAllConfigInfo()}"},

		{decl: "string readLog(int offset, int length)", aliases: words{"readMainLog"}, topic: aboutLogs, faults: codes{actors.BadArguments, actors.NoFile, actors.Failed}, handle: s.readLog,
			help: "Reads a part of the daemon's own log; see Windows.", example: "print(s.readLog(-2000, 0))"},
		{decl: "boolean clearLog()", role: api.Admin, topic: aboutLogs, faults: codes{actors.NoFile, actors.Failed}, handle: s.clearLog,
			help: "Empties the daemon's own log.", returns: trueAlways, example: "s.clearLog()"},
		{decl: "string readProcessStdoutLog(string name, int offset, int length)", aliases: words{"readProcessLog"}, topic: aboutLogs,
			faults: codes{actors.BadName, actors.BadArguments, actors.NoFile, actors.Failed}, handle: s.readProcessLog(stdoutLog),
			help: "Reads a part of what a process has written to its standard output; see Windows.", example: "print(s.readProcessStdoutLog('web:web_0', -2000, 0))"},
		{decl: "string readProcessStderrLog(string name, int offset, int length)", topic: aboutLogs,
			faults: codes{actors.BadName, actors.BadArguments, actors.NoFile, actors.Failed}, handle: s.readProcessLog(stderrLog),
			help: "Reads a part of what a process has written to its standard error; see Windows.", example: "print(s.readProcessStderrLog('web:web_0', 0, 2000))"},
		{decl: "array tailProcessStdoutLog(string name, int offset, int length)", aliases: words{"tailProcessLog"}, topic: aboutLogs,
			faults: codes{actors.BadName, actors.Failed}, handle: s.tailProcessLog(stdoutLog),
			help: "Reads the end of what a process has written to its standard output, for a reader that has seen it up to offset; see Windows. " +
				"A log that is not there is empty.",
			returns: tailResult, example: "text, offset, overflow = s.tailProcessStdoutLog('web:web_0', offset, 1000)"},
		{decl: "array tailProcessStderrLog(string name, int offset, int length)", topic: aboutLogs,
			faults: codes{actors.BadName, actors.Failed}, handle: s.tailProcessLog(stderrLog),
			help: "Reads the end of what a process has written to its standard error, for a reader that has seen it up to offset; see Windows. " +
				"A log that is not there is empty.",
			returns: tailResult, example: "text, offset, overflow = s.tailProcessStderrLog('web:web_0', 0, 1000)"},
		{decl: "boolean clearProcessLogs(string name)", role: api.Operate, aliases: words{"clearProcessLog"}, topic: aboutLogs, faults: codes{actors.BadName, actors.Failed},
			handle: s.clearProcessLogs,
			help:   "Empties both logs of a process. Those of a process that does not run are left as they are.", returns: trueAlways,
			example: "s.clearProcessLogs('web:web_0')"},
		{decl: "array clearAllProcessLogs()", role: api.Operate, topic: aboutLogs, handle: s.clearAllProcessLogs,
			help: "Does for every process what clearProcessLogs does.", returns: resultStructs, example: "s.clearAllProcessLogs()"},

		{decl: "boolean sendProcessStdin(string name, string chars)", topic: aboutMessages, handle: s.sendProcessStdin,
			faults: codes{actors.BadName, actors.NoFile, actors.Failed, actors.NotRunning},
			help: "Writes a text to the standard input of a process, as UTF-8; bytes given as base64 are written as they are. " +
				"What the process does not read yet is kept for it, up to 1 MiB, and written later. More is refused as a whole with fault 30.",
			returns: trueAlways, example: `s.sendProcessStdin('shell', 'status\n')`},
		{decl: "boolean sendRemoteCommEvent(string type, string data)", topic: aboutMessages, always: true, handle: s.sendRemoteCommEvent,
			help:    "Sends an event to the listeners that have subscribed to REMOTE_COMMUNICATION. It is the only one of supervisord's methods that also works while the daemon ends.",
			returns: trueAlways, example: "s.sendRemoteCommEvent('deploy', 'version 7')"},

		{decl: "boolean reopenLogs()", topic: aboutOwn, own: true, handle: s.reopenLogs,
			help: "Closes and opens the main log and the logs of all programs, as SIGUSR2 does: after somebody has moved them away. " +
				"system.listMethods does not name it.",
			returns: trueAlways, example: "p.supd.reopenLogs()"},
		{decl: "array getAllProcessOrigins()", role: api.Read, topic: aboutOwn, own: true, handle: s.getAllProcessOrigins,
			help: "Tells where every process comes from, sorted by group and name. system.listMethods does not name it.",
			returns: "an array of structs: name, group, command, directory (\"\" none), ini_path (the configuration file with its section) and " +
				"conf_file (the option, \"\" none).",
			example: "{o['name']: o['ini_path'] for o in p.supd.getAllProcessOrigins()}"},
		{decl: "array runProgram(string name, array command, array options=[], string group='', boolean save=False, boolean wait=True)",
			topic: aboutOwn, own: true, trusted: true, faults: codes{actors.CantReread, actors.Failed}, handle: s.runProgram,
			help: "Adds a program that no file names and starts it. command are its words, as they are; options are texts NAME=VALUE, " +
				"of any option of [program:x], read as in a file, which the texts of errors call run. It makes a group of its own name, or group. " +
				"It stays until removeProgram or the end of the daemon; with save it is written to a file that [include] files reads. " + strangers,
			returns: resultStructs, example: "p.supd.runProgram('job', ['/bin/sleep', '60'], ['autorestart=false'])"},
		{decl: "boolean removeProgram(string name)", topic: aboutOwn, own: true, trusted: true, faults: codes{actors.BadName, actors.Failed}, handle: s.removeProgram,
			help: "Stops and removes a program that runProgram has added, and deletes the file it has written. A program of another file is " +
				"fault 30. " + strangers,
			returns: trueAlways, example: "p.supd.removeProgram('job')"},
		{decl: "array needsReload()", role: api.Read, topic: aboutOwn, own: true, handle: s.needsReload,
			help: "Tells what has changed in the configuration that was read last, by reloadConfig or update, and comes into force with a " +
				"soft restart only.",
			returns: "an array of texts: a section and an option, or a section that is new or gone.", example: "p.supd.needsReload()  # ['[supervisord] loglevel']"},
		{decl: "array listEnv()", topic: aboutOwn, own: true, trusted: true, handle: s.listEnv,
			help:    "Names the variables of the environment that programs inherit. " + strangers,
			returns: "an array of names, sorted.", example: "p.supd.listEnv()"},
		{decl: "string getEnv(string name)", topic: aboutOwn, own: true, trusted: true, faults: codes{actors.BadName}, handle: s.getEnv,
			help: "Gives the value of a variable of the environment that programs inherit. " + strangers, example: "p.supd.getEnv('PATH')"},
		{decl: "boolean setEnv(string name, string value)", topic: aboutOwn, own: true, trusted: true, faults: codes{actors.BadArguments}, handle: s.setEnv,
			help: "Sets a variable of the environment that programs inherit, for those that start from now on, and for %(ENV_X)s when the configuration " +
				"is read again. It lasts until the daemon ends. " + strangers,
			returns: trueAlways, example: "p.supd.setEnv('http_proxy', 'http://proxy:3128')"},
	}
}
