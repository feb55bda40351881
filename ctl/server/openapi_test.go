package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsREST keeps the description of the REST interface, and what people read of it, in the documents.
func TestDocsREST(t *testing.T) {
	s, err := New(Config{Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1}, Release: "any"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(describe(s.rest, "any"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../../docs/reference/openapi.json", string(b)+"\n")
	golden.Check(t, "../../docs/reference/rest.md", restReference(s.rest))
}

// restReference is the table of routes for people.
func restReference(routes []restRoute) string {
	var b strings.Builder
	b.WriteString(`# REST

Every HTTP server of supd answers under ` + "`" + restPath + "`" + ` with JSON, errors as problem details (RFC 9457, ` + "`application/problem+json`" + `). The same as OpenAPI:
[openapi.json](openapi.json), which a running supd serves as ` + "`" + restPath + "/openapi.json`" + `. [How to use it](../how-to/rest.md) has examples.

A name of a program is one segment of the path, percent-encoded: ` + "`web%3Aa`" + ` for ` + "`web:a`" + `. Requests with a body need ` + "`Content-Type: application/json`" + `. A parameter or
member that is not known is refused with status 400. The roles are those of [access](../how-to/access.md).

`)
	for i := range routes {
		r := &routes[i]
		fmt.Fprintf(&b, "## %s %s%s\n\n%s %s\n\n", r.method, restPath, r.path, r.summary, r.about)
		fmt.Fprintf(&b, "Role `%s`.", r.role)
		if r.body != nil {
			fmt.Fprintf(&b, " Body: `%s`.", typeName(r.body))
		}
		if r.answer != nil {
			fmt.Fprintf(&b, " Answer: `%s`.", typeName(r.answer))
		}
		b.WriteString("\n\n")
		if len(r.params) > 0 {
			b.WriteString("| parameter | type | |\n|---|---|---|\n")
			for _, p := range r.params {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.name, p.kind, p.help)
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "```sh\n%s\n```\n\n", r.curl())
	}
	return strings.ReplaceAll(strings.TrimRight(b.String(), "\n")+"\n", " \n", "\n")
}

// typeName is the name of a schema of the description.
func typeName(v any) string {
	return strings.NewReplacer("api.", "", "struct ", "").Replace(fmt.Sprintf("%T", v))
}

// curl is an example.
func (r *restRoute) curl() string {
	rest := map[string]string{"GET": "programs", "POST": "config/reread"}[r.method]
	path := strings.NewReplacer("{path...}", rest, "{name}", "web", "{stream}", "stdout", "{node}", "node-2").Replace(r.path)
	address := "http://localhost:9001" + restPath + path
	switch {
	case r.body != nil:
		return fmt.Sprintf("curl -H 'Content-Type: application/json' -d '%s' %s", r.example, address)
	case r.method != "GET":
		return fmt.Sprintf("curl -X %s %s", r.method, address)
	case r.kind == "text/event-stream":
		return "curl -N " + address
	case r.example != "":
		return fmt.Sprintf("curl '%s?%s'", address, r.example)
	}
	return "curl " + address
}

// TestEveryRouteHasARole has the table without gaps.
func TestEveryRouteHasARole(t *testing.T) {
	s, err := New(Config{Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.rest {
		if !slices.Contains([]api.Role{api.Read, api.Operate, api.Admin}, r.role) || r.method != "GET" && r.role == api.Read {
			t.Errorf("%s %s is for the role %q", r.method, r.path, r.role)
		}
		if r.summary == "" || r.handle == nil || r.body != nil && r.example == "" {
			t.Errorf("%s %s lacks something", r.method, r.path)
		}
	}
}
