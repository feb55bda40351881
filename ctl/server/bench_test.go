package server

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// BenchmarkGetProcessInfo measures a call from end to end, beside what net/http alone takes for an answer of the size.
func BenchmarkGetProcessInfo(b *testing.B) {
	request := post(methodCall("supervisor.getProcessInfo", params("group0007:web")))
	quiet := func(c *Config) { c.Tree, c.Logger = manyPrograms(1000), hclog.NewNullLogger() }
	b.Run("supd/unix", func(b *testing.B) { converse(b, "unix", newRig(b, quiet).socket, request) })
	b.Run("supd/tcp", func(b *testing.B) { converse(b, "tcp", newRig(b, quiet).tcp, request) })
	b.Run("floor/unix", func(b *testing.B) { converse(b, "unix", plainServer(b, 1500), request) })
}

// BenchmarkGetAllProcessInfo is about the answer for 1,000 programs.
func BenchmarkGetAllProcessInfo(b *testing.B) {
	request := post(methodCall("supervisor.getAllProcessInfo", ""))
	quiet := func(c *Config) { c.Tree, c.Logger = manyPrograms(1000), hclog.NewNullLogger() }
	b.Run("supd/unix", func(b *testing.B) { converse(b, "unix", newRig(b, quiet).socket, request) })
	b.Run("supd/tcp", func(b *testing.B) { converse(b, "tcp", newRig(b, quiet).tcp, request) })
	b.Run("floor/unix", func(b *testing.B) { converse(b, "unix", plainServer(b, 1_400_000), request) })
}

// plainServer answers every request with n bytes.
func plainServer(b *testing.B, n int) string {
	path := filepath.Join(b.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	answer := bytes.Repeat([]byte("x"), n)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, _ = w.Write(answer)
	})}
	go server.Serve(l)
	b.Cleanup(func() { server.Close() })
	return path
}

// converse sends the request again and again over one connection. It takes answers of one length.
func converse(b *testing.B, network, address, request string) {
	c, err := net.Dial(network, address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	out, in := []byte(request), make([]byte, 64<<10)
	read := func() (n int) {
		if _, err := c.Write(out); err != nil {
			b.Fatal(err)
		}
		want := -1
		for n != want {
			got, err := c.Read(in)
			if err != nil {
				b.Fatal(err)
			}
			n += got
			if want < 0 {
				head, _, ok := bytes.Cut(in[:got], []byte("\r\n\r\n"))
				_, length, found := bytes.Cut(head, []byte("Content-Length: "))
				length, _, _ = bytes.Cut(append(length, '\r'), []byte("\r"))
				size, err := strconv.Atoi(string(length))
				if !ok || !found || err != nil {
					b.Fatalf("cannot read %q", in[:got])
				}
				want = len(head) + 4 + size
			}
		}
		return n
	}
	read()
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}
