package xmlrpc

import "errors"

// The fault codes this package raises by itself (compat.md §4.3).
const (
	codeUnknownMethod       = 1
	codeIncorrectParameters = 2
	codeSignatureUnsupport  = 4
	codeFailed              = 30
)

// A Fault is an answer that tells what went wrong.
type Fault struct {
	Code int
	Text string
}

// Error is the text of the fault.
func (f *Fault) Error() string { return f.Text }

// AsFault returns the Fault in err. An error without one becomes fault 30, FAILED, with the text of the error.
func AsFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{codeFailed, "FAILED: " + err.Error()}
}

// IncorrectParameters is fault 2; detail "" adds nothing to its text.
func IncorrectParameters(detail string) *Fault {
	if detail != "" {
		detail = ": " + detail
	}
	return &Fault{codeIncorrectParameters, "INCORRECT_PARAMETERS" + detail}
}
