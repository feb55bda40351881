package server

import (
	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
)

const updatedStructs = "an array of structs: group, name (\"\" the whole group), action (added, removed, replaced: a whole group was stopped, removed and " +
	"added anew, restarted, started: it had failed, changed: nothing was restarted, prepared: it is down and stays so), options (names of those that have " +
	"changed), status (80, or the code of a fault) and description (\"OK\", or the text of the fault)."

const planStructs = "an array of structs, in order: do (stop, start, wait, keep, change, add, remove, run HOOK, go to STATE, give up, finish, end or nothing), program " +
	"(group:* for a whole group) and why."

// updateRows are the methods that bring a configuration into effect.
func (s *service) updateRows() []row {
	return []row{
		{decl: "array update(array groups=[])", topic: aboutOwn, own: true, faults: codes{actors.CantReread}, handle: s.update,
			help: "Reads the configuration and brings it into effect with the smallest change: a program is restarted only when its own options have changed, " +
				"and one of these needs it; processes that come and go in a group concern no other one. groups are the groups it is about, none is all. " +
				"It waits for what is stopped, not for what is started to be RUNNING.",
			returns: updatedStructs, example: "[(u['group'], u['name'], u['action']) for u in p.supd.update()]"},
		{decl: "array scaleProgram(string name, int count)", topic: aboutOwn, own: true, trusted: true, faults: codes{actors.CantReread}, handle: s.scaleProgram,
			help: "Gives a program, which is called by the name of its section, count processes in the place of its numprocs, and brings its groups into effect as " +
				"update does. The number stays until numprocs says something else than now, or the daemon ends. " + strangers,
			returns: updatedStructs, example: "p.supd.scaleProgram('worker', 8)"},
		{decl: "array planUpdate(array groups=[], string file='')", role: api.Read, topic: aboutOwn, own: true, faults: codes{actors.CantReread, actors.Failed}, handle: s.planUpdate,
			help: "Tells what update would do with the configuration as it is now, or with that of another file, an absolute path, as things are now. It does nothing. " +
				"With file: " + strangers,
			returns: planStructs, example: "[(p['do'], p['program']) for p in p.supd.planUpdate()]"},
		{decl: "array planStop(string name)", role: api.Read, topic: aboutOwn, own: true, faults: codes{actors.BadName}, handle: s.planStop,
			help:    "Tells what a stop of a process, or of a group as group:*, would lead to: for those that depend on it as well. It does nothing.",
			returns: planStructs, example: "p.supd.planStop('db')"},
		{decl: "array planKill(string name)", role: api.Read, topic: aboutOwn, own: true, faults: codes{actors.BadName}, handle: s.planKill,
			help: "Tells what would follow if a process died of SIGKILL now: by its autorestart, the strategy of its group and the depends_policy of others. " +
				"It does nothing.",
			returns: planStructs, example: "p.supd.planKill('web:a')"},
	}
}
