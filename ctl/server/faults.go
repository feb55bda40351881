package server

import "github.com/gwaycc/supd/actors"

// A faultRow says when a fault is answered (compat.md §4.3).
type faultRow struct {
	code actors.FaultCode
	when string
}

// faultRows is the table of faults for the reference.
var faultRows = []faultRow{
	{actors.UnknownMethod, "There is no method of this name."},
	{actors.IncorrectParameters, "The number of parameters is wrong, or a type."},
	{actors.BadArguments, "The offset and the length of a log do not go together."},
	{actors.SignatureUnsupport, "There is no method of the name that was asked about."},
	{actors.ShutdownState, "The daemon is ending or restarting. Only system.* and sendRemoteCommEvent are answered."},
	{actors.BadName, "There is no process or group of this name."},
	{actors.BadSignal, "There is no signal of this name or number."},
	{actors.NoFile, "The log or the program is not there; the standard input is closed."},
	{actors.NotExecutable, "The program cannot be executed."},
	{actors.Failed, "Something else went wrong; the text or the daemon's log says what."},
	{actors.AbnormalTermination, "A process that was being started was stopped meanwhile, or was still stopping."},
	{actors.SpawnError, "A process could not be started; spawnerr of getProcessInfo says why."},
	{actors.AlreadyStarted, "The process is STARTING, RUNNING or in BACKOFF."},
	{actors.NotRunning, "The process is not in a state the call is for."},
	{actors.Success, "No fault: the status of a process for which a call on several has succeeded."},
	{actors.AlreadyAdded, "The group is at work already."},
	{actors.StillRunning, "A process of the group is still up."},
	{actors.CantReread, "The configuration cannot be read; the text says where it is bad."},
}

// Faults are the codes of all faults, and of success in results.
func Faults() []actors.FaultCode {
	var all []actors.FaultCode
	for _, f := range faultRows {
		all = append(all, f.code)
	}
	return all
}
