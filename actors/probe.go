package actors

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// A subject is who a check or a hook is about.
type subject struct {
	prog *confload.Program
	pid  int
	file os.FileInfo         // CheckFile: what was there before the process was started; nil: nothing
	hook *supervisor.RunHook // nil: it is a check
}

// probe carries out one check. nil: all is well.
func (t *tree) probe(ctx context.Context, c *confload.Probe, who *subject) error {
	switch c.Kind {
	case confload.ProbeHTTP:
		return probeHTTP(ctx, c)
	case confload.ProbeTCP:
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Addr)
		if err != nil {
			return plain(err)
		}
		return conn.Close()
	case confload.ProbeFile:
		return probeFile(c.Path, who.file)
	}
	command := &helperCommand{prog: who.prog, name: who.prog.Name + " check", args: c.Args, lone: true, set: who.variables()}
	if who.hook != nil {
		command.name, command.lone = who.prog.Name+" "+who.hook.Hook.String(), false // a hook may leave something behind
		command.set = append(command.set, hookVariables(who.hook)...)
	}
	return t.runCommand(ctx, command)
}

// variables tell a command who it is run for.
func (who *subject) variables() []string {
	return []string{"SUPD_PROGRAM=" + who.prog.NameSpec(), "SUPD_PID=" + strconv.Itoa(who.pid)}
}

// succeeded says in words what a check that has succeeded means.
func succeeded(c *confload.Probe) string {
	switch c.Kind {
	case confload.ProbeHTTP:
		if u, err := url.Parse(c.URL); err == nil {
			return u.Redacted() + " answers"
		}
		return "its URL answers"
	case confload.ProbeTCP:
		return c.Addr + " accepts connections"
	case confload.ProbeFile:
		return c.Path + " is there"
	}
	return "'" + logs.Clean(c.Text) + "' has succeeded"
}

// probeFile looks for a file that was not there before, or has been written since. So one that an earlier life has left
// behind says nothing.
func probeFile(path string, before os.FileInfo) error {
	now, err := os.Stat(path)
	if err != nil {
		return plain(err)
	}
	if before != nil && os.SameFile(before, now) && before.ModTime().Equal(now.ModTime()) && before.Size() == now.Size() {
		return errors.New("the file is from before the start")
	}
	return nil
}

// maxAnswer is how much of the body of an answer is read, in bytes.
const maxAnswer = 64 << 10

// probeHTTP makes a request on a connection of its own. Redirections are not followed: they are an answer.
func probeHTTP(ctx context.Context, c *confload.Probe) error {
	req, err := newRequest(ctx, c)
	if err != nil {
		return err
	}
	tlsConfig, err := tlsOf(c)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: tlsConfig}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return plain(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return errors.New("the answer is " + logs.Clean(resp.Status))
	}
	return nil
}

func newRequest(ctx context.Context, c *confload.Probe) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if c.HasData {
		method, body = http.MethodPost, strings.NewReader(c.Data)
		if c.DataFile {
			b, err := os.ReadFile(c.Data)
			if err != nil {
				return nil, fmt.Errorf("the data cannot be had: %w", err)
			}
			body = strings.NewReader(string(b))
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL, body)
	if err != nil {
		return nil, plain(err)
	}
	req.Header.Set("User-Agent", "supd")
	if c.HasData {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i, h := range c.Headers {
		switch {
		case strings.EqualFold(h.Name, "Host"):
			req.Host = h.Value
		case i > 0 && hasHeader(c.Headers[:i], h.Name):
			req.Header.Add(h.Name, h.Value)
		default:
			req.Header.Set(h.Name, h.Value)
		}
	}
	return req, nil
}

func hasHeader(list []confload.Header, name string) bool {
	for _, h := range list {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// tlsOf reads the files of a check anew each time: certificates are renewed. nil: the check names none.
func tlsOf(c *confload.Probe) (*tls.Config, error) {
	if c.CertFile == "" && c.CAFile == "" {
		return nil, nil
	}
	cfg := &tls.Config{}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the certificates of --ca-file cannot be had: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("there is no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate of --cert-file cannot be used: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// plain takes the URL out of an error: it may have a password in it, and the reader knows it.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
