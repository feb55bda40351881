package ctl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// faultCode tells the refusals of a server apart. The same numbers are the statuses in the results of calls that
// concern several programs (compat.md §4.3).
type faultCode int

// The codes the client treats specially.
const (
	faultUnknownMethod  faultCode = 1
	faultShutdownState  faultCode = 6
	faultBadArguments   faultCode = 3
	faultBadName        faultCode = 10
	faultBadSignal      faultCode = 11
	faultNoFile         faultCode = 20
	faultNotExecutable  faultCode = 21
	faultFailed         faultCode = 30
	faultAbnormal       faultCode = 40
	faultSpawnError     faultCode = 50
	faultAlreadyStarted faultCode = 60
	faultNotRunning     faultCode = 70
	statusSuccess       faultCode = 80
	faultAlreadyAdded   faultCode = 90
	faultStillRunning   faultCode = 91
	faultCantReread     faultCode = 92
)

// A fault is a refusal of the server.
type fault struct {
	Code faultCode
	Text string // "BAD_NAME: web"
}

// Error is one line, whatever the text is; scripts look for "Fault 6: 'SHUTDOWN_STATE'" in it.
func (f *fault) Error() string { return fmt.Sprintf("<Fault %d: %s>", f.Code, quoteLine(f.Text)) }

// faultDetail is what the fault err is says behind the name of its code; "" when it is none.
func faultDetail(err error) string {
	f := asFault(err)
	if f == nil {
		return ""
	}
	if _, detail, ok := strings.Cut(f.Text, ": "); ok {
		return detail
	}
	return f.Text
}

// codeOf is the code of the fault err is, or 0 when it is none.
func codeOf(err error) faultCode {
	if f := asFault(err); f != nil {
		return f.Code
	}
	return 0
}

// asFault returns the fault err is, or nil when it is none.
func asFault(err error) *fault {
	var f *fault
	errors.As(err, &f)
	return f
}

// quoteLine puts s in single quotes, or in double quotes when only single ones occur in it, and escapes what does not
// belong on a line.
func quoteLine(s string) string {
	q := strconv.Quote(s)
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return q
	}
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(q, "'", `\'`) + "'"
}
