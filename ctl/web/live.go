package web

import (
	"embed"
	"io/fs"
)

// LivePolicy is the Content-Security-Policy of the live page: its own scripts and nothing from elsewhere. Scripts cannot make markup
// of texts.
const LivePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

//go:embed app
var app embed.FS

// LivePage is the HTML of the live page, which loads everything else.
func LivePage() []byte {
	page, err := app.ReadFile("app/index.html")
	if err != nil {
		panic("internal error: " + err.Error()) // it is embedded
	}
	return page
}

// App returns a script or style of the live page by its name, such as "app.js".
func App(name string) (data []byte, ok bool) {
	if !fs.ValidPath("app/"+name) || name == "index.html" {
		return nil, false
	}
	data, err := app.ReadFile("app/" + name)
	return data, err == nil
}
