package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gwaycc/supd/ctl/sse"
)

const (
	// remoteSilence is how long a live stream of another node may be silent before the node counts as gone: it sends a comment each pingEvery.
	remoteSilence = 60 * time.Second
	// remoteAgain is when a node that is gone is tried again at first; it doubles up to remoteRarely.
	remoteAgain  = time.Second
	remoteRarely = 30 * time.Second
)

// remoteKinds are the events of another node that are passed on.
var remoteKinds = []string{"hello", "tree", "programs", "groups", "record", "server", "usage", "missed"}

// errSilent says that a node tells nothing any more.
var errSilent = errors.New("it has been silent for a minute")

// followRemotes passes on the live streams of all other nodes, as events of the kind remote, until stop is called.
func (s *Server) followRemotes(ctx context.Context, usage bool, history int64) (events <-chan []byte, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan []byte)
	tell := func(node, kind string, data []byte) error {
		select {
		case out <- remoteFrame(node, kind, data):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var all sync.WaitGroup
	for _, r := range s.remotes {
		all.Go(func() {
			defer s.live.harmless()
			r.follow(ctx, usage, history, func(kind string, data []byte) error {
				r.note(s.logger, kind, data)
				return tell(r.Name, kind, data)
			})
		})
	}
	return out, func() {
		cancel()
		all.Wait()
	}
}

// remoteFrame is an event of another node. data is JSON.
func remoteFrame(node, kind string, data []byte) []byte {
	value, err := json.Marshal(struct {
		Node  string          `json:"node"`
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	}{node, kind, data})
	if err != nil {
		panic("internal error: " + err.Error()) // data was looked at
	}
	return appendEvent(nil, "remote", "", value)
}

// follow tells what a node tells, and when it is gone, until ctx ends.
func (r *remote) follow(ctx context.Context, usage bool, history int64, tell func(kind string, data []byte) error) {
	lastID, wait := "", remoteAgain
	for {
		err := r.listen(ctx, fmt.Sprintf("/live?usage=%t&history=%d", usage, history), lastID, func(e sse.Event) error {
			if lastID = e.ID; e.Kind == "hello" {
				wait = remoteAgain
			}
			return tell(e.Kind, e.Data)
		})
		if ctx.Err() != nil {
			return
		}
		data, _ := json.Marshal(map[string]string{"error": whyOffline(err)})
		if tell("offline", data) != nil || pause(ctx, wait) != nil {
			return
		}
		wait = min(2*wait, remoteRarely)
	}
}

// listen hands the events of a live stream to take until one of both ends. It never returns nil.
func (r *remote) listen(parent context.Context, path, lastID string, take func(sse.Event) error) (err error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	silence := time.AfterFunc(remoteSilence, func() { cancel(errSilent) })
	defer silence.Stop()
	defer func() {
		if errors.Is(context.Cause(ctx), errSilent) && parent.Err() == nil {
			err = errSilent
		}
	}()
	header := http.Header{"Accept": {sse.ContentType}}
	if _, bad := strconv.ParseUint(lastID, 10, 64); bad == nil {
		header.Set("Last-Event-Id", lastID)
	}
	resp, err := r.send(ctx, http.MethodGet, path, header, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return err
	}
	if !sse.Is(resp.Header.Get("Content-Type")) {
		return errors.New("it answers, but not with a live stream: is it supd?")
	}
	events := sse.NewReader(hearing{resp.Body, silence}, maxRemoteAnswer)
	for {
		e, err := events.Next()
		switch {
		case err != nil:
			return err
		case !slices.Contains(remoteKinds, e.Kind):
			continue
		case !json.Valid(e.Data):
			return errors.New("it tells what is not JSON")
		}
		silence.Stop() // a client that is slow to take it is not the fault of the node
		if err := take(e); err != nil {
			return err
		}
		silence.Reset(remoteSilence)
	}
}

// hearing puts off a timer with everything that is read.
type hearing struct {
	io.Reader
	silence *time.Timer
}

func (h hearing) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.silence.Reset(remoteSilence)
	return n, err
}
