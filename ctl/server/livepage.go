package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gwaycc/supd/ctl/web"
)

// The live page. Its address is also that of supervisord's page, which scripts read: only browsers get the live one there.

// serveRoot answers / .
func (s *Server) serveRoot(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Accept")
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.RawQuery != "" || !wantsPage(r) {
		return s.serveIndex(w, r)
	}
	page := web.LivePage()
	s.writePage(w, page, web.LivePolicy)
	return nil
}

// wantsPage tells whether a browser asks for a page: programs take anything, or say what they are.
func wantsPage(r *http.Request) bool {
	return slices.ContainsFunc(strings.Split(r.Header.Get("Accept"), ","), func(entry string) bool {
		kind, _, _ := strings.Cut(entry, ";")
		return strings.TrimSpace(kind) == "text/html"
	})
}

// serveApp answers with the scripts and the style of the live page.
func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) error {
	if err := onlyRead(w, r); err != nil {
		return err
	}
	data, ok := web.App(strings.TrimPrefix(r.URL.Path, "/app/"))
	if !ok {
		return &httpError{status: http.StatusNotFound}
	}
	s.serveEmbedded(w, r, data)
	return nil
}
