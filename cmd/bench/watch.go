//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// watched records what it costs supd to be looked at: by Prometheus, and by one browser.
func (f *fleet) watched(ctx context.Context) error {
	if err := f.scrape(ctx); err != nil {
		return err
	}
	if err := f.page(ctx); err != nil {
		return err
	}
	http.DefaultClient.CloseIdleConnections()
	if err := pause(ctx, f.daemon, f.settleTime); err != nil {
		return err
	}
	return f.wakeups(ctx, "watch.after")
}

// fetch begins to read what is at a path of the daemon.
func (f *fleet) fetch(ctx context.Context, path, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.daemon.place.address()+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(r)
	if err == nil && answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("%s: answered %s", path, answer.Status)
	}
	return answer, err
}

// scrape records how long /metrics takes, with a sample of what programs use as it is taken for the first one.
func (f *fleet) scrape(ctx context.Context) error {
	var spent []float64
	size := int64(0)
	deadline := time.Now().Add(f.callTime)
	for len(spent) < fewestSamples || len(spent) < 50 && time.Now().Before(deadline) {
		begun := monotonic()
		answer, err := f.fetch(ctx, "/metrics", "text/plain")
		if err != nil {
			return err
		}
		size, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			return err
		}
		spent = append(spent, time.Duration(monotonic()-begun).Seconds())
	}
	f.put("watch.scrape", f.peer, percentile(spent, 50), len(spent), fmt.Sprintf("%s, the slowest %s", bytesHeld.format(float64(size)), seconds.format(percentile(spent, 100))))
	return nil
}

// page records what the daemon computes while one page is open and nothing happens.
func (f *fleet) page(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer, err := f.fetch(ctx, "/api/v1/live?usage=true&nodes=all&history=300", "text/event-stream")
	if err != nil {
		return err
	}
	received := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		received <- n
	}()
	defer func() {
		cancel()
		<-received
	}()
	if err := pause(ctx, f.daemon, f.settleTime); err != nil {
		return err
	}
	before, err := cpuTime(f.daemon.pid())
	if err != nil {
		return err
	}
	begun := monotonic()
	if err := pause(ctx, f.daemon, f.watchTime); err != nil {
		return err
	}
	after, err := cpuTime(f.daemon.pid())
	if err != nil {
		return err
	}
	f.put("watch.page", f.peer, (after-before).Seconds()/time.Duration(monotonic()-begun).Seconds(), 1, "")
	return nil
}
