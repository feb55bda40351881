// Package events is what supervisord's event system does without processes, clocks and I/O: the table of event types,
// event values and their envelopes, the protocol a listener speaks on its standard output, the pools that decide which
// listener gets which event, and the filter that takes captured text out of a program's output.
//
// Everything here is a value that is told facts and returns what is to be done. Nothing is safe for use by several
// goroutines at once; whoever shares a value locks it. The duties of the user, in order:
//
//  1. One Hub per daemon. AddPool for each [eventlistener:x], RemovePool when its group is removed. A hub of a later
//     generation goes on with the serial numbers of the one before: NewHub(old.NextSerial()).
//  2. For each life of a listener process: one Protocol, fed with the process's standard output; its Results go to the
//     pool (Told), its lines to the log.
//  3. The pool hears of the states of its processes: Running when one is RUNNING, NotRunning when it leaves that state,
//     Gone when the process has ended. Each carries the number of the life.
//  4. A Send effect: Protocol.Sending, write the bytes, all or none, then Sent or Refused. In this order, since the
//     answer may come before the write returns.
//  5. A Rest effect: Rested with its number when its time is over.
//  6. Publish what happens. Hub.Wants says whether it is worth making an event at all.
package events
