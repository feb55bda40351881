package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
)

// fakeNode is another node, whose connections serve answers until it lets go of them.
func fakeNode(t *testing.T, serve func(n int, request *http.Request, conn net.Conn)) *remote {
	r := newRemote(confload.Remote{Name: "beta", URL: "http://beta:1"}, &confload.Server{})
	var mu sync.Mutex
	n := 0
	r.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		mu.Lock()
		defer mu.Unlock()
		n++
		number := n
		go func() {
			defer theirs.Close()
			request, err := http.ReadRequest(bufio.NewReader(theirs))
			if err == nil {
				serve(number, request, theirs)
			}
		}()
		return ours, nil
	}
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

// TestASilentNodeCountsAsGone has one that says something now and then, one that says nothing any more, and what comes after.
func TestASilentNodeCountsAsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
		var lastIDs []string
		r := fakeNode(t, func(n int, request *http.Request, conn net.Conn) {
			lastIDs = append(lastIDs, request.Header.Get("Last-Event-Id"))
			if n > 1 {
				return // it ends each connection
			}
			fmt.Fprint(conn, head+"event: hello\ndata: {}\n\nid: 7\nevent: record\ndata: {}\n\nevent: of-later\ndata: {}\n\n")
			for range 10 {
				time.Sleep(50 * time.Second)
				fmt.Fprint(conn, ": ping\n\n")
			}
			time.Sleep(time.Hour)
		})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		var got []string
		r.follow(ctx, true, 10, func(kind string, data []byte) error {
			got = append(got, fmt.Sprintf("%s at %s %s", kind, time.Since(began).Round(time.Second), data))
			return nil
		})
		want := []string{`hello at 0s {}`, `record at 0s {}`, `offline at 9m20s {"error":"it has been silent for a minute"}`}
		// It is tried again after 1, 2, 4, 8, 16 and then each 30 seconds.
		for at, wait := 9*time.Minute+20*time.Second, time.Second; ; wait = min(2*wait, 30*time.Second) {
			if at += wait; at >= 15*time.Minute {
				break
			}
			want = append(want, fmt.Sprintf(`offline at %s {"error":"it has ended the connection"}`, at))
		}
		if all := strings.Join(got, "\n"); all != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", all, strings.Join(want, "\n"))
		}
		if len(lastIDs) < 2 || lastIDs[0] != "" || lastIDs[1] != "7" {
			t.Errorf("it goes on after %q", lastIDs)
		}
		later(2 * time.Hour) // until the node has let go
	})
}

// TestASlowClientIsNotTheFaultOfTheNode takes its time with an event.
func TestASlowClientIsNotTheFaultOfTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fakeNode(t, func(_ int, _ *http.Request, conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: hello\ndata: {}\n\nevent: tree\ndata: {}\n\n")
			time.Sleep(time.Minute)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var got []string
		r.follow(ctx, false, 0, func(kind string, _ []byte) error {
			if got = append(got, kind); kind == "tree" {
				cancel()
			}
			time.Sleep(10 * time.Minute)
			return nil
		})
		if all := strings.Join(got, " "); all != "hello tree" {
			t.Errorf("got %s", all)
		}
		later(2 * time.Hour)
	})
}
