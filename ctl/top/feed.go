package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/sse"
)

// A Server is the supd that is shown. Paths are those below /api/v1.
type Server interface {
	// Do sends a request, with body as JSON unless it is nil, and stores the answer in answer unless that is nil.
	Do(ctx context.Context, method, path string, body, answer any) error
	// Stream opens a stream of server-sent events that goes on behind lastID, unless that is "".
	Stream(ctx context.Context, path, lastID string) (io.ReadCloser, error)
}

const (
	// maxEvent bounds an event, in bytes. The tree of 10,000 programs is about 10 MB.
	maxEvent = 64 << 20
	// again is when to connect again after a stream has ended.
	again = time.Second
	// firstRecords is how many old records a stream begins with.
	firstRecords = 200
	// firstLines is how many lines of a log are shown at first.
	firstLines = 500
)

// livePath is the stream that all is shown from.
var livePath = fmt.Sprintf("/live?usage=true&nodes=all&history=%d", firstRecords)

// programPath is where a program is found.
func programPath(node, namespec string) string {
	return nodePath(node) + "/programs/" + url.PathEscape(namespec)
}

// nodePath is where a node is found; "" is the server itself.
func nodePath(node string) string {
	if node == "" {
		return ""
	}
	return "/nodes/" + url.PathEscape(node)
}

// A connection tells whether the live stream is there.
type connection struct{ err error }

// follow passes on the changes of the live stream until ctx ends. It connects again as often as it must.
func follow(ctx context.Context, s Server, tell func(any)) {
	lastID := ""
	for {
		err := listen(ctx, s, livePath, lastID, func(e sse.Event) error {
			lastID = e.ID
			c, err := readChange(e.Kind, e.Data)
			if err == nil && c.value != nil {
				if c.kind == "hello" && c.node == "" {
					tell(connection{})
				}
				tell(c)
			}
			return err
		})
		if ctx.Err() != nil {
			return
		}
		tell(connection{err})
		t := time.NewTimer(again)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// errEnded says that the server has ended a stream.
var errEnded = errors.New("the server has ended the connection")

// listen hands the events of a stream to take until one of both ends. It never returns nil.
func listen(ctx context.Context, s Server, path, lastID string, take func(sse.Event) error) error {
	body, err := s.Stream(ctx, path, lastID)
	if err != nil {
		return err
	}
	defer body.Close()
	events := sse.NewReader(body, maxEvent)
	for {
		e, err := events.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return errEnded
		case err != nil:
			return err
		}
		if err := take(e); err != nil {
			return err
		}
	}
}

// Snapshot reads the tree and what the programs use: two samples of the same stream, as the first has no CPU yet.
func snapshot(ctx context.Context, s Server) (*world, error) {
	w := newWorld()
	err := listen(ctx, s, "/live?usage=true&nodes=all", "", func(e sse.Event) error {
		c, err := readChange(e.Kind, e.Data)
		if err != nil || c.value == nil {
			return err
		}
		if w.apply(c, time.Now()); w.samples >= 2 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		return nil, err
	}
	return w, nil
}

// errEnough says that there is nothing more to hear.
var errEnough = errors.New("all has been heard")

// act has something done to programs of a node, and tells what has failed.
func act(ctx context.Context, s Server, node string, a api.Action) (done, failed int, err error) {
	var results []api.Result
	if err := s.Do(ctx, "POST", nodePath(node)+"/actions", a, &results); err != nil {
		return 0, 0, err
	}
	for _, r := range results {
		if r.OK {
			done++
		} else {
			if err == nil {
				err = fmt.Errorf("%s: %s", r.Program, r.Error)
			}
			failed++
		}
	}
	return done, failed, err
}
