package server

import (
	"strings"
	"testing"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsReference keeps the references what the tables of methods and metrics say.
func TestDocsReference(t *testing.T) {
	golden.Check(t, "../../docs/reference/xmlrpc.md", Reference())
	golden.Check(t, "../../docs/reference/metrics.md", MetricsReference())
}

func TestEveryMethodIsDescribedInFull(t *testing.T) {
	types := map[string]bool{"string": true, "int": true, "boolean": true, "array": true, "struct": true}
	r := newRig(t)
	for _, name := range r.rpc.table.Names() {
		m, ok := r.rpc.table.Method(name)
		if !ok || len(m.Help) < 20 || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: help %q", name, m.Help)
		}
		if m.Returns != "" && !strings.HasSuffix(m.Returns, ".") {
			t.Errorf("%s: returns %q", name, m.Returns)
		}
		if len(m.Params) != len(m.Signature)-1 {
			t.Errorf("%s: parameters %q for signature %q", name, m.Params, m.Signature)
		}
		for _, word := range m.Signature {
			if !types[word] {
				t.Errorf("%s: type %q", name, word)
			}
		}
	}
	for _, row := range (&service{}).rows() {
		if row.own {
			continue
		}
		m := row.method("s")
		if !strings.Contains(row.example, "s."+strings.TrimPrefix(m.Name, "s.")+"(") {
			t.Errorf("%s: example %q", m.Name, row.example)
		}
	}
	for name, example := range systemExamples {
		if _, ok := r.rpc.table.Method(name); !ok || !strings.Contains(example, name+"(") {
			t.Errorf("%s: example %q", name, example)
		}
	}
}

func TestEveryFaultIsDescribed(t *testing.T) {
	described := map[actors.FaultCode]bool{}
	for _, f := range faultRows {
		described[f.code] = true
	}
	for code := range actors.FaultCode(200) {
		if known := !strings.HasPrefix(code.String(), "FAULT_"); known != described[code] {
			t.Errorf("fault %d %s: described %v", code, code, described[code])
		}
	}
}
