package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor/logs"
)

const (
	defLines = 200
	maxLines = 10_000
	// lineBytes is how long a line counts for when the end of a log is looked for.
	lineBytes = 400
	// maxFirst bounds what is read of a log before its last lines are sent, in bytes.
	maxFirst = 2 * maxLines * lineBytes
)

// A source is a log by the name of its stream. log is nil while there is none.
type source struct {
	name string
	log  func() logs.Log
}

func (c *restCall) serveMainLog() (any, error) {
	main := source{"main", func() logs.Log {
		if path := c.server.config.Daemon.MainLog(); path != "" {
			return logs.At(path)
		}
		return nil
	}}
	return nil, c.serveLog("supd", "", main)
}

func (c *restCall) serveProgramLog() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	name := info.Program.NameSpec()
	of := func(stream string, log channel) source {
		return source{stream, func() logs.Log {
			if i, ok := c.server.config.Tree.Info(name); ok {
				return log(i)
			}
			return nil
		}}
	}
	stdout, stderr := of("stdout", stdoutLog), of("stderr", stderrLog)
	switch c.path["stream"] {
	case "stdout":
		return nil, c.serveLog(name, info.Program.Group, stdout)
	case "stderr":
		return nil, c.serveLog(name, info.Program.Group, stderr)
	case "both":
		if follow, err := c.boolean("follow"); err != nil {
			return nil, err
		} else if !follow {
			return nil, badAction("both streams together can only be followed; add follow=true, or read stdout and stderr")
		}
		return nil, c.serveLog(name, info.Program.Group, stdout, stderr)
	}
	return nil, &restError{status: http.StatusNotFound, detail: "the stream is stdout, stderr or both"}
}

// serveLog answers with a part of a log, or follows logs.
func (c *restCall) serveLog(name, group string, sources ...source) error {
	lines, err := c.integer("lines", defLines, 0, maxLines)
	if err != nil {
		return err
	}
	follow, err := c.boolean("follow")
	if err != nil {
		return err
	}
	download, err := c.boolean("download")
	switch {
	case err != nil:
		return err
	case follow:
		return c.followLogs(group, lines, sources)
	}
	log := sources[0].log()
	if log == nil {
		return &actors.Fault{Code: actors.NoFile, Extra: name}
	}
	if download {
		return c.download(name+"-"+sources[0].name+".log", log)
	}
	text, err := c.window(log, lines)
	if err != nil {
		return logFault(log, err)
	}
	return c.writeText(text)
}

// window reads what the parameters ask for.
func (c *restCall) window(log logs.Log, lines int64) ([]byte, error) {
	offset, err := c.integer("offset", 0, -1<<53, 1<<53)
	if err != nil {
		return nil, err
	}
	length, err := c.integer("length", 0, 0, maxWindow)
	if err != nil {
		return nil, err
	}
	if c.query("offset") == "" && c.query("length") == "" {
		if lines == 0 {
			if _, ok := log.Size(); !ok {
				return nil, logs.ErrNoFile
			}
			return nil, nil
		}
		return readLines(log, lines)
	}
	if size, ok := log.Size(); ok {
		if err := bounded(log, size, offset, length); err != nil {
			return nil, err
		}
	}
	return log.Read(offset, length)
}

// readLines reads the last lines of a log, as far as they are no more than maxFirst bytes together: the first one is cut only if there is
// none besides.
func readLines(log logs.Log, lines int64) ([]byte, error) {
	for size := lines * lineBytes; ; size *= 4 {
		size = min(size, maxFirst)
		text, err := log.Read(-size, 0)
		if err != nil {
			return nil, err
		}
		last := lastLines(text, int(lines))
		switch {
		case len(last) < len(text) || int64(len(text)) < size: // they are whole
			return last, nil
		case size < maxFirst:
			continue
		}
		if _, whole, ok := bytes.Cut(last, []byte("\n")); ok && len(whole) > 0 {
			return whole, nil
		}
		return last, nil
	}
}

// lastLines is the last n lines of a text.
func lastLines(text []byte, n int) []byte {
	if n <= 0 {
		return nil
	}
	end := len(bytes.TrimSuffix(text, []byte("\n")))
	for range n {
		if end = bytes.LastIndexByte(text[:end], '\n'); end < 0 {
			return text
		}
	}
	return text[end+1:]
}

// logFault is why a log could not be read, for the client.
func logFault(log logs.Log, err error) error {
	switch {
	case errors.Is(err, logs.ErrNoFile):
		return missing(log.Name())
	case errors.Is(err, logs.ErrBadArguments):
		return &actors.Fault{Code: actors.BadArguments}
	}
	return err
}

func (c *restCall) writeText(text []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	c.server.answerWithin(c.w)
	_, _ = c.w.Write(text)
	return nil
}

// download sends a whole log, up to what is in it now.
func (c *restCall) download(name string, log logs.Log) error {
	size, ok := log.Size()
	if !ok {
		return missing(log.Name())
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(name)+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	control := http.NewResponseController(c.w)
	for offset := int64(0); offset < size; {
		text, err := log.Read(offset, min(size-offset, 1<<20))
		if err != nil || len(text) == 0 {
			if offset == 0 && err != nil {
				return logFault(log, err)
			}
			return nil // it was emptied meanwhile
		}
		_ = control.SetWriteDeadline(time.Now().Add(c.server.config.Limits.StreamTimeout))
		if _, err := c.w.Write(text); err != nil {
			return nil
		}
		offset += int64(len(text))
	}
	return nil
}

// fileName has only what may stand in a header, and in a name of a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

// A piece is what has come from one of several logs that are followed.
type piece struct {
	kind   string // of the event
	Stream string `json:"stream"`
	Text   string `json:"text,omitempty"`
}

// followLogs streams what is written to logs from now on, after their last lines.
func (c *restCall) followLogs(group string, lines int64, sources []source) error {
	ctx, err := c.server.streams.begin(c.r.Context(), group)
	if err != nil {
		return err
	}
	defer c.server.streams.finish(ctx)
	out, err := c.server.openSSE(ctx, c.w)
	if err != nil {
		return nil // the client has gone
	}
	defer out.close()
	reading, cancel := context.WithCancel(ctx)
	pieces := make(chan piece)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	for _, s := range sources {
		readers.Go(func() {
			defer c.server.live.harmless()
			s.follow(reading, c.server, lines, pieces)
		})
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case p := <-pieces:
			data, err := json.Marshal(p)
			if err != nil {
				return err
			}
			if out.send(appendEvent(nil, p.kind, "", data)) != nil {
				return nil
			}
		case <-ping.C:
			if out.ping() != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// follow passes pieces of a log on until ctx ends, also when the log comes later, or another one takes its place.
func (s *source) follow(ctx context.Context, server *Server, lines int64, to chan<- piece) {
	told := false
	for ctx.Err() == nil {
		version := server.config.Tree.Version()
		if log := s.log(); log != nil {
			first := lines * lineBytes
			if lines > 0 {
				if text, err := readLines(log, lines); err == nil { // and some more, as it may grow meanwhile
					first = min(max(first, 2*int64(len(text))), maxFirst)
				}
			}
			if following, err := log.Follow(first); err == nil {
				told = false
				current, stop := context.WithCancel(ctx)
				var watcher sync.WaitGroup
				watcher.Go(func() {
					defer server.live.harmless()
					s.untilReplaced(current, server, log)
					stop()
				})
				s.pass(current, following, lines, to)
				stop()
				watcher.Wait()
				following.Close()
				if ctx.Err() == nil && s.log() != nil && !deliverPiece(ctx, to, piece{kind: "truncated", Stream: s.name}) {
					return
				}
				if s.log() == log { // it could not be read on
					return
				}
				continue
			} else if !errors.Is(err, logs.ErrNoFile) {
				warnUnread(server.logger, log.Name(), err)
				return
			}
		}
		if !told {
			told = true
			deliverPiece(ctx, to, piece{kind: "missing", Stream: s.name})
		}
		select { // a start may make it
		case <-server.config.Tree.VersionAfter(version):
		case <-ctx.Done():
		}
	}
}

// untilReplaced returns when the log is not that of the stream any more: the program has another one, or has gone.
func (s *source) untilReplaced(ctx context.Context, server *Server, log logs.Log) {
	for {
		version := server.config.Tree.Version()
		if s.log() != log {
			return
		}
		select {
		case <-server.config.Tree.VersionAfter(version):
		case <-ctx.Done():
			return
		}
	}
}

// pass passes on what is written. Characters stay whole.
func (s *source) pass(ctx context.Context, log logs.Following, lines int64, to chan<- piece) {
	buffer := make([]byte, streamBuffer)
	kept, begun := 0, lines == 0 // without lines from before all is new
	var first []byte             // the end of what was there before
	for {
		n, err := log.Read(buffer[kept:])
		switch {
		case errors.Is(err, logs.ErrTruncated):
			kept = 0
			if !deliverPiece(ctx, to, piece{kind: "truncated", Stream: s.name}) {
				return
			}
			continue
		case err == io.EOF:
			if !begun {
				begun = true
				if !s.deliver(ctx, to, lastLines(first, int(lines))) {
					return
				}
				first = nil
				continue
			}
			read := time.Now()
			if log.Wait(ctx) != nil || pause(ctx, streamGap-time.Since(read)) != nil {
				return
			}
			continue
		case err != nil:
			return
		}
		text := buffer[:kept+n]
		if !begun {
			if first = append(first, text...); len(first) < maxFirst {
				continue
			}
			begun, text, first = true, first, nil // it is written faster than it is read
			if !s.deliver(ctx, to, lastLines(text, int(lines))) {
				return
			}
			continue
		}
		whole := len(text) - unfinished(text)
		if !s.deliver(ctx, to, text[:whole]) {
			return
		}
		kept = copy(buffer, text[whole:])
	}
}

func (s *source) deliver(ctx context.Context, to chan<- piece, text []byte) bool {
	if len(text) == 0 {
		return ctx.Err() == nil
	}
	return deliverPiece(ctx, to, piece{kind: "log", Stream: s.name, Text: strings.ToValidUTF8(string(text), "\uFFFD")})
}

func deliverPiece(ctx context.Context, to chan<- piece, p piece) bool {
	select {
	case to <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// unfinished is how many bytes at the end of a text are the begin of a character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
