package server

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/xmlrpc"
	"github.com/gwaycc/supd/supervisor/logs"
)

// supervisorFactory is the one rpcinterface_factory supd has (compat.md §10.1).
const supervisorFactory = "supervisor.rpcinterface:make_main_rpcinterface"

func isSupervisorInterface(p confload.Plugin) bool { return p.Factory == supervisorFactory }

// rpc answers /RPC2.
type rpc struct {
	table  *xmlrpc.Table
	limits *Limits
	logger hclog.Logger
	called func(method string, took time.Duration) // told of every call; "": there is no such method
}

func newRPC(config *Config, called func(string, time.Duration)) (*rpc, error) {
	var methods []xmlrpc.Method
	for _, i := range config.Interfaces {
		if isSupervisorInterface(i) {
			s := &service{tree: config.Tree, daemon: config.Daemon, logger: config.Logger, version: config.Version, now: time.Now}
			if methods == nil && i.Name != ownNamespace {
				methods = s.methods(ownNamespace, true)
			}
			methods = append(methods, s.methods(i.Name, false)...)
		}
	}
	table, err := xmlrpc.NewTable(methods)
	if err != nil {
		return nil, fmt.Errorf("cannot set up the RPC interfaces: %w", err)
	}
	return &rpc{table, &config.Limits, config.Logger, called}, nil
}

// buffers holds *[]byte for requests and answers. Larger ones than maxPooled are left to the garbage collector.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const maxPooled = 4 << 20

// maxLoggedName is how much of a method's name is logged, in bytes.
const maxLoggedName = 100

func release(b *[]byte, used []byte) {
	if cap(used) <= maxPooled {
		*b = used[:0]
		buffers.Put(b)
	}
}

func (p *rpc) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return &httpError{status: http.StatusBadRequest}
	}
	if r.ContentLength < 0 || r.Header["Content-Length"] == nil {
		return &httpError{status: http.StatusLengthRequired}
	}
	call, err := p.read(w, r)
	if err != nil {
		return err
	}
	if p.logger.IsTrace() {
		p.logger.Trace("XML-RPC method called: " + logs.Clean(call.Method[:min(len(call.Method), maxLoggedName)]) + "()")
	}
	buffer := buffers.Get().(*[]byte)
	begun := time.Now()
	answer := p.table.Respond(r.Context(), (*buffer)[:0], &call)
	method := ""
	if m, ok := p.table.Method(call.Method); ok {
		method = m.Name
	}
	p.called(method, time.Since(begun))
	defer release(buffer, answer)
	h := w.Header()
	h["Content-Type"] = contentTypeXML
	h["Content-Length"] = []string{strconv.Itoa(len(answer))}
	// Not every writer under test has deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(p.limits.WriteTimeout))
	_, _ = w.Write(answer)
	return nil
}

var contentTypeXML = []string{"text/xml"}

// read reads and decodes the body. Errors are *httpError.
func (p *rpc) read(w http.ResponseWriter, r *http.Request) (xmlrpc.Call, error) {
	if r.ContentLength > p.limits.Body {
		return xmlrpc.Call{}, &httpError{status: http.StatusRequestEntityTooLarge,
			reason: fmt.Sprintf("XML-RPC request of %d bytes is refused: it is larger than %d", r.ContentLength, p.limits.Body)}
	}
	buffer := buffers.Get().(*[]byte)
	body, err := xmlrpc.ReadBody((*buffer)[:0], r.Body, p.limits.Body)
	defer func() { release(buffer, body) }()
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return xmlrpc.Call{}, &httpError{status: http.StatusRequestTimeout, reason: "XML-RPC request did not arrive in time"}
		}
		return xmlrpc.Call{}, &httpError{status: http.StatusBadRequest}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	arrived(r)
	call, err := xmlrpc.Decode(body, p.limits.XML)
	if err == nil {
		return call, nil
	}
	// The data is not logged: it may be a secret on its way to a program's standard input.
	what := "unmarshallable: " + err.Error()
	if err == xmlrpc.ErrNoMethodName {
		what = err.Error()
	}
	if len(bytes.TrimSpace(body)) == 0 {
		what = "unmarshallable: it is empty"
	}
	return xmlrpc.Call{}, &httpError{status: http.StatusBadRequest,
		reason: fmt.Sprintf("XML-RPC request data of %d bytes is invalid: %s", len(body), what)}
}
