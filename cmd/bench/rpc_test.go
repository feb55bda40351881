//go:build linux

package main

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func TestClientReadsEveryFormOfAnswer(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	connections := map[string]bool{}
	answers := []func(w http.ResponseWriter){
		func(w http.ResponseWriter) { fmt.Fprint(w, "<methodResponse>short</methodResponse>") },
		func(w http.ResponseWriter) {
			fmt.Fprint(w, strings.Repeat("chunked ", 10000))
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "end")
		},
		func(w http.ResponseWriter) {
			fmt.Fprint(w, "<fault>\n<member><value><string>BAD_NAME: x</string></value></member></fault>")
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) },
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[0](w)
		answers = answers[1:]
	})}
	server.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections[fmt.Sprintf("%p", c)] = true
		}
	}
	go server.Serve(listener)
	defer server.Close()
	c, err := dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if body, err := c.call("a", "x", true); err != nil || string(body) != "<methodResponse>short</methodResponse>" {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := c.call("a"); err != nil || len(body) != 80003 || !strings.HasSuffix(string(body), "end") {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, err := c.call("a"); err == nil || !strings.Contains(err.Error(), "BAD_NAME: x") {
		t.Errorf("a fault gives %v", err)
	}
	if _, err := c.call("a"); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a refusal gives %v", err)
	}
	if len(connections) != 1 {
		t.Errorf("%d connections were used", len(connections))
	}
}

func TestMethodCall(t *testing.T) {
	got := string(methodCall("supervisor.stopProcess", []any{"p:p_0001", true}))
	for _, want := range []string{"<methodName>supervisor.stopProcess</methodName>", "<value><string>p:p_0001</string></value>", "<value><boolean>1</boolean></value>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
