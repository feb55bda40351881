package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor"
)

// A metric is a row of the table of metrics: what /metrics shows and what the reference says both come from it.
type metric struct {
	name   string
	kind   metricKind
	labels []string
	help   string
	about  topic
	each   func(s *scrape, add addFunc) // nil: the exporter keeps it
	ofTime bool                         // it has other values each time, and is missing where nothing happens
}

// metricKind is the type of a metric.
type metricKind string

const (
	counter   metricKind = "counter"
	gauge     metricKind = "gauge"
	histogram metricKind = "histogram"
)

// addFunc gives a value of a metric. labels are in the order of the metric's.
type addFunc func(value float64, labels ...string)

// A scrape is what one answer is made from.
type scrape struct {
	actors.Metrics
	server *Server
	usage  *api.Usage
	now    time.Time
}

// The chapters of the reference.
const (
	aboutCompatible topic = "Programs, under the names of other supervisors"
	aboutPrograms   topic = "Programs"
	aboutTree       topic = "Groups, listeners and logs"
	aboutServer     topic = "The daemon and its interface"
)

var programLabels = []string{"name", "group"}

// What the server counts itself, as it happens.
var (
	requestsMetric = metric{name: "supd_http_requests_total", kind: counter, labels: []string{"code"}, about: aboutServer,
		help: "HTTP requests that were answered, by status; 401 is a password that was wrong or missing."}
	callsMetric = metric{name: "supd_api_request_duration_seconds", kind: histogram, labels: []string{"method"}, about: aboutServer,
		help: "Time of XML-RPC calls by method, and of requests below /api/v1 by method and path, streams of events excepted, whatever they came to; those that wait " +
			"for a program take as long as it does. A multicall counts as one call, methods that do not exist are called unknown."}
)

// callBuckets are the upper bounds of the histogram, in seconds: from a look at the table to a stop that waits.
var callBuckets = []float64{.0001, .001, .01, .1, 1, 10, 60}

// metrics is the table of metrics, besides those of the Go runtime and of the process.
var metrics = []metric{
	{name: "node_supervisord_up", kind: gauge, labels: programLabels, about: aboutCompatible,
		help: "Whether the program has a process.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return boolean(p.Pid != 0) })},
	{name: "node_supervisord_state", kind: gauge, labels: programLabels, about: aboutCompatible,
		help: "State of the program: " + stateCodes() + ".",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return float64(p.State) })},
	{name: "node_supervisord_exit_status", kind: gauge, labels: programLabels, about: aboutCompatible,
		help: "Exit status of the last process, -1 when a signal ended it; 0 before the first has ended.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return float64(p.ExitStatus) })},
	{name: "node_supervisord_start_time_seconds", kind: gauge, labels: programLabels, about: aboutCompatible,
		help: "Unix time at which the process was started; missing while there is none.",
		each: func(s *scrape, add addFunc) {
			for i := range s.Programs {
				if p := &s.Programs[i]; p.Pid != 0 {
					add(float64(p.Start.UnixMilli())/1000, p.Program.Name, p.Program.Group)
				}
			}
		}},

	{name: "supd_programs", kind: gauge, labels: []string{"state"}, about: aboutPrograms,
		help: "Programs by state.",
		each: func(s *scrape, add addFunc) {
			in := map[supervisor.State]int{}
			for i := range s.Programs {
				in[s.Programs[i].State]++
			}
			for _, state := range supervisor.States {
				add(float64(in[state]), state.String())
			}
		}},
	{name: "supd_program_ready", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Whether the program is RUNNING and its readiness check, if it has one, is met.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return boolean(p.Ready) })},
	{name: "supd_program_unhealthy", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Whether the health check of the program has failed too often.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return boolean(p.Unhealthy) })},
	{name: "supd_program_start_failures", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Failed starts in a row; the more, the longer the program waits in BACKOFF.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return float64(p.Failures) })},
	{name: "supd_program_restarts_total", kind: counter, labels: programLabels, about: aboutPrograms,
		help: "Starts of the program after the first, whoever asked for them, failed ones included.",
		each: perProgram(func(p *actors.ProgramMetrics) float64 { return float64(p.Counts.Restarts()) })},
	{name: "supd_program_exits_total", kind: counter, labels: []string{"name", "group", "cause"}, about: aboutPrograms,
		help: "Ends of lives of the program, each by one cause: expected and unexpected (its status is, or is not, in exitcodes), " +
			"signal (one that supd did not send), failed_start (it ended before startsecs or could not be started, and is tried again), " +
			"gave_up (the same for the last time, it is FATAL), stopped (it was asked to).",
		each: func(s *scrape, add addFunc) {
			for i := range s.Programs {
				p := &s.Programs[i]
				for cause, n := range p.Counts.Ends {
					add(float64(n), p.Program.Name, p.Program.Group, actors.EndCause(cause).String())
				}
			}
		}},
	{name: "supd_program_state_seconds_total", kind: counter, labels: []string{"name", "group", "state"}, about: aboutPrograms, ofTime: true,
		help: "Time that the program has been in each state since its group was added; states that it was never in are missing.",
		each: func(s *scrape, add addFunc) {
			for i := range s.Programs {
				p := &s.Programs[i]
				for _, state := range supervisor.States {
					if d := p.Counts.InState(state, s.now); d > 0 {
						add(d.Seconds(), p.Program.Name, p.Program.Group, state.String())
					}
				}
			}
		}},
	{name: "supd_program_backoff_seconds", kind: gauge, labels: programLabels, about: aboutPrograms, ofTime: true,
		help: "Time until the program is started again, while it waits for that in BACKOFF or during restartpause; missing otherwise.",
		each: func(s *scrape, add addFunc) {
			for i := range s.Programs {
				if p := &s.Programs[i]; !p.Until.IsZero() {
					add(max(0, p.Until.Sub(s.now).Seconds()), p.Program.Name, p.Program.Group)
				}
			}
		}},
	{name: "supd_program_cpu_seconds_total", kind: counter, labels: programLabels, about: aboutPrograms,
		help: "CPU time of the present process of the program and of all that belongs to it: its process group and their descendants, or its control group. It begins anew with each life.",
		each: perSample(func(u *api.Sample) float64 { return u.Total })},
	{name: "supd_program_memory_bytes", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Resident memory of the program and of all that belongs to it.",
		each: perSample(func(u *api.Sample) float64 { return float64(u.Memory) })},
	{name: "supd_program_open_files", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Open descriptors of the program and of all that belongs to it; -1 when they cannot be counted.",
		each: perSample(func(u *api.Sample) float64 { return float64(u.Files) })},
	{name: "supd_program_threads", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Threads of the program and of all that belongs to it.",
		each: perSample(func(u *api.Sample) float64 { return float64(u.Threads) })},
	{name: "supd_program_processes", kind: gauge, labels: programLabels, about: aboutPrograms,
		help: "Processes of the program: its own and all that belong to it.",
		each: perSample(func(u *api.Sample) float64 { return float64(u.Processes) })},
	{name: "supd_program_log_bytes_total", kind: counter, labels: []string{"name", "group", "stream"}, about: aboutPrograms,
		help: "Bytes of output that were given to the logs of the program. Output that is captured or has no log is not counted.",
		each: perStream(func(o *actors.OutputMetrics) int64 { return o.Bytes })},
	{name: "supd_program_log_dropped_bytes_total", kind: counter, labels: []string{"name", "group", "stream"}, about: aboutPrograms,
		help: "Bytes of output that a log could not take, because the disk is full or nobody reads the pipe. A log of several files counts each.",
		each: perStream(func(o *actors.OutputMetrics) int64 { return o.Dropped })},

	{name: "supd_group_restarts_used", kind: gauge, labels: []string{"group"}, about: aboutTree,
		help: "Restarts that count against the budget of a group with a strategy now.",
		each: func(s *scrape, add addFunc) {
			for _, g := range s.Groups {
				add(float64(g.Used), g.Name)
			}
		}},
	{name: "supd_group_restarts_left", kind: gauge, labels: []string{"group"}, about: aboutTree,
		help: "Restarts that the group may still make before it gives up; missing when they are not limited.",
		each: func(s *scrape, add addFunc) {
			for _, g := range s.Groups {
				if g.Left >= 0 {
					add(float64(g.Left), g.Name)
				}
			}
		}},
	{name: "supd_group_gave_up", kind: gauge, labels: []string{"group"}, about: aboutTree,
		help: "Whether the group has used up its budget and was taken down.",
		each: func(s *scrape, add addFunc) {
			for _, g := range s.Groups {
				add(boolean(g.GaveUp), g.Name)
			}
		}},
	{name: "supd_pool_waiting_events", kind: gauge, labels: []string{"pool"}, about: aboutTree,
		help: "Events in the buffer of a pool of event listeners.",
		each: func(s *scrape, add addFunc) {
			for _, p := range s.Pools {
				add(float64(p.Waiting), p.Name)
			}
		}},
	{name: "supd_pool_discarded_events_total", kind: counter, labels: []string{"pool"}, about: aboutTree,
		help: "Events that a pool has thrown away because its buffer was full or its listener did not read.",
		each: func(s *scrape, add addFunc) {
			for _, p := range s.Pools {
				add(float64(p.Discarded), p.Name)
			}
		}},
	{name: "supd_syslog_dropped_messages_total", kind: counter, about: aboutTree,
		help: "Messages of programs that no syslog server could be sent.",
		each: func(s *scrape, add addFunc) { add(float64(s.SyslogDropped)) }},

	{name: "supd_build_info", kind: gauge, labels: []string{"version"}, about: aboutServer,
		help: "Always 1; the label is the version of supd.",
		each: func(s *scrape, add addFunc) { add(1, s.server.config.Release) }},
	{name: "supd_state", kind: gauge, about: aboutServer,
		help: "State of the daemon: 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN.",
		each: func(s *scrape, add addFunc) {
			code, _ := s.server.config.Daemon.State()
			add(float64(code))
		}},
	{name: "supd_actor_mailbox_messages", kind: gauge, labels: []string{"actor"}, about: aboutServer,
		help: "Messages that wait in the mailboxes of the actors that everything depends on: root, control and events.",
		each: func(s *scrape, add addFunc) {
			for name, n := range s.Waiting {
				add(float64(n), name)
			}
		}},
	{name: "supd_event_streams", kind: gauge, about: aboutServer,
		help: "Clients that follow what happens: pages, terminals and programs.",
		each: func(s *scrape, add addFunc) { add(float64(s.server.watchers.count())) }},
	requestsMetric,
	callsMetric,
	{name: "supd_http_connections", kind: gauge, labels: []string{"state"}, about: aboutServer,
		help: "Connections of clients: active while a request is answered, otherwise idle.",
		each: func(s *scrape, add addFunc) {
			all, active := s.server.conns.count()
			add(float64(active), "active")
			add(float64(all-active), "idle")
		}},
	{name: "supd_log_streams", kind: gauge, about: aboutServer,
		help: "Logs that clients follow.",
		each: func(s *scrape, add addFunc) { add(float64(s.server.streams.count())) }},
}

func perProgram(value func(*actors.ProgramMetrics) float64) func(*scrape, addFunc) {
	return func(s *scrape, add addFunc) {
		for i := range s.Programs {
			p := &s.Programs[i]
			add(value(p), p.Program.Name, p.Program.Group)
		}
	}
}

func perStream(value func(*actors.OutputMetrics) int64) func(*scrape, addFunc) {
	return func(s *scrape, add addFunc) {
		for i := range s.Programs {
			p := &s.Programs[i]
			add(float64(value(&p.Stdout)), p.Program.Name, p.Program.Group, "stdout")
			add(float64(value(&p.Stderr)), p.Program.Name, p.Program.Group, "stderr")
		}
	}
}

// perSample gives what programs use; those without a process are left out.
func perSample(value func(*api.Sample) float64) func(*scrape, addFunc) {
	return func(s *scrape, add addFunc) {
		for i := range s.Programs {
			p := s.Programs[i].Program
			if u, ok := s.usage.Programs[p.NameSpec()]; ok {
				add(value(&u), p.Name, p.Group)
			}
		}
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func stateCodes() string {
	var words []string
	for _, s := range supervisor.States {
		words = append(words, fmt.Sprintf("%d %s", int(s), s))
	}
	return strings.Join(words, ", ")
}
