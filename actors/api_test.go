package actors

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsAPI keeps testdata/api.txt what an application can use: all that is exported here, and of the packages below
// what is named there, directly or by way of another type, or stands in entrances. A change of it is a change for everybody who
// embeds a tree, so it must show in a diff.
func TestDocsAPI(t *testing.T) {
	const module = "github.com/gwaycc/supd/"
	api := map[string]*apiPackage{}
	for _, dir := range []string{"actors", "confload", "supervisor", "supervisor/events", "supervisor/logs"} {
		api[dir] = readAPI(t, module, dir)
	}
	entrances := map[string][]string{
		"actors":   slices.Sorted(maps.Keys(api["actors"].decls)),
		"confload": {"Load", "Parse", "Options", "Error", "Errors"},
	}
	for dir, names := range entrances {
		for _, name := range names {
			reach(api, dir, name)
		}
	}
	var b strings.Builder
	for _, dir := range slices.Sorted(maps.Keys(api)) {
		p := api[dir]
		fmt.Fprintf(&b, "package %s\n", dir)
		for _, name := range slices.Sorted(maps.Keys(p.decls)) {
			if p.reached[name] {
				fmt.Fprintf(&b, "\n%s\n", strings.Join(p.decls[name].text, "\n"))
			}
		}
		b.WriteString("\n")
	}
	golden.Check(t, "testdata/api.txt", b.String())
}

// An apiPackage is the exported declarations of a package by name: of a type with its constants and methods.
type apiPackage struct {
	decls   map[string]*apiDecl
	reached map[string]bool
}

type apiDecl struct {
	text []string
	uses []apiName
}

type apiName struct{ dir, name string }

// reach marks a declaration and all that it uses.
func reach(api map[string]*apiPackage, dir, name string) {
	p := api[dir]
	if p == nil || p.reached[name] || p.decls[name] == nil {
		return
	}
	p.reached[name] = true
	for _, use := range p.decls[name].uses {
		reach(api, use.dir, use.name)
	}
}

func readAPI(t *testing.T, module, dir string) *apiPackage {
	t.Helper()
	from := filepath.Join("..", filepath.FromSlash(dir))
	files, err := build.ImportDir(from, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &apiPackage{map[string]*apiDecl{}, map[string]bool{}}
	for _, name := range files.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(from, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		imports := map[string]string{}
		for _, i := range f.Imports {
			full, _ := strconv.Unquote(i.Path.Value)
			imports[path.Base(full)] = strings.TrimPrefix(full, module)
		}
		ast.FileExports(f)
		for _, d := range f.Decls {
			p.add(t, dir, imports, d)
		}
	}
	return p
}

// add takes a top-level declaration, of which only what is exported is left.
func (p *apiPackage) add(t *testing.T, dir string, imports map[string]string, d ast.Decl) {
	if f, ok := d.(*ast.FuncDecl); ok {
		f.Body = nil
		name := f.Name.Name
		if f.Recv != nil {
			name = baseName(f.Recv.List[0].Type)
		}
		p.enter(t, dir, imports, name, d)
		return
	}
	g := d.(*ast.GenDecl)
	switch g.Tok {
	case token.TYPE:
		for _, s := range g.Specs {
			p.enter(t, dir, imports, s.(*ast.TypeSpec).Name.Name, &ast.GenDecl{Tok: g.Tok, Specs: []ast.Spec{s}})
		}
	case token.CONST, token.VAR:
		for _, s := range g.Specs { // a block stands with the first type it has, otherwise by its first name
			if typ := s.(*ast.ValueSpec).Type; typ != nil {
				p.enter(t, dir, imports, baseName(typ), d)
				return
			}
		}
		if len(g.Specs) > 0 {
			p.enter(t, dir, imports, g.Specs[0].(*ast.ValueSpec).Names[0].Name, d)
		}
	}
}

// enter puts a declaration under a name. Methods and constants of types that are not exported are left out.
func (p *apiPackage) enter(t *testing.T, dir string, imports map[string]string, name string, d ast.Decl) {
	t.Helper()
	if !ast.IsExported(name) {
		return
	}
	var text strings.Builder
	ast.Inspect(d, func(n ast.Node) bool {
		if s, ok := n.(*ast.StructType); ok {
			s.Incomplete = false // says that fields are left out, at a place where it does not belong
		}
		return true
	})
	if err := layout.Fprint(&text, token.NewFileSet(), d); err != nil {
		t.Fatal(err)
	}
	if p.decls[name] == nil {
		p.decls[name] = &apiDecl{}
	}
	e := p.decls[name]
	e.text = append(e.text, text.String())
	slices.SortStableFunc(e.text, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			ast.Inspect(n.Type, func(n ast.Node) bool { return e.use(n, dir, imports) })
			return false
		default:
			return e.use(n, dir, imports)
		}
	})
}

// layout is that of gofmt.
var layout = printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}

// rank orders the declarations that stand under one name: the type, its constants, then functions and methods by their text.
func rank(text string) string {
	switch {
	case strings.HasPrefix(text, "type"):
		return "0"
	case strings.HasPrefix(text, "const"), strings.HasPrefix(text, "var"):
		return "1"
	}
	return "2" + text
}

// use notes which declaration a node names.
func (e *apiDecl) use(n ast.Node, dir string, imports map[string]string) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			e.uses = append(e.uses, apiName{imports[x.Name], n.Sel.Name})
		}
		return false
	case *ast.Ident:
		e.uses = append(e.uses, apiName{dir, n.Name})
	}
	return true
}

// baseName is the name of a type without pointer and parameters.
func baseName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return baseName(e.X)
	case *ast.IndexExpr:
		return baseName(e.X)
	}
	return ""
}
