package server

import (
	stdxml "encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// FuzzCall makes any call that can be decoded: each is answered with one well-formed document.
func FuzzCall(f *testing.F) {
	tree := newFakeTree()
	daemon := &fakeDaemon{state: 1, log: filepath.Join(f.TempDir(), "none")}
	s := &service{tree: tree, daemon: daemon, logger: hclog.NewNullLogger(), version: "4.2.5", now: time.Now}
	table, err := xmlrpc.NewTable(s.methods("supervisor", false))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range table.Names() {
		m, _ := table.Method(name)
		args := make([]any, len(m.Params))
		for i, kind := range m.Signature[1:] {
			args[i] = map[string]any{"string": "cat", "int": 0, "boolean": true, "array": array()}[kind]
		}
		f.Add([]byte(methodCall(name, params(args...))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		call, err := xmlrpc.Decode(data, xmlrpc.Limits{Values: 1000})
		if err != nil {
			return
		}
		daemon.become(1)
		tree.commands()
		answer := string(table.Respond(asAdmin(), nil, &call))
		if strings.Count(answer, "<methodResponse>") != 1 {
			t.Fatalf("%s answers %q", call.Method, answer)
		}
		for d := stdxml.NewDecoder(strings.NewReader(answer)); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s answers %q: %v", call.Method, answer, err)
			}
		}
	})
}
