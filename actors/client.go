package actors

import (
	"context"
	"fmt"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is who gives commands, for the history.

type clientKey struct{}

// WithClient has the commands that are given with ctx recorded as those of a client. who is asked by each command, on the
// goroutine that gives it; "uid 0", "admin, 10.0.0.5"; "" nobody knows.
func WithClient(ctx context.Context, who fmt.Stringer) context.Context {
	return context.WithValue(ctx, clientKey{}, who)
}

// ClientOf is the client of WithClient; "" there is none.
func ClientOf(ctx context.Context) string {
	if who, ok := ctx.Value(clientKey{}).(fmt.Stringer); ok {
		return logs.Clean(who.String())
	}
	return ""
}

type purposeKey struct{}

// WithPurpose has Update record that it is done for the sake of something else that a client did: "asked for 8 processes of worker".
func WithPurpose(ctx context.Context, did string) context.Context {
	return context.WithValue(ctx, purposeKey{}, did)
}

// purposeOf is the purpose of WithPurpose; "" there is none.
func purposeOf(ctx context.Context) string {
	did, _ := ctx.Value(purposeKey{}).(string)
	return did
}

// Requested is the reason of something that the client of WithClient did: "asked for the end of supd". code is its Code.
func Requested(ctx context.Context, code, did string) supervisor.Reason {
	return supervisor.Reason{Code: code, Text: aClient(ClientOf(ctx)) + did}
}

// aClient begins a sentence about what a client did.
func aClient(client string) string {
	if client == "" {
		return "a client "
	}
	return "a client (" + client + ") "
}
