package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gwaycc/supd"

// A layer is a folder with what is below it, except the layers below it, and the layers that it may import.
type layer struct {
	folder string
	below  []string
	why    string
}

// layers is the order of the packages, from the top: imports point down only.
var layers = []layer{
	{"cmd", []string{"cmd", "ctl", "ctl/api", "ctl/sse", "ctl/server", "ctl/web", "ctl/xmlrpc", "actors", "supervisor/process", "supervisor/logs", "supervisor/workers",
		"supervisor/events", "supervisor/watch", "supervisor/scenario", "supervisor", "confload"}, "a command puts the parts together"},
	{"docs/examples", []string{"actors", "supervisor", "confload"}, "an example shows what an application uses"},
	{"ctl", []string{"ctl/top", "ctl/sse", "ctl/api", "ctl/xmlrpc", "confload"},
		"the client speaks to a server over a connection, nothing of the server side is linked into it"},
	{"ctl/top", []string{"ctl/sse", "ctl/api"}, "the terminal view knows a server by its interface only"},
	{"ctl/server", []string{"ctl/server", "ctl/sse", "ctl/api", "ctl/web", "ctl/xmlrpc", "actors", "supervisor/process", "supervisor/logs", "supervisor/workers",
		"supervisor/events", "supervisor", "confload"}, "the server answers for the tree, it knows neither the commands nor the client"},
	{"ctl/web", nil, "the page is data"},
	{"ctl/api", nil, "what servers and clients speak of is plain types"},
	{"ctl/sse", nil, "a stream of events is read whatever it tells"},
	{"ctl/xmlrpc", nil, "the codec knows values, not where they come from"},
	{"actors", []string{"actors", "supervisor/process", "supervisor/logs", "supervisor/workers", "supervisor/events", "supervisor/watch",
		"supervisor/scenario", "supervisor", "confload"},
		"the tree can be embedded without our servers and commands"},
	{"supervisor/process", []string{"supervisor/process", "supervisor/workers", "supervisor", "confload"}, "processes can be had without the tree"},
	{"supervisor/logs", []string{"supervisor/logs", "supervisor", "confload"}, "logs can be had without the tree"},
	{"supervisor/events", []string{"supervisor/events", "supervisor", "confload"}, "events can be had without the tree"},
	{"supervisor/workers", []string{"supervisor/workers"}, "it knows of nothing"},
	{"supervisor/scenario", []string{"supervisor/scenario", "confload"}, "a script is data, it does not know who plays it"},
	{"supervisor/watch", nil, "files can be watched without the tree"},
	{"supervisor", nil, "the core is at the bottom"},
	{"confload", []string{"confload"}, "a configuration can be read without a supervisor"},
}

// forkers are the folders and files that may start a process, each with its reason.
var forkers = map[string]string{
	"supervisor/process":    "the one package that forks",
	"cmd/bench":             "measures supd from outside, and has a minimal supervisor to compare it with",
	"cmd/supd/daemonize.go": "starts supd itself anew in the background, before there is anything to supervise",
	"cmd/supd/pidproxy.go":  "is a process of its own, which starts one program and waits for it",
}

// starts are the functions that start a process, by package; nil: all of it.
var starts = map[string][]string{
	"os/exec": nil,
	"os":      {"StartProcess"},
	"syscall": {"ForkExec", "StartProcess"},
}

// sourceFile is one file of the module that is no test, whatever system it is for.
type sourceFile struct {
	folder string // below the module, with slashes; "." is the module's own
	name   string // below the module
	ast    *ast.File
	set    *token.FileSet
}

func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []sourceFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, sourceFile{path.Dir(rel), rel, f, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d source files were found", len(files))
	}
	return files
}

func within(folder, of string) bool { return folder == of || strings.HasPrefix(folder, of+"/") }

// layerOf is the layer with the longest folder that folder is within.
func layerOf(folder string) (layer, bool) {
	var best layer
	for _, l := range layers {
		if within(folder, l.folder) && len(l.folder) > len(best.folder) {
			best = l
		}
	}
	return best, best.folder != ""
}

// mayImport tells whether a package of layer l may import the package in folder.
func (l layer) mayImport(folder string) bool {
	target, ok := layerOf(folder)
	return ok && slices.Contains(l.below, target.folder)
}

func TestImportsPointDown(t *testing.T) {
	for _, f := range sourceFiles(t) {
		l, ok := layerOf(f.folder)
		if !ok {
			t.Errorf("%s has no layer: give it one in layers, or put it where it belongs", f.folder)
			continue
		}
		for _, imp := range f.ast.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if target, ours := strings.CutPrefix(p, module+"/"); ours && !l.mayImport(target) {
				t.Errorf("%s imports %s: %s", f.name, target, l.why)
			}
		}
	}
}

func TestOnlyOnePackageStartsProcesses(t *testing.T) {
	const why = "only supervisor/process starts processes, so that each of them is waited for and none is stolen by the reaper"
	for _, f := range sourceFiles(t) {
		allowed := false
		for forker := range forkers {
			allowed = allowed || within(f.name, forker)
		}
		if allowed {
			continue
		}
		for _, use := range startsOf(f.ast) {
			t.Errorf("%s uses %s: %s", f.name, use, why)
		}
	}
}

// startsOf lists what a file uses to start processes.
func startsOf(f *ast.File) []string {
	var found []string
	packages := map[string]string{} // by the name it has in the file
	for _, imp := range f.Imports {
		p, _ := strconv.Unquote(imp.Path.Value)
		functions, ok := starts[p]
		if !ok {
			continue
		}
		if functions == nil {
			found = append(found, p)
			continue
		}
		name := path.Base(p)
		if imp.Name != nil {
			name = imp.Name.Name
		}
		packages[name] = p
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && slices.Contains(starts[packages[x.Name]], s.Sel.Name) {
				found = append(found, packages[x.Name]+"."+s.Sel.Name)
			}
		}
		return true
	})
	return found
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sourceFiles(t) {
		doc := f.ast.Doc.Text()
		word := "Package " + f.ast.Name.Name + " "
		if f.ast.Name.Name == "main" {
			word = "" // a program is described by its own name
		}
		documented[f.folder] = documented[f.folder] || doc != "" && strings.HasPrefix(doc, word)
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a comment above its package clause that begins with \"Package\" and the name", folder)
		}
	}
}

func TestLayersTellRightFromWrong(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"cmd/supd", "ctl/server", true},
		{"ctl/server", "actors", true},
		{"ctl/server", "ctl", false},
		{"actors", "ctl/server", false},
		{"actors", "supervisor/logs", true},
		{"ctl", "actors", false},
		{"ctl", "ctl/server", false},
		{"ctl", "supervisor", false},
		{"ctl", "ctl/xmlrpc", true},
		{"supervisor", "supervisor/logs", false},
		{"supervisor/logs", "supervisor/process", false},
		{"supervisor/events", "supervisor", true},
		{"supervisor/process/proctest", "supervisor/process", true},
		{"confload", "supervisor", false},
	} {
		l, ok := layerOf(c.from)
		if got := ok && l.mayImport(c.to); got != c.want {
			t.Errorf("%s imports %s: allowed %t, want %t", c.from, c.to, got, c.want)
		}
	}
}
