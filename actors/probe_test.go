package actors

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// probeOnce makes a check that needs no tree.
func probeOnce(c confload.Probe) error {
	ctx, cancel := context.WithTimeout(context.Background(), proctest.Deadline)
	defer cancel()
	return (&tree{world: realWorld{}}).probe(ctx, &c, &subject{})
}

func TestTheStatusOfAnAnswerDecides(t *testing.T) {
	proctest.LeakCheck(t)
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	for _, c := range []struct {
		status int
		well   bool
	}{{200, true}, {204, true}, {302, true}, {399, true}, {400, false}, {404, false}, {500, false}, {503, false}} {
		status = c.status
		err := probeOnce(confload.Probe{Kind: confload.ProbeHTTP, URL: server.URL})
		if (err == nil) != c.well {
			t.Errorf("%d: %v", c.status, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "the answer is "+http.StatusText(0)) {
			t.Errorf("got %v", err)
		}
	}
}

func TestARequestHasItsHeadersAndData(t *testing.T) {
	proctest.LeakCheck(t)
	var got *http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r.Clone(context.Background()), string(b)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		check                         confload.Probe
		method, body, host, kind, xes string
	}{
		{confload.Probe{}, "GET", "", "", "", ""},
		{confload.Probe{HasData: true, Data: "a=b"}, "POST", "a=b", "", "application/x-www-form-urlencoded", ""},
		{confload.Probe{HasData: true, DataFile: true, Data: file, Headers: []confload.Header{{Name: "content-type", Value: "text/plain"}}},
			"POST", "from a file", "", "text/plain", ""},
		{confload.Probe{Headers: []confload.Header{{Name: "Host", Value: "other"}, {Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}}},
			"GET", "", "other", "", "1 2"},
	} {
		c.check.Kind, c.check.URL = confload.ProbeHTTP, server.URL+"/path?q=1"
		if err := probeOnce(c.check); err != nil {
			t.Errorf("%+v: %v", c.check, err)
			continue
		}
		if got.Method != c.method || body != c.body || c.host != "" && got.Host != c.host || got.Header.Get("Content-Type") != c.kind ||
			strings.Join(got.Header["X-A"], " ") != c.xes || got.RequestURI != "/path?q=1" {
			t.Errorf("%+v: got %s %s %q %v", c.check, got.Method, got.Host, body, got.Header)
		}
	}
	missing := confload.Probe{Kind: confload.ProbeHTTP, URL: server.URL, HasData: true, DataFile: true, Data: file + "x"}
	if err := probeOnce(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func writePEM(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCertificatesAreUsedAndChecked has a server that asks for a certificate; the one of httptest serves both sides.
func TestCertificatesAreUsedAndChecked(t *testing.T) {
	proctest.LeakCheck(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that fail
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, keyFile := writePEM(t, "cert", "CERTIFICATE", pair.Certificate[0]), writePEM(t, "key", "PRIVATE KEY", key)
	whole := confload.Probe{Kind: confload.ProbeHTTP, URL: server.URL, CAFile: cert, CertFile: cert, KeyFile: keyFile}
	if err := probeOnce(whole); err != nil {
		t.Errorf("with all: %v", err)
	}
	for want, edit := range map[string]func(*confload.Probe){
		"certificate required":     func(c *confload.Probe) { c.CertFile, c.KeyFile = "", "" },
		"unknown authority":        func(c *confload.Probe) { c.CAFile = "" },
		"no certificate in":        func(c *confload.Probe) { c.CAFile = keyFile },
		"cannot be used":           func(c *confload.Probe) { c.KeyFile = cert },
		"cannot be had":            func(c *confload.Probe) { c.CAFile = "/no/such/file" },
		"to HTTPS":                 func(c *confload.Probe) { c.URL = strings.Replace(c.URL, "https", "http", 1) },
		"connection refused":       func(c *confload.Probe) { c.URL = "https://127.0.0.1:1/" },
		"no such host":             func(c *confload.Probe) { c.URL = "https://no.such.host.invalid/" },
		"context deadline exceede": nil,
	} {
		c := whole
		ctx, cancel := context.WithTimeout(context.Background(), proctest.Deadline)
		if edit == nil { // a server that takes the connection and says nothing
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c.URL = "https://" + l.Addr().String()
			ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
		} else {
			edit(&c)
		}
		err := (&tree{world: realWorld{}}).probe(ctx, &c, &subject{})
		cancel()
		if want == "to HTTPS" { // answered with 400
			want = "400"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestChecksLeaveNothingBehind makes many of them: the leak check sees what is left.
func TestChecksLeaveNothingBehind(t *testing.T) {
	proctest.LeakCheck(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 2*maxAnswer)) // more than is read
	}))
	defer server.Close()
	for range 100 {
		for _, c := range []confload.Probe{{Kind: confload.ProbeTCP, Addr: strings.TrimPrefix(server.URL, "http://")},
			{Kind: confload.ProbeHTTP, URL: server.URL}} {
			if err := probeOnce(c); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAPasswordInAURLIsNotShown(t *testing.T) {
	c := confload.Probe{Kind: confload.ProbeHTTP, URL: "http://me:hunter2@127.0.0.1:1/"}
	if err := probeOnce(c); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	if s := succeeded(&c); strings.Contains(s, "hunter2") {
		t.Errorf("got %s", s)
	}
}
