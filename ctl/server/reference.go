package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwaycc/supd/ctl/xmlrpc"
)

const referenceHead = `<!-- Made from the table of methods by "make docs"; do not edit. -->

# XML-RPC interface

The interface is that of supervisord: same methods, faults and encodings. Calls are POSTed to /RPC2 of every
` + "`[unix_http_server]` and `[inet_http_server]`" + `, with HTTP Basic authentication where the section has a username. There are
methods only if the configuration says

` + "```ini" + `
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
` + "```" + `

From Python, over TCP:

` + "```python" + `
import xmlrpc.client
s = xmlrpc.client.ServerProxy('http://user:password@127.0.0.1:9001/RPC2').supervisor
print(s.getState())
` + "```" + `

and over the unix socket:

` + "```python" + `
import http.client, socket, xmlrpc.client
class Unix(xmlrpc.client.Transport):
    def make_connection(self, host):
        c = http.client.HTTPConnection('localhost')
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect('/run/supd.sock')
        return c
s = xmlrpc.client.ServerProxy('http://localhost/RPC2', transport=Unix()).supervisor
` + "```" + `

In the examples below, s is one of these.

## Names

| name | stands for |
|---|---|
| web | the process web of the group web |
| site:web_0 | the process web_0 of the group site |
| site:* or site: | all processes of the group site; only for startProcess, stopProcess and signalProcess |

Methods on groups take the name of the group, without a colon. Anything else is fault 10, BAD_NAME: also the bare name of
a group that has no process of that name, or of a process inside another group.

## Windows

readLog, readProcessStdoutLog and readProcessStderrLog take an offset and a length, in bytes:

| offset | length | what is read |
|---|---|---|
| >= 0 | > 0 | at most length bytes from offset |
| >= 0 | 0 | from offset to the end |
| < 0 | 0 | the last -offset bytes |
| < 0 | not 0 | fault 3, BAD_ARGUMENTS |
| >= 0 | < 0 | fault 3, BAD_ARGUMENTS |

Behind the end there is nothing, which is no fault. The tail methods give the **last** length bytes of a log of which
the caller has not seen all; the offset they return is always the size of the log. One call reads 64 MiB at most; more is
fault 30.

## Strings

Answers are XML 1.0 in UTF-8, which cannot carry every byte a program writes. Each byte that is not UTF-8, such as half a
character at the edge of a window, and each control character other than TAB, LF and CR becomes U+FFFD (�). An answer is
therefore always well formed; compare offsets, not lengths of strings. Ints have 32 bits: what does not fit becomes the
nearest that does.

In requests a value without a type is a string, a string of digits will do for an int, base64 for a string, and any type
for a boolean (by the rules of Python: 0, "" and empty arrays are false).

## Faults

A fault has a code and a text, the name from the table, or the name, a colon and what it is about, for example
` + "`BAD_NAME: web`" + `. The faults 1, 2 and 6 can come from every method and are not listed with each.

`

const referenceStatus = `
What is no XML-RPC call is answered by a status of HTTP and a small page:

| status | when |
|---|---|
| 400 | the request is not well-formed HTTP, XML or XML-RPC, has no method name, or is no POST |
| 401 | a name and password are missing or wrong |
| 403 | a web page of another site made the browser ask |
| 404 | there is nothing under this path |
| 408 | the request did not arrive in time |
| 411 | the request does not tell its length, or is chunked |
| 413 | the request is larger than 4 MiB |
| 431 | the header is larger than 64 KiB |
| 500 | a bug; the daemon's log says which |
`

const referenceDifferences = `
## What differs from supervisord 4.2.5

| call | supervisord | supd |
|---|---|---|
| a parameter of a wrong type | status 500 | fault 2 |
| a log with bytes that are not UTF-8, or a window that cuts a character | status 500 | U+FFFD |
| a control character in an answer | sent as it is: clients cannot read the answer | U+FFFD |
| sendProcessStdin to a program that does not read | status 500, though the text is kept | true; fault 30 beyond 1 MiB |
| a fault about an empty name | BAD_NAME: with nothing behind it | BAD_NAME |
| sendRemoteCommEvent with something else than strings | true, or a crash when there is a listener | fault 2 |
| startProcess without waiting, and the child cannot become the program | true or fault 50, by chance | true |
| restart with a bad configuration | everything stops | nothing changes; the log says why |
| a log window above 64 MiB | read into memory | fault 30 |
| a request above 4 MiB, or with a DOCTYPE | read | status 413, 400 |
| autorestart in getAllConfigInfo | missing | there, as in later versions |
`

// Reference is the reference of the XML-RPC interface, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("| code | name | when |\n|---|---|---|\n")
	for _, f := range faultRows {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", int(f.code), f.code, f.when)
	}
	b.WriteString(referenceStatus)
	about := topic("")
	for _, r := range (&service{}).allRows() {
		if r.topic != about {
			about = r.topic
			fmt.Fprintf(&b, "\n## %s\n", about)
		}
		namespace := "supervisor"
		if r.own {
			namespace = ownNamespace
		}
		m := r.method(namespace)
		writeMethod(&b, &m, r.example)
	}
	fmt.Fprintf(&b, "\n## system\n\nThese are also answered while the daemon ends. In the examples, p is the ServerProxy itself.\n")
	table, err := xmlrpc.NewTable(nil)
	if err != nil {
		panic(err)
	}
	for _, name := range table.Names() {
		m, _ := table.Method(name)
		writeMethod(&b, m, systemExamples[name])
	}
	b.WriteString(referenceDifferences)
	return b.String()
}

// systemExamples are those of the methods that the table of xmlrpc adds.
var systemExamples = map[string]string{
	"system.listMethods":     "p.system.listMethods()",
	"system.methodHelp":      "print(p.system.methodHelp('supervisor.startProcess'))",
	"system.methodSignature": "p.system.methodSignature('supervisor.startProcess')",
	"system.multicall":       "p.system.multicall([{'methodName': 'supervisor.getProcessInfo', 'params': [n]} for n in names])",
}

func writeMethod(b *strings.Builder, m *xmlrpc.Method, example string) {
	fmt.Fprintf(b, "\n### %s\n\n", m.Name)
	params := slices.Clone(m.Params)
	for i := range params {
		params[i] = m.Signature[i+1] + " " + params[i]
	}
	fmt.Fprintf(b, "`%s %s(%s)`", m.Signature[0], m.Name, strings.Join(params, ", "))
	if len(m.Aliases) > 0 {
		fmt.Fprintf(b, ", also as `%s`", strings.Join(m.Aliases, "`, `"))
	}
	fmt.Fprintf(b, "\n\n%s\n", m.Help)
	if m.Returns != "" {
		fmt.Fprintf(b, "\nReturns %s\n", m.Returns)
	}
	if len(m.Faults) > 0 {
		fmt.Fprintf(b, "\nFaults: %s.\n", strings.Join(m.Faults, ", "))
	}
	fmt.Fprintf(b, "\n```python\n%s\n```\n", example)
}
