package actors

import (
	"fmt"
	"sync/atomic"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
)

// An outputSink stands before the log of a stream whose output is more than stored: captured between marks, made events of,
// or shown in the debug log (compat.md §5.5, §7.1). Streams of which nothing of this is asked do without one.
type outputSink struct {
	logs.Sink
	tree    *tree
	process events.Process // its pid is set in pid
	pid     atomic.Int64
	channel events.Channel
	events  bool // output is made events of
	debug   bool // output is shown in the main log
	capture events.Capture
	taken   delivery
}

// decorated tells whether output is looked at before it is stored.
func (r *run) decorated(s *confload.Stream) bool {
	return s.EventsEnabled || s.CaptureMaxBytes > 0 || r.tree.logger.IsDebug()
}

// decorate puts before a sink what the configuration of a stream asks for.
func (r *run) decorate(sink logs.Sink, s *confload.Stream, c events.Channel) logs.Sink {
	if r.prog.Kind == confload.KindEventListener && c == events.Stdout {
		return &listenerSink{Sink: sink, tree: r.tree, taken: r.tree.world.delivery(),
			id: listenerID{r.prog.Group, r.entry.index, r.prog.Name, r.life}}
	}
	if !r.decorated(s) {
		return sink
	}
	o := &outputSink{Sink: sink, tree: r.tree, process: events.Process{Name: r.prog.Name, Group: r.prog.Group}, channel: c,
		events: s.EventsEnabled, debug: r.tree.logger.IsDebug(), taken: r.tree.world.delivery()}
	o.capture = events.Capture{MaxBytes: s.CaptureMaxBytes, Text: o.text, Captured: o.captured}
	r.pids = append(r.pids, &o.pid)
	if r.tree.config.Supervisord.StripANSI {
		return logs.Stripped(o) // captured text is stripped as well
	}
	return o
}

// Write implements logs.Sink.
func (o *outputSink) Write(p []byte) (int, error) {
	o.capture.Write(p)
	return len(p), nil
}

// Close implements logs.Sink. What was held back is passed on.
func (o *outputSink) Close() error {
	o.capture.Close()
	return o.Sink.Close()
}

// text takes output that was not captured.
func (o *outputSink) text(b []byte) {
	_, _ = o.Sink.Write(b) // it reports its own errors
	if o.debug {
		o.tree.logger.Debug(fmt.Sprintf("'%s' %s output:\n%s", logs.Clean(o.process.Name), o.channel, events.Readable(b)))
	}
	if o.events {
		o.publish(o.channel.LogType(), func(p events.Process) events.Event { return events.Output(p, o.channel, b) })
	}
}

// captured takes text from between the marks.
func (o *outputSink) captured(b []byte) {
	if o.debug {
		o.tree.logger.Debug(fmt.Sprintf("'%s' %s emitted a comm event", logs.Clean(o.process.Name), o.channel))
	}
	o.publish(o.channel.CommunicationType(), func(p events.Process) events.Event { return events.Captured(p, o.channel, b) })
}

func (o *outputSink) publish(t events.Type, event func(events.Process) events.Event) {
	if !events.Set(o.tree.wanted.Load()).Has(t) {
		return
	}
	p := o.process
	p.Pid = int(o.pid.Load())
	o.tree.deliver(&happened{event(p), o.taken}, o.taken)
}

// A listenerSink hands what a listener writes to its standard output to the event center, piece by piece, besides its log.
type listenerSink struct {
	logs.Sink
	tree  *tree
	id    listenerID
	taken delivery
}

// Write implements logs.Sink.
func (s *listenerSink) Write(p []byte) (int, error) {
	_, _ = s.Sink.Write(p)
	s.tree.deliver(&listenerSaid{s.id, p, s.taken}, s.taken)
	return len(p), nil
}
