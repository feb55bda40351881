//go:build linux

package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxRequest bounds a request, in bytes.
const maxRequest = 1 << 20

// serve answers getAllProcessInfo and getProcessInfo to every client of listener. What a program in Go must do for that
// is net/http as it comes and XML that is appended, not reflected; there is no authentication, no limit but one, no log.
func serve(listener net.Listener, programs []*program) {
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		buffer := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		*buffer = answer((*buffer)[:0], request, programs)
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Content-Length", strconv.Itoa(len(*buffer)))
		w.Write(*buffer)
	}))
}

func answer(b, request []byte, programs []*program) []byte {
	b = append(b, "<?xml version='1.0'?>\n<methodResponse>\n"...)
	now := time.Now().Unix()
	method := between(request, "<methodName>", "</methodName>")
	switch method {
	case "supervisor.getAllProcessInfo":
		b = append(b, "<params>\n<param>\n<value><array><data>\n"...)
		for _, p := range programs {
			b = appendInfo(b, p, now)
		}
		b = append(b, "</data></array></value>\n</param>\n</params>\n"...)
	case "supervisor.getProcessInfo":
		if p := find(programs, between(request, "<string>", "</string>")); p != nil {
			b = append(b, "<params>\n<param>\n"...)
			b = appendInfo(b, p, now)
			b = append(b, "</param>\n</params>\n"...)
			break
		}
		b = appendFault(b, 10, "BAD_NAME")
	default:
		b = appendFault(b, 1, "UNKNOWN_METHOD")
	}
	return append(b, "</methodResponse>\n"...)
}

func between(data []byte, from, to string) string {
	_, rest, _ := bytes.Cut(data, []byte(from))
	found, _, _ := bytes.Cut(rest, []byte(to))
	return string(found)
}

// find returns the program that name, as in p:p_0012, stands for, or nil.
func find(programs []*program, name string) *program {
	number, ok := strings.CutPrefix(name, "p:p_")
	i, err := strconv.Atoi(number)
	if !ok || err != nil || i < 0 || i >= len(programs) {
		return nil
	}
	return programs[i]
}

func appendFault(b []byte, code int64, text string) []byte {
	b = append(b, "<fault>\n<value><struct>\n"...)
	b = appendInt(b, "faultCode", code)
	b = appendString(b, "faultString", text)
	return append(b, "</struct></value>\n</fault>\n"...)
}

// appendInfo writes one process as supervisord would, field for field.
func appendInfo(b []byte, p *program, now int64) []byte {
	pid, started := p.pid.Load(), p.started.Load()
	state, stateName := int64(0), "STOPPED"
	if pid != 0 {
		state, stateName = 20, "RUNNING"
	}
	logPath := ""
	if p.out != nil {
		logPath = p.out.path
	}
	b = append(b, "<value><struct>\n"...)
	b = appendString(b, "name", p.name)
	b = appendString(b, "group", "p")
	b = appendInt(b, "start", started)
	b = appendInt(b, "stop", p.stopped.Load())
	b = appendInt(b, "now", now)
	b = appendInt(b, "state", state)
	b = appendString(b, "statename", stateName)
	b = appendString(b, "spawnerr", "")
	b = appendInt(b, "exitstatus", 0)
	b = appendString(b, "logfile", logPath)
	b = appendString(b, "stdout_logfile", logPath)
	b = appendString(b, "stderr_logfile", "")
	b = appendInt(b, "pid", pid)
	b = append(b, "<member>\n<name>description</name>\n<value><string>"...)
	if pid != 0 {
		b = appendUptime(b, pid, now-started)
	}
	return append(b, "</string></value>\n</member>\n</struct></value>\n"...)
}

func appendString(b []byte, name, value string) []byte {
	b = append(b, "<member>\n<name>"...)
	b = append(b, name...)
	b = append(b, "</name>\n<value><string>"...)
	b = append(b, value...)
	return append(b, "</string></value>\n</member>\n"...)
}

func appendInt(b []byte, name string, value int64) []byte {
	b = append(b, "<member>\n<name>"...)
	b = append(b, name...)
	b = append(b, "</name>\n<value><int>"...)
	b = strconv.AppendInt(b, value, 10)
	return append(b, "</int></value>\n</member>\n"...)
}

func appendUptime(b []byte, pid, seconds int64) []byte {
	b = append(b, "pid "...)
	b = strconv.AppendInt(b, pid, 10)
	b = append(b, ", uptime "...)
	b = strconv.AppendInt(b, seconds/3600, 10)
	b = append(b, ':', byte('0'+seconds/600%6), byte('0'+seconds/60%10), ':')
	return append(b, byte('0'+seconds/10%6), byte('0'+seconds%10))
}
