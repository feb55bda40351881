package server

import (
	"context"
	"net/http"

	"github.com/gwaycc/supd/ctl/api"
)

// A caller is who sends a request.
type caller struct {
	name string // "" nobody knows
	role api.Role
}

type callerKey struct{}

// withCaller gives a request its caller.
func withCaller(r *http.Request, c caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
}

// callerOf is who sends a request.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// may tells whether a role is at least another one.
func may(has, needs api.Role) bool { return rankOf(has) >= rankOf(needs) }

func rankOf(r api.Role) int {
	switch r {
	case api.Read:
		return 1
	case api.Operate:
		return 2
	case api.Admin:
		return 3
	}
	return 0
}

// permit refuses who may not do what needs a role.
func permit(ctx context.Context, needs api.Role, what string) error {
	c := callerOf(ctx)
	if may(c.role, needs) {
		return nil
	}
	return &httpError{status: http.StatusForbidden, reason: "refused: " + what + " by " + c.String() + " with the role " + string(c.role),
		detail: roleText(c.role, needs)}
}

// String is the caller for the log.
func (c caller) String() string {
	if c.name == "" {
		return "somebody"
	}
	return c.name
}

// roleText says why somebody may not do something.
func roleText(has, needs api.Role) string {
	return "this needs the role " + string(needs) + ", yours is " + string(has)
}
