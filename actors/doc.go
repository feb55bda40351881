// Package actors is the supervision tree on protoactor: root, groups, programs, runs and the control actor. supd itself uses
// it, and so can any application with an actor system: Spawn puts a tree into it, beside the actors that are there.
//
// # A tree in an application
//
// Which programs there are says a confload.Config, read from a file with confload.Load or from a text with confload.Parse;
// both have supervisord's options and defaults. What a text cannot say is set afterwards, before Spawn
// (Config.Program). Programs are processes of the system or, with WithWorker, functions and actors of the application.
//
// A tree has no global state and changes nothing of the process it is in: it installs no signal handler, ends no process but
// those it has started, and logs only to WithLogger. There may be any number of trees, in one actor system or several.
// Two things a process has only once, and the application decides on them: signals (Close is what a SIGTERM usually asks for)
// and, for the first process of a container, orphans (NeedsReaper, ReapOrphans).
//
// # Lifecycle
//
// Spawn returns when all programs can be asked; those with autostart are being started then. The tree ends by Close or
// Shutdown, or because a group has given up for good (WithGiveUp); Done tells. Close must be called in any case, after the end
// too: it gives back what the tree has of the system. A tree that has ended cannot be started again, another can be spawned.
// The actor system may be shut down before or after. An application that ends without Close leaves its processes behind.
//
// # Following and steering
//
// Info and Infos tell what is, without a message. Subscribe tells what happens, with the reason for it. Methods of Handle steer.
// Actors send the messages StartProgram, StopProgram, SignalProgram, SendStdin, ClearLogs, ManyPrograms, RemoteEvent, Ping,
// Reread, AddGroup, RemoveGroup, SetEnv, ShutDown and ReopenLogs to Handle.Control and are answered with *Outcome, Results,
// *Changes or *Fault, or, when the tree has ended, by the actor system with *actor.DeadLetterResponse. All other messages are
// the tree's own.
//
// # Contexts and errors
//
// The context of a method says how long the caller waits for the answer, not how long the command may take: when it ends, the
// method returns its error, and the command goes on. The exception is Close: when its context ends, what is left is killed.
//
// Errors that the tree answers with are *Fault: its Code tells what is the matter, as supervisord's XML-RPC interface does.
// After the end of the tree that is ShutdownState.
package actors
