package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/web"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// The web page of supervisord (compat.md §9): its paths, actions, messages and classes, for bookmarks, health probes and
// scripts that read the HTML. How it looks is in ctl/web.

const (
	// minTail and maxTail bound what tail.html shows, in bytes.
	minTail = 1024
	maxTail = 4 << 20
	// maxForm bounds the body of a form, in bytes.
	maxForm = 64 << 10
)

// pageRoutes are the routes of the page.
func (s *Server) pageRoutes() []route {
	return []route{
		{path: "/", handle: s.serveRoot},
		{path: "/app/", prefix: true, handle: s.serveApp},
		{path: "/index.html", handle: s.serveIndex},
		{path: "/tail.html", handle: s.serveTail},
		{path: "/ok.html", handle: s.serveOK},
		{path: "/stylesheets", prefix: true, handle: s.serveStatic},
		{path: "/images", prefix: true, handle: s.serveStatic},
	}
}

// serveIndex shows the programs, or carries out an action and sends the browser back with what it came to.
func (s *Server) serveIndex(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(w, r)
	if err != nil {
		return err
	}
	message := form.Get("message")
	if action := form.Get("action"); action != "" && r.Method != http.MethodHead {
		if actionWords[action] != "" {
			if err := permit(r.Context(), api.Operate, strings.TrimSpace(action+" "+form.Get("processname"))); err != nil {
				return err
			}
		}
		switch originOf(r) {
		case foreignPage:
			return refuseForeign(r, action)
		case unknownPage:
			if words := actionWords[action]; words != "" && r.Method == http.MethodGet {
				confirm := &web.Confirm{Action: action, Words: words, Name: form.Get("processname")}
				s.writeHTML(w, confirm.HTML())
				return nil
			}
		}
		// The context of the server, not of the request: a restart whose browser goes away is finished.
		message, err := s.act(s.base, action, form.Get("processname"))
		if err != nil {
			return err
		}
		noCache(w.Header())
		w.Header().Set("Location", serverURL(r)+"/?message="+web.Quote(message))
		s.answerWithin(w)
		writePage(w, http.StatusMovedPermanently, errorPage(http.StatusMovedPermanently))
		return nil
	}
	page := &web.Status{Identifier: s.config.Daemon.Identification(), Version: s.config.Release, Message: message}
	now := time.Now()
	for _, i := range s.config.Tree.Infos() {
		page.Programs = append(page.Programs, web.Program{
			Name:        i.Program.NameSpec(),
			State:       strings.ToLower(i.State.String()),
			Mood:        moodOf(i.State),
			Description: html.UnescapeString(string(appendDescription(nil, i, now))),
			Running:     i.State == supervisor.Running,
			Down:        i.State == supervisor.Stopped || i.State == supervisor.Exited || i.State == supervisor.Fatal,
		})
	}
	s.writeHTML(w, page.HTML())
	return nil
}

func moodOf(s supervisor.State) web.Mood {
	switch s {
	case supervisor.Running:
		return web.Running
	case supervisor.Fatal, supervisor.Backoff:
		return web.Trouble
	}
	return web.Nominal
}

// actionWords name the actions that change something.
var actionWords = map[string]string{"stopall": "Stop all programs", "restartall": "Restart all programs", "start": "Start",
	"stop": "Stop", "restart": "Restart", "clearlog": "Clear the log of"}

// act carries out an action and returns the message for the user. What it does not know is an error.
func (s *Server) act(ctx context.Context, action, name string) (string, error) {
	tree := s.config.Tree
	switch action {
	case "refresh":
		return "Page refreshed at " + ctime(), nil
	case "stopall":
		if _, err := tree.StopAll(ctx, true); err != nil {
			return unexpected(err), nil
		}
		return "All stopped at " + ctime(), nil
	case "restartall":
		if _, err := tree.StopAll(ctx, true); err != nil {
			return unexpected(err), nil
		}
		if _, err := tree.StartAll(ctx, true); err != nil {
			return unexpected(err), nil
		}
		return "All restarted at " + ctime(), nil
	}
	if name != "" {
		if _, ok := findProgram(tree, name); !ok {
			return "No such process named " + name, nil
		}
		switch action {
		case "start":
			if err := tree.Start(ctx, name, true); err != nil {
				return "ERROR: Process " + name + ": " + whyNotStarted(err), nil
			}
			return "Process " + name + " started", nil
		case "stop":
			if err := tree.Stop(ctx, name, true); err != nil {
				return unexpected(err), nil
			}
			return "Process " + name + " stopped", nil
		case "restart":
			// One half may fail: it was not running, or does not start. The page that follows shows which.
			_ = tree.Stop(ctx, name, true)
			_ = tree.Start(ctx, name, true)
			return "Process " + name + " restarted", nil
		case "clearlog":
			if err := tree.ClearLogs(ctx, name); err != nil {
				return unexpected(err), nil
			}
			return "Log for " + name + " cleared", nil
		}
	}
	return "", &httpError{status: http.StatusInternalServerError, reason: fmt.Sprintf("the web page has no action %q for the process %q", action, name)}
}

// ctime is the time as C's ctime writes it.
func ctime() string { return time.Now().Format(time.ANSIC) }

func whyNotStarted(err error) string {
	var f *actors.Fault
	if errors.As(err, &f) {
		switch f.Code {
		case actors.NoFile:
			return "no such file"
		case actors.NotExecutable:
			return "file not executable"
		case actors.AlreadyStarted:
			return "already started"
		case actors.SpawnError:
			return "spawn error"
		case actors.AbnormalTermination:
			return "abnormal termination"
		}
	}
	return unexpected(err)
}

// unexpected tells a fault the page has no words of its own for.
func unexpected(err error) string {
	f := &actors.Fault{Code: actors.Failed, Extra: err.Error()}
	errors.As(err, &f)
	return fmt.Sprintf("unexpected rpc fault [%d] %s", f.Code, f.Error())
}

// serveTail shows the end of a program's stdout log.
func (s *Server) serveTail(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(w, r)
	if err != nil {
		return err
	}
	page := &web.Tail{Name: form.Get("processname"), Limit: minTail}
	// supervisord takes digits only for a number; whoever asks for more than an int holds gets the most there is.
	if limit := form.Get("limit"); limit != "" && strings.Trim(limit, "0123456789") == "" {
		n, err := strconv.Atoi(limit)
		if err != nil {
			n = maxTail
		}
		page.Limit = min(max(n, minTail), maxTail)
	}
	page.Text = s.tailText(page)
	s.writeHTML(w, page.HTML())
	return nil
}

func (s *Server) tailText(page *web.Tail) string {
	if page.Name == "" {
		return "No process name found"
	}
	info, ok := findProgram(s.config.Tree, page.Name)
	if !ok {
		return "ERROR: " + unexpected(&actors.Fault{Code: actors.BadName, Extra: page.Name})
	}
	log := info.Stdout()
	if log == nil {
		return "No file for " + page.Name
	}
	data, err := log.Read(-int64(page.Limit), 0)
	if errors.Is(err, logs.ErrNoFile) {
		return "No file for " + page.Name
	}
	if err != nil {
		warnUnread(s.logger, log.Name(), err)
		return "ERROR: " + unexpected(&actors.Fault{Code: actors.Failed, Extra: log.Name()})
	}
	return string(data)
}

// serveOK tells a health probe that the daemon answers.
func (s *Server) serveOK(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.form(w, r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", "2")
	s.answerWithin(w)
	_, _ = io.WriteString(w, "OK")
	return nil
}

// serveStatic serves the embedded files.
func (s *Server) serveStatic(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &httpError{status: http.StatusBadRequest}
	}
	data, dir, ok := web.Static(strings.TrimPrefix(r.URL.Path, "/"))
	if dir {
		w.Header().Set("Location", serverURL(r)+r.URL.Path+"/")
		writePage(w, http.StatusMovedPermanently, errorPage(http.StatusMovedPermanently))
		return nil
	}
	if !ok {
		return &httpError{status: http.StatusNotFound}
	}
	s.serveEmbedded(w, r, data)
	return nil
}

// serveEmbedded answers with a file that is part of the program.
func (s *Server) serveEmbedded(w http.ResponseWriter, r *http.Request, data []byte) {
	sum := sha256.Sum256(data)
	h := w.Header()
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", staticTypes[path.Ext(r.URL.Path)])
	s.answerWithin(w)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// staticTypes are the types of the embedded files.
var staticTypes = map[string]string{".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".gif": "image/gif"}

// form returns the values of the query and, before them, of the body. Of several values of a name the first of the query
// counts, and the last of the body. Other methods than those of a browser are refused.
func (s *Server) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	form := url.Values{}
	query, _ := url.ParseQuery(r.URL.RawQuery) // what is wrong in it is left out
	for name, values := range query {
		form.Set(name, values[0])
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return form, nil
	case http.MethodPost:
	default:
		return nil, &httpError{status: http.StatusBadRequest}
	}
	if originOf(r) == foreignPage {
		return nil, refuseForeign(r, "a form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		status := http.StatusBadRequest
		var large *http.MaxBytesError
		var timeout net.Error
		switch {
		case errors.As(err, &large):
			status = http.StatusRequestEntityTooLarge
		case errors.As(err, &timeout) && timeout.Timeout():
			status = http.StatusRequestTimeout
		}
		return nil, &httpError{status: status}
	}
	// An action may take longer than a body.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	arrived(r)
	posted, _ := url.ParseQuery(string(body))
	for name, values := range posted {
		form.Set(name, values[len(values)-1])
	}
	return form, nil
}

// serverURL is the address a request came to, without a slash at its end. That it came by TLS is known from a proxy, or
// from the browser, which names its page along with a form.
func serverURL(r *http.Request) string {
	scheme, port := "http", "80"
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if strings.EqualFold(strings.TrimSpace(proto), "https") || strings.EqualFold(r.Header.Get("Origin"), "https://"+r.Host) {
		scheme, port = "https", "443"
	}
	host := r.Host
	if host == "" {
		host = "localhost"
		if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
			host = net.JoinHostPort(host, strconv.Itoa(a.Port))
		}
	}
	return scheme + "://" + strings.TrimSuffix(host, ":"+port)
}

func noCache(h http.Header) {
	h.Set("Pragma", "no-cache")
	h.Set("Cache-Control", "no-cache")
	h.Set("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
}

// writeHTML answers with a page of package web.
func (s *Server) writeHTML(w http.ResponseWriter, page []byte) { s.writePage(w, page, web.Policy) }

// writePage answers with a page under a Content-Security-Policy.
func (s *Server) writePage(w http.ResponseWriter, page []byte, policy string) {
	h := w.Header()
	noCache(h)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Type", "text/html;charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	s.answerWithin(w)
	_, _ = w.Write(page)
}

// answerWithin bounds the time a client has for taking an answer.
func (s *Server) answerWithin(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.config.Limits.WriteTimeout))
}
