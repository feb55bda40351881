package server

import "github.com/gwaycc/supd/actors"

const aboutReasons topic = "Reasons and the past (supd's own)"

const recordMembers = "seq (numbers the records from 1, also over a restart), cause (the number of the record that has led to it, 0 it came from " +
	"outside or nobody knows), at (Unix seconds, a double), kind (transition, note, group, request or tree), program (whom it concerns: a process, " +
	"group:* or \"\" all), from and to (states of a transition, else \"\"), life, pid, tries (failed attempts), code and text (the reason)"

// reasonRows are the methods about what has happened, and why. They are also answered while the daemon ends.
func (s *service) reasonRows() []row {
	return []row{
		{decl: "struct why(string name)", topic: aboutReasons, own: true, always: true, faults: codes{actors.BadName}, handle: s.why,
			help: "Tells why a process is as it is: the record that says so, the one that has led to that, and so on back to the first cause.",
			returns: "a struct: namespec, statename, ready, status (what is not well, or what it says of itself), waits_for, until (when it is tried again, Unix " +
				"seconds, 0 it does not wait for a time), chain (the records, the present one first), skipped (how many before the last one were left out), " +
				"complete (the last one is the first cause, or nothing has happened; otherwise older records are not kept), begun (when a process ended by itself, how that life came " +
				"to be). Records are those of getHistory.",
			example: "p.supd.why('web')['chain'][-1]['text']"},
		{decl: "struct getHistory(int since=0, int max=1000, string name='', int wait=0)", topic: aboutReasons, own: true, always: true, handle: s.getHistory,
			help: "Gives what has happened and was decided, the oldest record first: the records after number since or, with a negative one, the last -since; at most " +
				"max (4096); those about name, which is a process, group:* for a group and its processes, or \"\" for everything. When there is none " +
				"it waits for one, up to wait seconds (60). 4096 records are kept.",
			returns: "a struct: records, next (since for the next call), missed (how many of those asked for are not kept any more). A record is a struct: " +
				recordMembers + ".",
			example: "p.supd.getHistory(-20)['records']"},
		{decl: "array getTree()", topic: aboutReasons, own: true, always: true, handle: s.getTree,
			help: "Gives all groups and processes in the order in which they are started.",
			returns: "an array of structs: name, priority, listener (it is a pool of listeners), strategy (\"\" none), auto_shutdown (\"\" none), done (it has " +
				"stopped the group), parent (the group that this one is in, \"\" none), significant, members (names of processes and group:NAME in start order; empty when no " +
				"group is in this one), gave_up, intensity (restarts allowed within period, -1 any " +
				"number), period and refill (seconds, doubles; until the oldest restart does not count any more), used, left (-1 any number), and processes: an array " +
				"of structs with name, group, namespec, priority, autostart, significant, statename, pid, start, ready, status, wanted (it is down and will be started), " +
				"waits_for, until, code and text (why it is in this state) and needs: an array of structs with program, condition, met and statename (\"\" there is no such process).",
			example: "{g['name']: g['left'] for g in p.supd.getTree() if g['strategy']}"},
		{decl: "array getLives(string name)", topic: aboutReasons, own: true, always: true, faults: codes{actors.BadName}, handle: s.getLives,
			help: "Gives the last 10 lives of a process that have ended, the last one first, and before them the present one.",
			returns: "an array of structs: number, pid (0 there was no process), start and end (Unix seconds, doubles; end is 0 for the present life), exit (how it ended, in " +
				"words), exitstatus (-1 for death by signal), signal (its number, 0 none), core (it was dumped), user and system (CPU seconds), maxrss " +
				"(KiB; no less than what supd held itself), record (the number of the record of the end), code and text (why it ended), stdout and stderr (the last 50 lines, at most 4 KiB).",
			example: "p.supd.getLives('web')[0]['exit']"},
	}
}
