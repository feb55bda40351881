package server

import (
	"net/http"

	"github.com/gwaycc/supd/ctl/api"
)

// What several rows say.
const (
	namesHelp = "Names are namespecs (web, or web:a where group and program differ), group:* for a group, or * for all."
	logHelp   = "Without follow the answer is text. lines gives the last lines (200), offset and length a window as the XML-RPC methods read it, " +
		"download the whole log as a file. With follow it is a stream of server-sent events: log {stream, text} begins with the last lines and goes " +
		"on with what is written, truncated {stream} says that the log was emptied or replaced, missing {stream} that there is no file yet. " +
		"The stream both is stdout and stderr in one connection, with follow only."
	passOnHelp = "The path is any other one of this interface, with its method, body and parameters; the answer is that of the node. Your role here is looked at first, then the node does what it " +
		"lets the name and password in remotes= do. One that cannot be reached, or is no supd, is status 502."
	etagHelp = "The answer has an ETag: a request with If-None-Match is answered with 304 while nothing has changed."
)

var logParams = []restParam{
	{"lines", "integer", "how many lines from the end, 200 without"},
	{"offset", "integer", "begin of a window in bytes; negative: from the end"},
	{"length", "integer", "length of the window in bytes; 0: to the end"},
	{"follow", "boolean", "a stream of events that goes on"},
	{"download", "boolean", "the whole log, as a file"},
}

// restRoutes is the table of the REST interface.
func (s *Server) restRoutes() []restRoute {
	return []restRoute{
		{method: "GET", path: "/server", role: api.Read, summary: "Tells what this supd is, and who you are to it.", answer: api.Server{},
			handle: func(c *restCall) (any, error) { return c.server.view(callerOf(c.r.Context())), nil }},
		{method: "POST", path: "/server/restart", role: api.Admin, summary: "Begins a soft restart.", status: http.StatusAccepted, answer: struct{}{},
			about:  "The configuration is read first. One that cannot be had is refused with status 422 and changes nothing.",
			handle: (*restCall).restartServer},
		{method: "POST", path: "/server/shutdown", role: api.Admin, summary: "Begins to stop all programs, and then supd.", status: http.StatusAccepted,
			answer: struct{}{}, handle: (*restCall).shutdownServer},
		{method: "POST", path: "/server/reopen-logs", role: api.Admin, summary: "Closes and opens all logs, after somebody has moved them away.",
			answer: struct{}{}, handle: (*restCall).reopenLogs},
		{method: "GET", path: "/server/log", role: api.Read, summary: "Reads or follows the main log.", about: logHelp, params: logParams,
			kind: "text/plain", streams: true, handle: (*restCall).serveMainLog},
		{method: "POST", path: "/server/clear-log", role: api.Admin, summary: "Empties the main log.", answer: struct{}{}, handle: (*restCall).clearMainLog},

		{method: "GET", path: "/tree", role: api.Read, summary: "Gives all groups and programs in start order.", answer: api.Tree{},
			about:   etagHelp + " With after and wait the answer is held back until the version is another one.",
			params:  []restParam{{"after", "string", "a version that is known already"}, {"wait", "integer", "for how many seconds at most, up to 60"}},
			example: "wait=30&after=", tagged: true, handle: (*restCall).tree},
		{method: "GET", path: "/groups", role: api.Read, summary: "Gives all groups with their programs.", about: etagHelp, answer: []api.Group{},
			tagged: true, handle: (*restCall).groups},
		{method: "GET", path: "/groups/{name}", role: api.Read, summary: "Gives one group with its programs.", answer: api.Group{},
			handle: (*restCall).group},
		{method: "GET", path: "/programs", role: api.Read, summary: "Gives all programs in start order.", about: etagHelp, answer: []api.Program{},
			tagged: true, handle: (*restCall).programs},
		{method: "GET", path: "/programs/{name}", role: api.Read, summary: "Gives one program.", answer: api.Program{},
			handle: (*restCall).oneProgram},
		{method: "GET", path: "/programs/{name}/why", role: api.Read, summary: "Tells why a program is as it is, back to the first cause.",
			answer: api.Why{}, handle: (*restCall).why},
		{method: "GET", path: "/programs/{name}/lives", role: api.Read, summary: "Gives the last lives of a program, the present one first.",
			answer: []api.Life{}, handle: (*restCall).lives},
		{method: "GET", path: "/programs/{name}/config", role: api.Read, summary: "Gives the options of a program as they are written, and the defaults.",
			about: "Values that may be secrets are not told.", answer: api.ProgramConfig{}, handle: (*restCall).programConfig},
		{method: "GET", path: "/programs/{name}/usage", role: api.Read, summary: "Gives what a program has used in the last ten minutes, as far as somebody looked.",
			answer: api.UsageHistory{}, handle: (*restCall).usageHistory},
		{method: "GET", path: "/programs/{name}/plan", role: api.Read, summary: "Tells what a stop or a death of the program would lead to. Nothing is done.",
			params: []restParam{{"do", "string", "stop or kill"}}, answer: []api.Step{}, requires: "do", example: "do=kill", handle: (*restCall).plan},
		{method: "GET", path: "/programs/{name}/logs/{stream}", role: api.Read, summary: "Reads or follows a log of a program.",
			about: "The stream is stdout, stderr or both. " + logHelp, params: logParams, kind: "text/plain", example: "lines=20", streams: true, handle: (*restCall).serveProgramLog},

		{method: "GET", path: "/events", role: api.Read, summary: "Gives what has happened and was decided, or streams it.", answer: api.History{},
			about: "With Accept: text/event-stream the answer is a stream of server-sent events: record, whose id is its number and that of the history (41-K7QX2MPA), and missed. It begins with " +
				"what comes next, with the last history records, or after the one in since or Last-Event-ID. Otherwise it is JSON: the records after since (with a negative " +
				"one the last -since), at most max, about name; when there is none it waits for one.",
			params: []restParam{{"since", "string", "number of a record, or its id in a stream, or -N"}, {"max", "integer", "at most so many, 1000 without"}, {"name", "string", "a namespec, or group:* for a group and its programs"},
				{"wait", "integer", "for how many seconds at most, up to 60"}, {"history", "integer", "of a stream: how many old records it begins with"}},
			example: "since=-20", streams: true, resumes: true, handle: (*restCall).serveEvents},
		{method: "GET", path: "/live", role: api.Read, summary: "Streams the tree as it changes.", kind: "text/event-stream",
			about: "Server-sent events: hello (a Server), tree (a Tree: first, and whenever groups or programs come or go), programs (those that have changed), groups (those " +
				"whose budget has changed, without programs), record (a Record, with an id as in /events), server (its state has changed), usage (a Usage, where asked for), missed. " +
				"With nodes=all there is remote for each of these from another node, {node, event, data}, and {node, event: offline, data: {error}} when it cannot be reached. " +
				"It ends with supd or a soft restart; clients connect again.",
			params:  []restParam{{"usage", "boolean", "with samples of what programs use"}, {"history", "integer", "how many old records it begins with"}, {"nodes", "string", "all: with those of the other nodes"}},
			resumes: true, handle: (*restCall).serveLive},

		{method: "POST", path: "/actions", role: api.Operate, summary: "Does something to programs.", body: api.Action{}, answer: []api.Result{},
			about: "do is start, stop, restart, signal, input or clear-logs. " + namesHelp + " With an unknown name nothing is done (404). Otherwise there is a result for each program that the " +
				"action concerned; without wait the answer does not wait until it has come into effect.",
			example: `{"do":"restart","names":["web:*"]}`, handle: (*restCall).act},
		{method: "GET", path: "/config", role: api.Read, summary: "Gives the options of all programs as they are written.", answer: []api.ProgramConfig{},
			handle: (*restCall).config},
		{method: "GET", path: "/config/plan", role: api.Read, summary: "Tells what an update would do with the files as they are now. Nothing is done.", answer: []api.Step{},
			handle: (*restCall).planUpdate},
		{method: "POST", path: "/config/reread", role: api.Admin, summary: "Reads the configuration and tells how it differs from what is at work. Nothing else is done.",
			answer: api.Changes{}, handle: (*restCall).reread},
		{method: "POST", path: "/config/update", role: api.Admin, summary: "Brings the configuration into effect with the smallest change.", body: api.UpdateRequest{}, answer: []api.Updated{},
			about: "groups are the groups it is about, none is all.", example: `{"groups":[]}`, handle: (*restCall).update},
		{method: "GET", path: "/usage", role: api.Read, summary: "Gives what programs use now.", answer: api.Usage{}, handle: (*restCall).usage},
		{method: "GET", path: "/nodes", role: api.Read, summary: "Tells which other supds there are (remotes=), and how it stands with them.",
			about:  "This one comes first. Each is asked now, for five seconds at most.",
			answer: []api.Node{}, handle: (*restCall).nodes},
		{method: "GET", path: "/nodes/{node}/{path...}", role: api.Read, summary: "Asks another node.", anyParams: true, kind: "application/json", about: passOnHelp, handle: (*restCall).passOn},
		{method: "POST", path: "/nodes/{node}/{path...}", role: api.Operate, summary: "Has another node do something.", anyParams: true, kind: "application/json", about: passOnHelp, handle: (*restCall).passOn},
		{method: "GET", path: "/server/load", role: api.Read, summary: "Tells the load of the host.", answer: api.Load{}, handle: (*restCall).load},
		{method: "GET", path: "/openapi.json", role: api.Read, summary: "Gives this description of the interface.", kind: "application/json", handle: (*restCall).openAPI},
	}
}
