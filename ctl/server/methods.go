package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// service carries out the methods of one RPC interface.
type service struct {
	tree    Tree
	daemon  Daemon
	logger  hclog.Logger
	version string
	now     func() time.Time
}

// apiVersion is the version of the interface itself (compat.md §4.5).
const apiVersion = "3.0"

// A row is one method of the interface. The table of rows is in rows.go.
type row struct {
	// decl is the type of the result, the name without its namespace, and the parameters: "boolean f(string a, int b=0)".
	// Those with a default may be left out.
	decl    string
	aliases []string
	topic   topic
	always  bool     // also while the daemon shuts down or restarts
	role    api.Role // that it needs; "": that of its topic
	trusted bool     // only for clients of a unix socket or of a server with a password
	own     bool     // supd's own, in the namespace "supd", whatever the interface is called; it is not listed
	help    string
	returns string // what the result is; "" when help says so
	faults  []actors.FaultCode
	example string // one line of Python, s being the interface
	handle  xmlrpc.Handler
}

// method parses the declaration and makes the row a method of a namespace. A bad declaration panics: it is a mistake in
// the table.
func (r *row) method(namespace string) xmlrpc.Method {
	result, rest, ok := strings.Cut(r.decl, " ")
	name, params, ok2 := strings.Cut(rest, "(")
	params, ok3 := strings.CutSuffix(params, ")")
	if !ok || !ok2 || !ok3 {
		panic(fmt.Sprintf("bad declaration %q", r.decl))
	}
	m := xmlrpc.Method{Name: namespace + "." + name, Signature: []string{result}, Help: r.help, Returns: r.returns, Handle: r.handle}
	for p := range strings.SplitSeq(params, ", ") {
		if p == "" {
			continue
		}
		kind, param, ok := strings.Cut(p, " ")
		if !ok {
			panic(fmt.Sprintf("bad declaration %q", r.decl))
		}
		if strings.Contains(param, "=") {
			m.Optional++
		}
		m.Signature, m.Params = append(m.Signature, kind), append(m.Params, param)
	}
	for _, a := range r.aliases {
		m.Aliases = append(m.Aliases, namespace+"."+a)
	}
	for _, f := range r.faults {
		m.Faults = append(m.Faults, fmt.Sprintf("%d %s", int(f), f))
	}
	return m
}

// ownNamespace is where methods are that supervisord does not have. They are not listed: clients that compare the list of
// methods find supervisord's.
const ownNamespace = "supd"

// allRows is the whole table.
func (s *service) allRows() []row { return slices.Concat(s.rows(), s.updateRows(), s.reasonRows()) }

// methods returns the rows that are supd's own, or the others, as methods of a namespace.
func (s *service) methods(namespace string, own bool) []xmlrpc.Method {
	var list []xmlrpc.Method
	for _, r := range s.allRows() {
		if r.own != own {
			continue
		}
		m := r.method(namespace)
		m.Handle, m.Unlisted = s.guard(&r), own
		list = append(list, m)
	}
	return list
}

// topicRoles are what the methods of a topic need, but for those that say otherwise.
var topicRoles = map[topic]api.Role{aboutDaemon: api.Read, aboutGroups: api.Admin, aboutControl: api.Operate, aboutState: api.Read, aboutLogs: api.Read,
	aboutMessages: api.Operate, aboutOwn: api.Admin, aboutReasons: api.Read}

// needs is the role that a method needs.
func (r *row) needs() api.Role {
	if r.role != "" {
		return r.role
	}
	return topicRoles[r.topic]
}

// guard has a method refused while the daemon is not RUNNING (compat.md §4.3), and puts its errors on the wire.
func (s *service) guard(r *row) xmlrpc.Handler {
	always, trusted, handle, needs := r.always, r.trusted, r.handle, r.needs()
	name, _, _ := strings.Cut(r.decl[strings.IndexByte(r.decl, ' ')+1:], "(")
	return func(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
		if !may(callerOf(ctx).role, needs) {
			_ = permit(ctx, needs, strings.TrimSpace(name+" "+r.whom(args)))
			return nil, wireError(&actors.Fault{Code: actors.Failed, Extra: roleText(callerOf(ctx).role, needs)})
		}
		if code, _ := s.daemon.State(); code < 1 && !always {
			return nil, wireError(&actors.Fault{Code: actors.ShutdownState})
		}
		if trusted && !knowsClient(ctx) {
			return nil, wireError(&actors.Fault{Code: actors.Failed, Extra: strangersText})
		}
		out, err := handle(ctx, dst, args)
		if err != nil {
			return nil, wireError(err)
		}
		return out, nil
	}
}

// whom returns the program or group that a call is about, "" when its first argument is none: others may be secrets.
func (r *row) whom(args []xmlrpc.Value) string {
	if len(args) == 0 || !strings.Contains(r.decl, "(string name") {
		return ""
	}
	name, _ := args[0].AsText()
	return name[:min(len(name), maxToldName)]
}

// maxToldName is how many bytes of a name that somebody has sent the log tells.
const maxToldName = 200

// strangersText says why a method is refused that gives more power than the interface of supervisord does.
const strangersText = "this is for clients of a unix socket or of a server with a password only; " +
	"set username= and password= in the section of the server"

// wireError turns a fault of the tree into one of XML-RPC.
func wireError(err error) error {
	var f *actors.Fault
	if errors.As(err, &f) {
		return &xmlrpc.Fault{Code: int(f.Code), Text: f.Error()}
	}
	return err
}

func incorrect() error { return &actors.Fault{Code: actors.IncorrectParameters} }

// textArg returns an argument that must be a string.
func textArg(v *xmlrpc.Value) (string, error) {
	if s, ok := v.AsText(); ok {
		return s, nil
	}
	return "", incorrect()
}

// intArg returns an argument that must be an int. As with supervisord, a string of digits is one, too, and what is behind
// the point of a double does not count. What does not fit becomes the nearest that does.
func intArg(v *xmlrpc.Value) (int64, error) {
	switch v.Kind {
	case xmlrpc.Int, xmlrpc.Bool:
		return v.Int, nil
	case xmlrpc.Double:
		return int64(max(min(v.Double, math.MaxInt32), math.MinInt32)), nil
	}
	text, ok := v.AsText()
	if !ok {
		return 0, incorrect()
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, incorrect()
	}
	return n, nil
}

// waitArg returns the optional argument that says whether to wait. supervisord takes any type for it.
func waitArg(args []xmlrpc.Value, i int) bool { return len(args) <= i || args[i].Truth() }

// program returns what is known of the program an argument names. The name of a whole group is none (compat.md §4.4).
func (s *service) program(arg *xmlrpc.Value) (name string, info *actors.Info, err error) {
	if name, err = textArg(arg); err != nil {
		return "", nil, err
	}
	info, ok := findProgram(s.tree, name)
	if !ok {
		return "", nil, &actors.Fault{Code: actors.BadName, Extra: name}
	}
	return name, info, nil
}
