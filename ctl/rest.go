package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/sse"
)

// restPath is where a supd has its REST interface.
const restPath = "/api/v1"

// errNoREST says that the server has no REST interface.
var errNoREST = errors.New("it has no " + restPath + ": it is supervisord, or a supd older than this client")

// A problem is a refusal of the REST interface.
type problem struct{ api.Problem }

func (p *problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

// Do calls the REST interface at a path below /api/v1, sends body as JSON unless it is nil, and stores the answer, which is JSON,
// in answer unless that is nil. A refusal is told in the words of the server.
func (c *client) Do(ctx context.Context, method, path string, body, answer any) error {
	resp, err := c.rest(ctx, method, path, "application/json", "", body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: answer to %s broke off: %w", c.url, path, err)
	case len(b) > maxReply:
		return fmt.Errorf("%s: answer to %s is longer than %d bytes", c.url, path, maxReply)
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return fmt.Errorf("%s: answer to %s is not understood: %w", c.url, path, err)
	}
	return nil
}

// Stream opens a stream of server-sent events at a path below /api/v1, which goes on behind the event lastID unless that is "". The
// caller closes it; the end of ctx ends it.
func (c *client) Stream(ctx context.Context, path, lastID string) (io.ReadCloser, error) {
	resp, err := c.rest(ctx, http.MethodGet, path, sse.ContentType, lastID, nil)
	if err != nil {
		return nil, err
	}
	if !sse.Is(resp.Header.Get("Content-Type")) {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: the answer to %s is no stream of events", c.url, path)
	}
	return resp.Body, nil
}

func (c *client) rest(ctx context.Context, method, path, accept, lastID string, body any) (resp *http.Response, err error) {
	if c.broken != nil {
		return nil, c.broken
	}
	if begun := time.Now(); c.called != nil {
		defer func() { c.called(method+" "+restPath+path, time.Since(begun), err) }()
	}
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.endpoint, "/RPC2")+restPath+path, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	c.authorize(req)
	if resp, err = c.http.Do(req); err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // which leaves out the made-up address of a socket
		}
		return nil, fmt.Errorf("%s: %w", c.url, err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var refusal problem
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, errAuth
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(b, &refusal.Problem) == nil:
		return nil, &refusal
	case resp.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", c.url, errNoREST)
	}
	return nil, &statusError{c.url, resp.Status, path, resp.StatusCode}
}
