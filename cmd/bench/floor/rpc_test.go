//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAnswersAreXML(t *testing.T) {
	programs := []*program{{name: "p_0000"}, {name: "p_0001"}}
	programs[1].pid.Store(4711)
	programs[1].started.Store(100)
	for request, want := range map[string]string{
		"<methodName>supervisor.getAllProcessInfo</methodName>":                       "p_0000",
		"<methodName>supervisor.getProcessInfo</methodName><string>p:p_0001</string>": "<int>4711</int>",
		"<methodName>supervisor.getProcessInfo</methodName><string>p:p_0002</string>": "BAD_NAME",
		"<methodName>supervisor.getProcessInfo</methodName><string>p:p_-001</string>": "BAD_NAME",
		"<methodName>supervisor.startProcess</methodName><string>p:p_0001</string>":   "UNKNOWN_METHOD",
		"nothing of the kind": "UNKNOWN_METHOD",
	} {
		got := string(answer(nil, []byte(request), programs))
		if !strings.Contains(got, want) {
			t.Errorf("%s: no %s in %s", request, want, got)
		}
		decoder := xml.NewDecoder(strings.NewReader(got))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("%s: %v in %s", request, err, got)
				break
			}
		}
	}
}

func TestUptime(t *testing.T) {
	for seconds, want := range map[int64]string{0: "pid 7, uptime 0:00:00", 59: "pid 7, uptime 0:00:59", 3725: "pid 7, uptime 1:02:05", 86399: "pid 7, uptime 23:59:59"} {
		if got := string(appendUptime(nil, 7, seconds)); got != want {
			t.Errorf("%d seconds: %s, want %s", seconds, got, want)
		}
	}
}
