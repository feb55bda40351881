package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
)

// A listener of the live stream, or of records only.
type follower struct {
	server *Server
	out    *sseStream
	wants  func(*frame) bool
	tree   bool          // it is shown the tree
	usage  bool          // and what programs use
	nodes  bool          // and the same of other nodes
	remote <-chan []byte // events of them
	since  *int64        // number of the last record that it knows; with a negative one it gets the last -since; nil: it does not say
	record uint64        // number of the last record that it has got, or does not want
}

// serveLive answers /live.
func (c *restCall) serveLive() (any, error) {
	usage, err := c.boolean("usage")
	if err != nil {
		return nil, err
	}
	nodes := c.query("nodes")
	if nodes != "" && nodes != "all" {
		return nil, &restError{status: http.StatusBadRequest, detail: "nodes may be all"}
	}
	f := &follower{server: c.server, tree: true, usage: usage, nodes: nodes != "", wants: func(f *frame) bool { return usage || f.kind != usageFrame }}
	if usage {
		defer c.server.sampler.look()()
	}
	return nil, c.follow(f)
}

// serveEvents answers /events: a stream of records, or some of those that are kept.
func (c *restCall) serveEvents() (any, error) {
	name := c.query("name")
	since, err := c.since()
	if err != nil {
		return nil, err
	}
	if wantsEvents(c.r) {
		for _, param := range []string{"max", "wait"} {
			if c.query(param) != "" {
				return nil, &restError{status: http.StatusBadRequest, detail: param + " is not for a stream, which goes on for as long as the client wants"}
			}
		}
		f := &follower{server: c.server, wants: func(f *frame) bool { return f.record != nil && concerns(f.record, name) }}
		if c.query("since") != "" {
			f.since = &since
		}
		return nil, c.follow(f)
	}
	limit, err := c.integer("max", defRecords, 1, maxRecords)
	if err != nil {
		return nil, err
	}
	wait, err := c.integer("wait", 0, 0, maxWaitTime)
	if err != nil {
		return nil, err
	}
	records, next, missed := historyOf(c.r.Context(), c.server.config.Tree, since, int(limit), name, time.Duration(wait)*time.Second)
	return &api.History{Records: recordViews(records), Next: next, History: c.server.config.Tree.HistoryID(), Missed: missed}, nil
}

// recordID names a record for clients that come again, also to another history.
func recordID(tree Tree, seq uint64) string { return fmt.Sprintf("%d-%s", seq, tree.HistoryID()) }

// parseRecordID reads a name of a record, or its number. One of another history is 0: all that there is now is new.
func parseRecordID(tree Tree, text string) (seq uint64, ok bool) {
	number, history, named := strings.Cut(text, "-")
	seq, err := strconv.ParseUint(number, 10, 53)
	if named && history != tree.HistoryID() {
		seq = 0
	}
	return seq, err == nil
}

// since is the parameter of that name: the number or name of a record, or a negative number of records.
func (c *restCall) since() (int64, error) {
	if seq, ok := parseRecordID(c.server.config.Tree, c.query("since")); ok {
		return int64(seq), nil
	}
	return c.integer("since", 0, -maxRecords, 1<<53)
}

// follow streams frames to a client until it goes.
func (c *restCall) follow(f *follower) error {
	history, err := c.integer("history", 0, 0, maxRecords)
	if err != nil {
		return err
	}
	if c.r.Method == http.MethodHead {
		describeSSE(c.w)
		return nil
	}
	ctx, err := c.server.watchers.begin(c.r.Context(), "")
	if err != nil {
		return err
	}
	defer c.server.watchers.finish(ctx)
	hub := &c.server.live
	hub.join()
	defer hub.leave()
	whole, at := hub.begin()
	f.record = at.record
	switch last, ok := parseRecordID(c.server.config.Tree, c.r.Header.Get("Last-Event-ID")); {
	case ok:
		f.record = knownSince(c.server.config.Tree, last)
	case f.since != nil && *f.since >= 0:
		f.record = knownSince(c.server.config.Tree, uint64(*f.since))
	case f.since != nil:
		f.record = at.record - min(at.record, uint64(-*f.since))
	case history > 0:
		f.record = at.record - min(at.record, uint64(history))
	}
	if f.out, err = c.server.openSSE(ctx, c.w); err != nil {
		return nil // the client has gone
	}
	defer f.out.close()
	if f.tree {
		if f.out.send(encodeFrame("hello", "", c.server.view(callerOf(c.r.Context())))) != nil {
			return nil
		}
	}
	if f.nodes {
		var stop func()
		f.remote, stop = c.server.followRemotes(ctx, f.usage, history)
		defer stop()
	}
	for {
		if f.start(whole, at) != nil || f.goOn(hub, at) != nil {
			return nil
		}
		whole, at = hub.begin() // it has fallen out of the ring
	}
}

// start shows a client the tree, and the records up to where the frames begin.
func (f *follower) start(whole []byte, at position) error {
	if f.tree {
		if err := f.out.send(whole); err != nil {
			return err
		}
	}
	if f.record >= at.record {
		return nil
	}
	records, missed := f.server.config.Tree.History(f.record, 0)
	if missed > 0 {
		data, _ := json.Marshal(map[string]uint64{"missed": missed})
		if err := f.out.send(appendEvent(nil, "missed", "", data)); err != nil {
			return err
		}
	}
	var events [][]byte
	for i := range records {
		r := &records[i]
		if r.Seq > at.record {
			break
		}
		f.record = r.Seq
		if f.wants(&frame{kind: recordFrame, record: r}) {
			events = append(events, encodeFrame(recordFrame, recordID(f.server.config.Tree, r.Seq), recordView(r)))
		}
	}
	return f.out.send(events...)
}

// goOn passes frames on. nil: some were lost.
func (f *follower) goOn(hub *liveHub, at position) error {
	ping := time.NewTimer(pingEvery)
	defer ping.Stop()
	for {
		frames, news, lost := hub.after(at)
		if lost {
			return nil
		}
		var events [][]byte
		for i := range frames {
			if r := frames[i].record; r != nil {
				f.record = r.Seq
			}
			if f.wants(&frames[i]) {
				events = append(events, frames[i].event)
			}
		}
		at.next += uint64(len(frames))
		if len(events) > 0 {
			if err := f.out.send(events...); err != nil {
				return err
			}
			ping.Reset(pingEvery)
			continue // there may be more by now
		}
		select {
		case <-news:
		case event := <-f.remote:
			if err := f.out.send(event); err != nil {
				return err
			}
			ping.Reset(pingEvery)
		case <-ping.C:
			if err := f.out.ping(); err != nil {
				return err
			}
			ping.Reset(pingEvery)
		case <-f.out.ctx.Done():
			return f.out.ctx.Err()
		}
	}
}

// concerns tells whether a record is about a name: a process, group:* or everything.
func concerns(r *actors.Record, name string) bool { return len(about([]actors.Record{*r}, name)) > 0 }
