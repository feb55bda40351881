package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/logs"
)

// restPath is where the REST interface is. Everything below it is answered with JSON, errors included.
const restPath = "/api/v1"

// maxRestBody bounds the body of a request, in bytes.
const maxRestBody = 1 << 20

// A restRoute is a row of the table of the REST interface. Dispatching, roles and the OpenAPI document come from it.
type restRoute struct {
	method  string
	path    string // below restPath; a segment {name} stands for any, {path...} at the end for any number of them
	role    api.Role
	summary string
	about   string // more than the summary; "" nothing
	params  []restParam
	// anyParams: there may be any parameters, and they are looked at elsewhere.
	anyParams bool
	body      any // a value of the type of the body; nil: there is none
	answer    any // a value of the type of the answer; nil: none, or no JSON
	kind      string
	status    int // of success; 0: 200
	example   string
	requires  string // name of the parameter that must be given; "" none
	tagged    bool   // its answer has an ETag
	streams   bool   // it also answers events
	resumes   bool   // it knows Last-Event-ID
	handle    func(*restCall) (any, error)
}

// A restParam is a parameter of the query.
type restParam struct {
	name string
	kind string // integer, boolean or string
	help string
}

// A restCall is a request to the REST interface.
type restCall struct {
	server *Server
	route  *restRoute
	r      *http.Request
	w      http.ResponseWriter
	path   map[string]string // values of the segments in braces
	values url.Values
}

// A restError is why a request was refused.
type restError struct {
	status int
	detail string
}

func (e *restError) Error() string { return e.detail }

// serveREST answers everything below restPath.
func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) error {
	route, path, allowed := s.route(r.Method, strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), restPath), "/"))
	if route == nil {
		if allowed != nil {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return &restError{status: http.StatusMethodNotAllowed, detail: "this is answered to " + strings.Join(allowed, ", ")}
		}
		return &restError{status: http.StatusNotFound, detail: "there is nothing at this path; " + restPath + "/openapi.json lists what there is"}
	}
	if err := permit(r.Context(), route.role, r.Method+" "+r.URL.Path); err != nil {
		return err
	}
	c := &restCall{server: s, route: route, r: r, w: w, path: path}
	var err error
	if c.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return &restError{status: http.StatusBadRequest, detail: "the query cannot be read: " + err.Error()}
	}
	for name := range c.values {
		if !route.anyParams && !slices.ContainsFunc(route.params, func(p restParam) bool { return p.name == name }) {
			return &restError{status: http.StatusBadRequest, detail: fmt.Sprintf("there is no parameter %q%s", name, route.paramList())}
		}
	}
	began := time.Now()
	defer func() {
		if w.Header().Get("Content-Type") != eventStream { // which lasts as long as the client wants
			s.exporter.called(route.method+" "+restPath+route.path, time.Since(began))
		}
	}()
	answer, err := route.handle(c)
	if err != nil || answer == nil {
		return err
	}
	return c.write(answer)
}

func (r *restRoute) paramList() string {
	if len(r.params) == 0 {
		return "; there are none"
	}
	var names []string
	for _, p := range r.params {
		names = append(names, p.name)
	}
	return "; there are " + strings.Join(names, ", ")
}

// route finds the row for a request, whose path is given as segments that are escaped, and the values of its segments in braces. Without
// one, allowed are the methods that the path has.
func (s *Server) route(method string, segments []string) (route *restRoute, values map[string]string, allowed []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range s.rest {
		row := &s.rest[i]
		values, ok := row.match(segments)
		switch {
		case !ok:
		case row.method == method:
			return row, values, nil
		case !slices.Contains(allowed, row.method):
			allowed = append(allowed, row.method)
		}
	}
	return nil, nil, allowed
}

// match compares the path of a row with the segments of a request, which are escaped.
func (r *restRoute) match(segments []string) (values map[string]string, ok bool) {
	own := strings.Split(r.path, "/")
	rest := ""
	if last := len(own) - 1; strings.HasSuffix(own[last], "...}") && len(segments) >= len(own) {
		// The value of this one is all that is left, and stays escaped.
		rest = strings.Join(segments[last:], "/")
		own, segments = own[:last], segments[:last]
	}
	if len(own) != len(segments) {
		return nil, false
	}
	for i, segment := range own {
		name, variable := strings.CutPrefix(segment, "{")
		if !variable {
			if segment != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		if values == nil {
			values = map[string]string{}
		}
		values[strings.TrimSuffix(name, "}")] = value
	}
	if rest != "" {
		values["path"] = rest
	}
	return values, true
}

// write answers with JSON.
func (c *restCall) write(answer any) error {
	b, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)+1))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	c.server.answerWithin(c.w)
	if c.route.status != 0 {
		c.w.WriteHeader(c.route.status)
	}
	_, _ = c.w.Write(append(b, '\n')) // an error means that the client has gone
	return nil
}

// problemOf tells an error of a handler to the client; logged is what the log is told, "" nothing.
func problemOf(err error) (p api.Problem, logged string) {
	p.Type = "about:blank"
	var rest *restError
	var fault *actors.Fault
	var plain *httpError
	switch {
	case errors.As(err, &rest):
		p.Status, p.Detail = rest.status, rest.detail
		fault = nil
	case errors.As(err, &fault):
		p.Status, p.Detail, p.Code = faultStatus(fault.Code), fault.Error(), int(fault.Code)
		p.Type = "supd:" + strings.ReplaceAll(strings.ToLower(fault.Code.String()), "_", "-")
	case errors.As(err, &plain):
		p.Status, logged = plain.status, plain.reason
		p.Detail = plain.detail
	default:
		p.Status, logged = http.StatusInternalServerError, err.Error()
	}
	p.Title = http.StatusText(p.Status)
	return p, logged
}

// faultStatus is the HTTP status for a fault.
func faultStatus(code actors.FaultCode) int {
	switch code {
	case actors.BadName, actors.NoFile:
		return http.StatusNotFound
	case actors.IncorrectParameters, actors.BadArguments, actors.BadSignal:
		return http.StatusBadRequest
	case actors.ShutdownState:
		return http.StatusServiceUnavailable
	case actors.CantReread:
		return http.StatusUnprocessableEntity
	case actors.AlreadyStarted, actors.NotRunning, actors.AlreadyAdded, actors.StillRunning:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// writeProblem answers with an error. w has not begun to answer.
func writeProblem(w http.ResponseWriter, p *api.Problem) {
	b, err := json.Marshal(p)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(b)+1))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(b, '\n'))
}

// query is a parameter; "" it is not given.
func (c *restCall) query(name string) string { return c.values.Get(name) }

// integer is a parameter between two bounds, or what it is without.
func (c *restCall) integer(name string, without, least, most int64) (int64, error) {
	text := c.query(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &restError{status: http.StatusBadRequest, detail: fmt.Sprintf("%s is an integer from %d to %d", name, least, most)}
	}
	return n, nil
}

// boolean is a parameter that is false when it is not given.
func (c *restCall) boolean(name string) (bool, error) {
	switch c.query(name) {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, &restError{status: http.StatusBadRequest, detail: name + " is true or false"}
}

// decode reads the body, which must be JSON.
func (c *restCall) decode(v any) error {
	// Forms of other pages cannot have this type without asking first.
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &restError{status: http.StatusUnsupportedMediaType, detail: "the body must be JSON; send Content-Type: application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxRestBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows after the value")
		}
	}
	if err != nil {
		var large *http.MaxBytesError
		var timeout net.Error
		switch {
		case errors.As(err, &large):
			return &restError{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the body is larger than %d bytes", maxRestBody)}
		case errors.As(err, &timeout) && timeout.Timeout():
			return &httpError{status: http.StatusRequestTimeout}
		case err == io.EOF:
			err = errors.New("it is empty")
		}
		return &restError{status: http.StatusBadRequest, detail: "the body cannot be read: " + logs.Clean(err.Error())}
	}
	_, _ = io.Copy(io.Discard, c.r.Body)
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{}) // an action may take longer than a body
	arrived(c.r)
	return nil
}

// program is the one that the path names.
func (c *restCall) program() (*actors.Info, error) {
	name := c.path["name"]
	info, ok := findProgram(c.server.config.Tree, name)
	if !ok {
		return nil, &actors.Fault{Code: actors.BadName, Extra: name}
	}
	return info, nil
}
