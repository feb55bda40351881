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

// callerOf is who sends a request. What may be done without a caller that is known is up to the server it has come to.
func callerOf(ctx context.Context) caller {
	f, ok := ctx.Value(frontKey{}).(*front)
	if !ok {
		return caller{}
	}
	name := ""
	if c, ok := ctx.Value(connKey{}).(*conn); ok && f.auth != nil {
		name, _ = c.user.Load().(string)
	}
	return caller{name, api.Admin}
}

// may tells whether a role is at least another one.
func may(has, needs api.Role) bool { return rank[has] >= rank[needs] }

var rank = map[api.Role]int{api.Read: 1, api.Operate: 2, api.Admin: 3}

// permit refuses who may not do what needs a role.
func permit(r *http.Request, needs api.Role) error {
	if c := callerOf(r.Context()); !may(c.role, needs) {
		return &httpError{status: http.StatusForbidden, reason: r.Method + " " + r.URL.Path + " is for the role " + string(needs)}
	}
	return nil
}
