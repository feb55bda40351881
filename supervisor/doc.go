// Package supervisor is the pure core: the program state machine, restart decisions, restart budgets, group strategies
// and start and stop order. It knows no clock, no I/O, no actor and no goroutine.
package supervisor
