package ctl

var verbExit = verb{
	name:    "exit",
	short:   "leave the shell",
	forms:   []form{{"exit", "the same as quit"}},
	example: `$ exit`,
	run:     runQuit,
}
