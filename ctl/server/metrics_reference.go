package server

import (
	"fmt"
	"strings"
)

const metricsHead = `# Metrics and health

<!-- Generated from the table of metrics by: make docs -->

Every HTTP server of supd, unix sockets included, answers GET and HEAD for three paths. How to use them is in
[how to monitor supd](../how-to/monitor.md).

## /healthz

Status 200 when the supervision tree has answered a message, 503 when it has not within two seconds. It says nothing about
programs, and stays 200 while supd shuts down: it is for whoever restarts supd.

## /readyz

Status 200 when the same is so, supd is RUNNING, and every program with ` + "`autostart`" + ` is RUNNING, ready and not unhealthy, or has
done its work: EXITED with a status that is in ` + "`exitcodes`" + `. Otherwise 503, and a line for each program that keeps it from
being ready:

` + "```" + `
db RUNNING: not ready: dial tcp 127.0.0.1:5432: connect: connection refused
web:web_0 STOPPED: waits for db
` + "```" + `

A program that somebody has stopped counts as one that is not ready.

## The form of /healthz and /readyz

With ` + "`?format=json`" + `, or when ` + "`Accept`" + ` names application/json before text/plain, the answer is JSON: ` + "`ok`" + ` (boolean), ` + "`error`" + ` (what
is wrong with supd itself, if anything), ` + "`programs`" + ` (an array of ` + "`name`, `state` and `why`" + `, of those that are not ready, if any).

Both ask for the name and password of their server, unless it has
[` + "`health_without_auth = true`" + `](configuration.md). Any other method is answered with status 405.

## /metrics

The text format of Prometheus, or OpenMetrics when the client asks for that. It always asks for name and password. At most
%d requests are answered at once, more get status 503. Nothing is sampled: a program's actor counts each of its transitions,
so that a program that comes and goes between two scrapes is not missed.

Labels: ` + "`name`" + ` is the name of a program, ` + "`group`" + ` that of its group; bytes of a name that are not UTF-8 are replaced by U+FFFD.
Counters of a program or pool begin at 0 when its group is added (also by ` + "`update`" + `, when its configuration has changed); all
of them begin at 0 when supd starts or restarts.
`

const metricsTail = `
## The Go runtime and the process

` + "`go_*`" + ` and ` + "`process_*`" + ` are those of every program with the Go client of Prometheus: memory, garbage collection, goroutines,
CPU time and open files of supd itself, not of its programs.
`

// MetricsReference is the reference of /metrics, /healthz and /readyz, in Markdown.
func MetricsReference() string {
	var b strings.Builder
	fmt.Fprintf(&b, metricsHead, maxScrapes)
	about := topic("")
	for i := range metrics {
		m := &metrics[i]
		if m.about != about {
			about = m.about
			fmt.Fprintf(&b, "\n### %s\n\n| metric | type | labels | |\n|---|---|---|---|\n", about)
		}
		labels := ""
		for k, l := range m.labels {
			if k > 0 {
				labels += ", "
			}
			labels += "`" + l + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, m.kind, labels, m.help)
	}
	b.WriteString(metricsTail)
	return b.String()
}
