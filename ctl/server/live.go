package server

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/logs"
)

// The live stream shows the tree as it changes. One goroutine looks at what has changed whenever something has, and turns it into
// frames: events as they go to clients, encoded once for all. The last frames are kept in a ring that clients follow at their own pace.
// Nothing waits for a client: one that has fallen out of the ring gets the whole tree anew. While nobody follows there is no
// goroutine, no ring and no cost.

const (
	// liveGap is the least time between two looks: what happens meanwhile is gathered. The first one after a pause is made at once.
	liveGap = 50 * time.Millisecond
	// ringBytes is how much of the frames is kept for clients that are slow.
	ringBytes = 4 << 20
)

// The kinds of frames.
const (
	treeFrame     = "tree"
	programsFrame = "programs"
	groupsFrame   = "groups"
	recordFrame   = "record"
	serverFrame   = "server"
	usageFrame    = "usage"
)

// A frame is an event for all clients.
type frame struct {
	kind   string
	record *actors.Record // of a recordFrame
	event  []byte
}

// liveHub makes the frames.
type liveHub struct {
	server *Server

	mu      sync.Mutex
	users   int
	running bool
	cancel  context.CancelFunc // ends the goroutine
	ring    []frame
	next    uint64 // number of the frame that comes next
	size    int    // bytes of the ring
	news    chan struct{}

	// What those know who have read all frames.
	groups  []actors.GroupInfo
	version uint64
	whole   []byte // groups as a treeFrame; nil: nobody has asked for it since they have changed
	record  uint64 // number of the last record
	state   string // of the daemon
	sample  uint64 // number of the last sample
}

// A position is where a client stands in the frames.
type position struct {
	next   uint64
	record uint64 // number of the last record before it
}

// join has frames made. The caller calls leave in the end.
func (h *liveHub) join() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users++
	if h.running {
		return
	}
	if h.next == 0 {
		h.news, h.next = make(chan struct{}), 1
	}
	tree := h.server.config.Tree
	h.version = tree.Version()
	h.groups, h.whole = tree.Groups(), nil
	if records, _ := tree.History(0, 0); len(records) > 0 {
		h.record = records[len(records)-1].Seq
	}
	_, h.state = h.server.config.Daemon.State()
	h.sample, _ = h.server.sampler.last()
	ctx, cancel := context.WithCancel(h.server.base)
	h.cancel, h.running = cancel, true
	go h.run(ctx)
}

// leave ends what join has begun.
func (h *liveHub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users--; h.users > 0 || !h.running {
		return
	}
	h.cancel()
	h.running = false
	h.next += uint64(1)
	h.ring, h.size, h.groups, h.whole = nil, 0, nil, nil
}

// begin returns the present tree as an event, and where a client that knows it goes on.
func (h *liveHub) begin() (whole []byte, at position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole == nil {
		h.whole = encodeFrame(treeFrame, "", treeView(h.groups, h.server.treeVersion(h.version, h.groups), time.Now()))
	}
	return h.whole, position{h.next, h.record}
}

// after returns the frames from a position on, and a channel that is closed when there are more. lost: some of them are gone.
func (h *liveHub) after(at position) (frames []frame, news <-chan struct{}, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	behind := h.next - at.next
	if behind > uint64(len(h.ring)) {
		return nil, nil, true
	}
	return slices.Clone(h.ring[uint64(len(h.ring))-behind:]), h.news, false
}

// run makes frames until ctx ends.
func (h *liveHub) run(ctx context.Context) {
	defer h.rescue(ctx)
	tree, sampler := h.server.config.Tree, h.server.sampler
	for {
		h.mu.Lock()
		version, record, sample := h.version, h.record, h.sample
		h.mu.Unlock()
		select {
		case <-tree.VersionAfter(version):
		case <-tree.HistoryAfter(record):
		case <-sampler.after(sample):
		case <-tree.Done():
			h.look(ctx)
			return
		case <-ctx.Done():
			return
		}
		looked := time.Now()
		h.look(ctx)
		if pause(ctx, liveGap-time.Since(looked)) != nil {
			return
		}
	}
}

// rescue notes a bug. Clients are sent away; the next one begins anew.
func (h *liveHub) rescue(ctx context.Context) {
	bug := recover()
	if bug != nil {
		logs.Critical(h.server.logger, "the live stream failed: %s\n%s", logs.Clean(fmt.Sprint(bug)), debug.Stack())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if bug == nil || ctx.Err() != nil {
		return
	}
	h.running = false
	h.next += uint64(len(h.ring)) + 1 // everybody has lost something
	h.ring, h.size = nil, 0
	h.tell()
}

// harmless has a bug of ours end no more than the goroutine that it is in.
func (h *liveHub) harmless() {
	if bug := recover(); bug != nil {
		logs.Critical(h.server.logger, "a stream failed: %s\n%s", logs.Clean(fmt.Sprint(bug)), debug.Stack())
	}
}

// tell wakes those who wait for frames. The caller holds h.mu.
func (h *liveHub) tell() {
	close(h.news)
	h.news = make(chan struct{})
}

// look makes frames of what has changed.
func (h *liveHub) look(ctx context.Context) {
	tree := h.server.config.Tree
	version := tree.Version()
	groups := tree.Groups()
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return // the last one has left
	}
	now := time.Now()
	before := h.next
	if version != h.version {
		was := h.groups
		h.groups, h.version, h.whole = groups, version, nil
		h.compare(was, now)
	}
	records, _ := tree.History(h.record, 0)
	for i := range records {
		r := &records[i]
		h.record = r.Seq
		h.add(frame{recordFrame, r, encodeFrame(recordFrame, recordID(tree, r.Seq), recordView(r))})
	}
	if _, state := h.server.config.Daemon.State(); state != h.state {
		h.state = state
		h.add(frame{serverFrame, nil, encodeFrame(serverFrame, "", h.server.view(caller{}))})
	}
	if n, usage := h.server.sampler.last(); n != h.sample {
		h.sample = n
		h.add(frame{usageFrame, nil, encodeFrame(usageFrame, "", usage)})
	}
	if h.next != before {
		h.tell()
	}
}

// compare makes frames of what is not as it was. The caller holds h.mu.
func (h *liveHub) compare(was []actors.GroupInfo, now time.Time) {
	if !sameMembers(was, h.groups) {
		h.whole = encodeFrame(treeFrame, "", treeView(h.groups, h.server.treeVersion(h.version, h.groups), now))
		h.add(frame{treeFrame, nil, h.whole})
		return
	}
	var programs []api.Program
	var groups []api.Group
	for i := range h.groups {
		g := &h.groups[i]
		if !sameGroup(&was[i], g) {
			groups = append(groups, groupView(g))
		}
		for j := range g.Programs {
			if p, old := &g.Programs[j], &was[i].Programs[j]; p.Info != old.Info || !slices.Equal(p.Needs, old.Needs) {
				programs = append(programs, programView(p, now))
			}
		}
	}
	if programs != nil {
		h.add(frame{programsFrame, nil, encodeFrame(programsFrame, "", programs)})
	}
	if groups != nil {
		h.add(frame{groupsFrame, nil, encodeFrame(groupsFrame, "", groups)})
	}
}

// add puts a frame into the ring. The caller holds h.mu.
func (h *liveHub) add(f frame) {
	h.ring = append(h.ring, f)
	h.next++
	h.size += len(f.event)
	gone := 0
	for h.size > ringBytes && gone < len(h.ring)-1 {
		h.size -= len(h.ring[gone].event)
		gone++
	}
	if gone > 0 {
		h.ring = slices.Clone(h.ring[gone:])
	}
}

// sameMembers tells whether there are the same groups and programs in the same order, with the same configuration.
func sameMembers(a, b []actors.GroupInfo) bool {
	return slices.EqualFunc(a, b, func(x, y actors.GroupInfo) bool {
		return x.Name == y.Name && x.Priority == y.Priority && x.Parent == y.Parent && slices.Equal(x.Members, y.Members) &&
			slices.EqualFunc(x.Programs, y.Programs, func(p, q actors.ProgramInfo) bool {
				return p.Program == q.Program || p.Program.Name == q.Program.Name && p.Program.Priority == q.Program.Priority
			})
	})
}

// sameGroup tells whether two groups stand the same, but for their programs and for the time that passes.
func sameGroup(a, b *actors.GroupInfo) bool {
	if a.Strategy != b.Strategy || a.AutoShutdown != b.AutoShutdown || a.Done != b.Done || a.Significant != b.Significant ||
		(a.Budget == nil) != (b.Budget == nil) {
		return false
	}
	if a.Budget == nil {
		return true
	}
	x, y := *a.Budget, *b.Budget
	x.Refill, y.Refill = 0, 0
	return x == y
}

// encodeFrame makes an event of a value of package api.
func encodeFrame(kind, id string, value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic("internal error: " + err.Error()) // such values have no cycles and no functions
	}
	return appendEvent(make([]byte, 0, len(data)+len(kind)+len(id)+32), kind, id, data)
}
