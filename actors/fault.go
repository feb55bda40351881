package actors

import "fmt"

// FaultCode is the code of a Fault on the wire (compat.md §4.3).
type FaultCode int

// The fault codes of the XML-RPC interface.
const (
	UnknownMethod       FaultCode = 1
	IncorrectParameters FaultCode = 2
	BadArguments        FaultCode = 3
	SignatureUnsupport  FaultCode = 4
	ShutdownState       FaultCode = 6
	BadName             FaultCode = 10
	BadSignal           FaultCode = 11
	NoFile              FaultCode = 20
	NotExecutable       FaultCode = 21
	Failed              FaultCode = 30
	AbnormalTermination FaultCode = 40
	SpawnError          FaultCode = 50
	AlreadyStarted      FaultCode = 60
	NotRunning          FaultCode = 70
	Success             FaultCode = 80
	AlreadyAdded        FaultCode = 90
	StillRunning        FaultCode = 91
	CantReread          FaultCode = 92
)

var faultNames = map[FaultCode]string{
	UnknownMethod: "UNKNOWN_METHOD", IncorrectParameters: "INCORRECT_PARAMETERS", BadArguments: "BAD_ARGUMENTS",
	SignatureUnsupport: "SIGNATURE_UNSUPPORTED", ShutdownState: "SHUTDOWN_STATE", BadName: "BAD_NAME",
	BadSignal: "BAD_SIGNAL", NoFile: "NO_FILE", NotExecutable: "NOT_EXECUTABLE", Failed: "FAILED",
	AbnormalTermination: "ABNORMAL_TERMINATION", SpawnError: "SPAWN_ERROR", AlreadyStarted: "ALREADY_STARTED",
	NotRunning: "NOT_RUNNING", Success: "SUCCESS", AlreadyAdded: "ALREADY_ADDED", StillRunning: "STILL_RUNNING",
	CantReread: "CANT_REREAD",
}

// String is the name of the code as it stands in fault texts.
func (c FaultCode) String() string {
	if n, ok := faultNames[c]; ok {
		return n
	}
	return fmt.Sprintf("FAULT_%d", int(c))
}

// A Fault is a request that was refused or failed: the one error type of Handle's commands.
type Fault struct {
	Code  FaultCode
	Extra string // usually the name as the client typed it; "" none
}

// Error is the fault text on the wire: "NAME" or "NAME: EXTRA".
func (f *Fault) Error() string {
	if f.Extra == "" {
		return f.Code.String()
	}
	return f.Code.String() + ": " + f.Extra
}
