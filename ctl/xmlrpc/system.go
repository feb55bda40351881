package xmlrpc

import "context"

const multicallName = "system.multicall"

// maxMulticall bounds the answer of one system.multicall, in bytes.
const maxMulticall = 64 << 20

// system returns the rows of system.*.
func (t *Table) system() []Method {
	unsupported := []string{"4 SIGNATURE_UNSUPPORTED"}
	return []Method{
		{Name: "system.listMethods", Signature: []string{"array"}, Handle: t.listMethods,
			Help: "Lists the names of all methods, sorted, those that are only other names included."},
		{Name: "system.methodHelp", Signature: []string{"string", "string"}, Params: []string{"name"}, Faults: unsupported,
			Handle: t.methodHelp,
			Help:   "Tells what the method of that name does."},
		{Name: "system.methodSignature", Signature: []string{"array", "string"}, Params: []string{"name"}, Faults: unsupported,
			Handle:  t.methodSignature,
			Help:    "Tells the types of the method of that name.",
			Returns: "the type of the result, followed by those of the parameters: string, int, boolean, array or struct."},
		{Name: multicallName, Signature: []string{"array", "array"}, Params: []string{"calls"}, Handle: t.multicall,
			Help: "Carries out several calls, each a struct of methodName and params, one after the other, waiting for each.",
			Returns: "an element for each call: its bare result, or a struct of faultCode and faultString. The convention of XML-RPC " +
				"wraps results into arrays of one element; supervisord does not, so MultiCall of Python's xmlrpc.client misreads them."},
	}
}

func (t *Table) listMethods(_ context.Context, dst []byte, _ []Value) ([]byte, error) {
	return AppendStrings(dst, t.names), nil
}

// named returns the method an argument names, or fault 4.
func (t *Table) named(arg *Value) (*Method, error) {
	name, _ := arg.AsText()
	if m := t.methods[name]; m != nil {
		return m, nil
	}
	return nil, &Fault{codeSignatureUnsupport, "SIGNATURE_UNSUPPORTED"}
}

func (t *Table) methodHelp(_ context.Context, dst []byte, args []Value) ([]byte, error) {
	m, err := t.named(&args[0])
	if err != nil {
		return nil, err
	}
	return AppendString(dst, m.help()), nil
}

func (t *Table) methodSignature(_ context.Context, dst []byte, args []Value) ([]byte, error) {
	m, err := t.named(&args[0])
	if err != nil {
		return nil, err
	}
	return AppendStrings(dst, m.Signature), nil
}

// multicall answers with bare results, unlike the convention of XML-RPC: clients of supervisord rely on it. Calls are
// carried out one after the other; when the client goes away, those not begun yet are left out.
func (t *Table) multicall(ctx context.Context, dst []byte, args []Value) ([]byte, error) {
	if args[0].Kind != Array {
		return nil, IncorrectParameters("")
	}
	start := len(dst)
	dst = AppendArrayStart(dst)
	for i := range args[0].Items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(dst)-start > maxMulticall {
			return nil, &Fault{codeFailed, "FAILED: the results are too large for one answer"}
		}
		out, err := t.oneOfMany(ctx, dst, &args[0].Items[i])
		if err != nil {
			out = AppendFault(dst, AsFault(err))
		}
		dst = out
	}
	return AppendArrayEnd(dst), nil
}

func (t *Table) oneOfMany(ctx context.Context, dst []byte, call *Value) ([]byte, error) {
	name, ok := call.Member("methodName")
	if !ok {
		return dst, IncorrectParameters("No methodName")
	}
	method, ok := name.AsText()
	if !ok {
		return dst, IncorrectParameters("methodName is not a string")
	}
	if method == multicallName {
		return dst, IncorrectParameters("Recursive system.multicall forbidden")
	}
	var args []Value
	if params, ok := call.Member("params"); ok {
		if params.Kind != Array {
			return dst, IncorrectParameters("params is not an array")
		}
		args = params.Items
	}
	return t.Call(ctx, dst, method, args)
}
