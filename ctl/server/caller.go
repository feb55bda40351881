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
	// refused logs that the caller may not do something; nil: nobody wants to know.
	refused func(what string)
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

// permit refuses who may not do what needs a role, and logs it.
func permit(ctx context.Context, needs api.Role, what string) error {
	c := callerOf(ctx)
	if may(c.role, needs) {
		return nil
	}
	if c.refused != nil {
		c.refused(what)
	}
	return &httpError{status: http.StatusForbidden, detail: roleText(c.role, needs)}
}

// roleText says why somebody may not do something.
func roleText(has, needs api.Role) string {
	return "this needs the role " + string(needs) + ", yours is " + string(has)
}
