// Package actors is the supervision tree on protoactor: root, groups, programs, runs and the control actor, and Spawn,
// which puts such a tree into an actor system.
package actors
