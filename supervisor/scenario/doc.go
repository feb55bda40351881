// Package scenario is what happens in a simulation: how programs behave, and what is done to them from outside. It is written
// down in a script, one statement a line, and made up where the script says nothing.
package scenario
