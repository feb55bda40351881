package supervisor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// forbiddenImports says what the core must not import, each with its reason. A name covers the packages below it too.
var forbiddenImports = []struct{ path, why string }{
	{"os", "the core does no I/O and starts no process: it asks for it with an effect"},
	{"net", "the core does no I/O"},
	{"io", "the core does no I/O"},
	{"syscall", "the core makes no system call: it asks for it with an effect"},
	{"golang.org/x/sys", "the core makes no system call: it asks for it with an effect"},
	{"sync", "the core is values and functions: nothing is shared, so there is nothing to lock"},
	{"context", "nothing in the core waits, so there is nothing to cancel"},
	{"log", "a line for the log is a Log effect, so that transcripts show it"},
	{"math/rand", "the same arguments always give the same results"},
	{"crypto/rand", "the same arguments always give the same results"},
	{"unsafe", "the core is values and functions"},
	{"github.com/asynkron/protoactor-go", "actors use the core, the core does not know of them"},
	{"github.com/gwaycc/supd", "the core is at the bottom: everything else uses it"},
}

// core is this package.
const core = "github.com/gwaycc/supd/supervisor"

// forbiddenCalls says what the core must not use of package time, each with its reason.
var forbiddenCalls = map[string]string{
	"Now":       "time comes in with an event or an argument",
	"Since":     "time comes in with an event or an argument",
	"Until":     "time comes in with an event or an argument",
	"Sleep":     "nothing in the core waits: it asks for a timer with an Arm effect",
	"After":     "a timer is an Arm effect, and its end a TimerFired event with the number of the life",
	"AfterFunc": "a timer is an Arm effect, and its end a TimerFired event with the number of the life",
	"NewTimer":  "a timer is an Arm effect, and its end a TimerFired event with the number of the life",
	"NewTicker": "a timer is an Arm effect, and its end a TimerFired event with the number of the life",
	"Tick":      "a timer is an Arm effect, and its end a TimerFired event with the number of the life",
}

func TestTheCoreIsPure(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	events, err := filepath.Glob("events/*.go")
	if err != nil || len(events) == 0 {
		t.Fatalf("no files of the event system: %v", err)
	}
	files = append(files, events...)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, breach := range breaches(t, file, string(src)) {
			t.Error(breach)
		}
	}
}

func TestBreachesOfPurityAreFound(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`import "sync"`, `imports sync`},
		{`import "os/exec"`, `imports os/exec`},
		{`import "log/slog"`, `imports log/slog`},
		{`import "time"; var x = time.Now()`, `uses time.Now`},
		{`import clock "time"; var x = clock.After`, `uses time.After`},
		{`import . "time"; var x = Now`, `imports time with a dot`},
		{`func f() { go f() }`, `starts a goroutine`},
		{`import "github.com/gwaycc/supd/supervisor/logs"`, `imports github.com/gwaycc/supd/supervisor/logs`},
		{`import "time"; var x time.Duration`, ``},
	} {
		got := strings.Join(breaches(t, "x.go", "package x; "+c.src), "\n")
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", c.src, got, c.want)
		}
	}
}

// breaches lists what a file of the core does that it must not do.
func breaches(t *testing.T, file, src string) []string {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	add := func(at token.Pos, what, why string) {
		found = append(found, set.Position(at).String()+": "+what+": "+why)
	}
	timeName := ""
	for _, imp := range f.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if path == core && strings.HasPrefix(file, "events/") {
			continue // the event system is told of the core's transitions
		}
		for _, no := range forbiddenImports {
			if path == no.path || strings.HasPrefix(path, no.path+"/") {
				add(imp.Pos(), "imports "+path, no.why)
			}
		}
		if path != "time" {
			continue
		}
		timeName = "time"
		if imp.Name != nil {
			timeName = imp.Name.Name
		}
		if timeName == "." {
			add(imp.Pos(), "imports time with a dot", "its clock could not be told from our own functions")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n.Pos(), "starts a goroutine", "the core is called, it never runs by itself")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && timeName != "" && x.Name == timeName {
				if why, ok := forbiddenCalls[n.Sel.Name]; ok {
					add(n.Pos(), "uses time."+n.Sel.Name, why)
				}
			}
		}
		return true
	})
	return found
}
