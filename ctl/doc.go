// Package ctl is the control client, `supd ctl` and supervisorctl: it sends one command line to a supd or supervisord
// over XML-RPC and prints the answer as supervisorctl does, with the same exit status (compat.md §8).
//
// A command is a verb: a value in a file of its own (cmd_status.go), listed in verbs.go. The same table gives
// dispatching, help and completion. A verb runs in a session, which holds the connection, the output and the exit
// status; it returns an error only for what supervisorctl would print as "error: ...".
//
// The package imports nothing of the server side.
package ctl
