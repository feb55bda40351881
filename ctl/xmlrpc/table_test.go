package xmlrpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func testTable(t *testing.T) *Table {
	t.Helper()
	table, err := NewTable([]Method{
		{Name: "x.echo", Aliases: []string{"x.same"}, Signature: []string{"string", "string", "string"}, Params: []string{"text", "more=''"}, Optional: 1, Help: "Says it again.",
			Handle: func(_ context.Context, dst []byte, args []Value) ([]byte, error) {
				return AppendString(dst, args[0].Text), nil
			}},
		{Name: "x.fail", Signature: []string{"string"}, Handle: func(_ context.Context, dst []byte, _ []Value) ([]byte, error) {
			return append(dst, "half a value"...), errors.New("broken")
		}},
		{Name: "x.fault", Signature: []string{"string"}, Handle: func(context.Context, []byte, []Value) ([]byte, error) {
			return nil, fmt.Errorf("wrapped: %w", &Fault{10, "BAD_NAME: x"})
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// flat calls a method and returns the answer without the words that are the same in every answer.
func flat(t *testing.T, table *Table, ctx context.Context, method string, args ...Value) string {
	t.Helper()
	out := string(table.Respond(ctx, []byte("before "), &Call{method, args}))
	out, ok := strings.CutPrefix(out, "before <?xml version='1.0'?>\n<methodResponse>\n")
	if !ok {
		t.Fatalf("%s: answer begins wrongly: %q", method, out)
	}
	return strings.NewReplacer("\n", "", "<value>", "", "</value>", "", "<member>", "", "</member>", "", "<string>", "", "</string>", " ",
		"<int>", "", "</int>", " ", "</methodResponse>", "", "<params>", "", "</params>", "", "<param>", "", "</param>", "", "<struct>", "{", "</struct>", "}",
		"<array><data>", "[", "</data></array>", "]", "<name>", "", "</name>", "=", "<fault>", "fault ", "</fault>", "").Replace(out)
}

func member(name string, v Value) Member { return Member{name, v} }
func list(v ...Value) Value              { return Value{Kind: Array, Items: v} }
func object(m ...Member) Value           { return Value{Kind: Struct, Members: m} }

func TestTable(t *testing.T) {
	table := testTable(t)
	for _, c := range []struct {
		method string
		args   []Value
		want   string
	}{
		{"x.echo", []Value{str("hi")}, "hi "},
		{"x.same", []Value{str("hi"), str("2")}, "hi "},
		{"x.echo", nil, "fault {faultCode=2 faultString=INCORRECT_PARAMETERS }"},
		{"x.echo", []Value{{}, {}, {}}, "fault {faultCode=2 faultString=INCORRECT_PARAMETERS }"},
		{"x.fail", nil, "fault {faultCode=30 faultString=FAILED: broken }"},
		{"x.fault", nil, "fault {faultCode=10 faultString=BAD_NAME: x }"},
		{"x.nope", nil, "fault {faultCode=1 faultString=UNKNOWN_METHOD }"},
		{"x", nil, "fault {faultCode=1 faultString=UNKNOWN_METHOD }"},
		{" x.echo", nil, "fault {faultCode=1 faultString=UNKNOWN_METHOD }"},
		{"x.echo.y", nil, "fault {faultCode=1 faultString=UNKNOWN_METHOD }"},
		{"x.__class__", nil, "fault {faultCode=1 faultString=UNKNOWN_METHOD }"},
		{"system.listMethods", nil, "[system.listMethods system.methodHelp system.methodSignature system.multicall x.echo x.fail x.fault x.same ]"},
		{"system.methodHelp", []Value{str("x.same")}, "x.echo(text, more='') -&gt; stringSays it again. "},
		{"system.methodHelp", []Value{str("x.nope")}, "fault {faultCode=4 faultString=SIGNATURE_UNSUPPORTED }"},
		{"system.methodHelp", []Value{num(1)}, "fault {faultCode=4 faultString=SIGNATURE_UNSUPPORTED }"},
		{"system.methodSignature", []Value{str("x.echo")}, "[string string string ]"},
		{"system.methodSignature", []Value{str("nope")}, "fault {faultCode=4 faultString=SIGNATURE_UNSUPPORTED }"},
		{"system.multicall", []Value{list()}, "[]"},
		{"system.multicall", []Value{num(1)}, "fault {faultCode=2 faultString=INCORRECT_PARAMETERS }"},
		{"system.multicall", []Value{list(
			object(member("methodName", str("x.echo")), member("params", list(str("a")))),
			object(member("params", list()), member("methodName", str("x.fault"))),
			object(member("methodName", str("x.fail")), member("params", list())),
			object(member("methodName", str("x.echo"))),
			object(member("methodName", str("x.echo")), member("params", str("a"))),
			object(member("methodName", num(1))),
			object(member("methodName", str("system.multicall"))),
			object(), num(1),
			object(member("methodName", str("x.echo")), member("params", list(str("z")))),
		)}, "[a " +
			"{faultCode=10 faultString=BAD_NAME: x }" +
			"{faultCode=30 faultString=FAILED: broken }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS: params is not an array }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS: methodName is not a string }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS: Recursive system.multicall forbidden }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS: No methodName }" +
			"{faultCode=2 faultString=INCORRECT_PARAMETERS: No methodName }z ]"},
	} {
		if got := flat(t, table, t.Context(), c.method, c.args...); got != c.want {
			t.Errorf("%s(%+v):\n got %s\nwant %s", c.method, c.args, got, c.want)
		}
	}
}

func TestMulticallEndsWithItsClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	table, err := NewTable([]Method{{Name: "x.leave", Signature: []string{"string"},
		Handle: func(_ context.Context, dst []byte, _ []Value) ([]byte, error) {
			calls++
			cancel()
			return AppendString(dst, ""), nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	one := object(member("methodName", str("x.leave")))
	flat(t, table, ctx, "system.multicall", list(one, one, one))
	if calls != 1 {
		t.Errorf("%d calls were carried out for a client that had gone", calls)
	}
}

func TestNewTableRefusesBadNames(t *testing.T) {
	for _, names := range [][]string{{"x"}, {"x."}, {".x"}, {"x._y"}, {"_x.y"}, {"x.y.z"}, {"x.y", "x.y"}, {"system.multicall"}} {
		var methods []Method
		for _, n := range names {
			methods = append(methods, Method{Name: n, Signature: []string{"int"}})
		}
		if _, err := NewTable(methods); err == nil {
			t.Errorf("%q is accepted", names)
		}
	}
	for _, m := range []Method{{Name: "x.y"}, {Name: "x.y", Signature: []string{"int", "int"}}, {Name: "x.y", Signature: []string{"int"}, Params: []string{"a"}}} {
		if _, err := NewTable([]Method{m}); err == nil {
			t.Errorf("%+v is accepted", m)
		}
	}
}
