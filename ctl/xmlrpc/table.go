package xmlrpc

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Handler carries out a call. It appends exactly one value to dst and returns it; on an error what it appended does not
// count. The number of args has been checked, their types have not. ctx ends when the client has gone.
type Handler func(ctx context.Context, dst []byte, args []Value) ([]byte, error)

// A Method is one row of a Table.
type Method struct {
	Name      string   // namespace.method
	Aliases   []string // other names, in full
	Signature []string // type words: of the result, then of each parameter
	Params    []string // of each parameter its name, and "=DEFAULT" if it may be left out
	Optional  int      // how many parameters at the end may be left out
	Help      string   // what it does, for people
	Unlisted  bool     // it can be called, but system.listMethods does not name it
	Returns   string   // what the result is, for people; "" when Help says so
	Faults    []string // those of its own, as "10 BAD_NAME"
	Handle    Handler
}

// Usage is how the method is called, as in "a.stop(name, wait=True)".
func (m *Method) Usage() string { return m.Name + "(" + strings.Join(m.Params, ", ") + ")" }

// help is what system.methodHelp answers.
func (m *Method) help() string {
	text := m.Usage() + " -> " + m.Signature[0] + "\n\n" + m.Help
	if m.Returns != "" {
		text += "\n\nReturns " + m.Returns
	}
	if len(m.Faults) > 0 {
		text += "\n\nFaults: " + strings.Join(m.Faults, ", ") + "."
	}
	return text
}

// A Table answers calls of its methods and of system.* (compat.md §4.9). It is immutable and can be used by any number of
// goroutines.
type Table struct {
	methods map[string]*Method
	names   []string // sorted
}

// NewTable makes a table of these methods; system.* is added. A name that is not namespace.method or that stands there
// twice is an error, and so is a signature that does not fit the parameters.
func NewTable(methods []Method) (*Table, error) {
	t := &Table{methods: make(map[string]*Method)}
	rows := append(slices.Clone(methods), t.system()...)
	for i := range rows {
		m := &rows[i]
		if len(m.Signature) != len(m.Params)+1 {
			return nil, fmt.Errorf("method %q has %d types for its result and %d parameters", m.Name, len(m.Signature), len(m.Params))
		}
		for _, name := range append([]string{m.Name}, m.Aliases...) {
			if !wellNamed(name) {
				return nil, fmt.Errorf("method name %q is not of the form namespace.method", name)
			}
			if t.methods[name] != nil {
				return nil, fmt.Errorf("method name %q is taken twice", name)
			}
			t.methods[name] = m
			if !m.Unlisted {
				t.names = append(t.names, name)
			}
		}
	}
	slices.Sort(t.names)
	return t, nil
}

// wellNamed tells whether name can be that of a method: two words, neither beginning with an underscore.
func wellNamed(name string) bool {
	ns, method, _ := strings.Cut(name, ".")
	return ns != "" && method != "" && ns[0] != '_' && method[0] != '_' && !strings.Contains(method, ".")
}

// Names are the names of all methods, aliases included, sorted. The caller must not change them.
func (t *Table) Names() []string { return t.names }

// Method returns the method of a name, or of an alias.
func (t *Table) Method(name string) (*Method, bool) {
	m := t.methods[name]
	return m, m != nil
}

// Respond carries out a call and appends the whole answer to dst, be it a result or a fault.
func (t *Table) Respond(ctx context.Context, dst []byte, call *Call) []byte {
	out, err := t.Call(ctx, AppendResponseStart(dst), call.Method, call.Args)
	if err != nil {
		return AppendFaultResponse(out[:len(dst)], AsFault(err))
	}
	return AppendResponseEnd(out)
}

// Call carries out a call and appends its result, one value, to dst. On an error it returns dst as it was. Its own errors
// are the faults UNKNOWN_METHOD and, for a wrong number of arguments, INCORRECT_PARAMETERS.
func (t *Table) Call(ctx context.Context, dst []byte, method string, args []Value) ([]byte, error) {
	m := t.methods[method]
	if m == nil {
		return dst, &Fault{codeUnknownMethod, "UNKNOWN_METHOD"}
	}
	params := len(m.Signature) - 1
	if len(args) > params || len(args) < params-m.Optional {
		return dst, IncorrectParameters("")
	}
	out, err := m.Handle(ctx, dst, args)
	if err != nil {
		return dst, err
	}
	return out, nil
}
