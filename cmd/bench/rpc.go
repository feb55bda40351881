//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const callTimeout = 60 * time.Second

// A client calls XML-RPC methods over one connection.
type client struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
	body    []byte
}

func dial(network, address string) (*client, error) {
	conn, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *client) close() {
	c.conn.Close()
}

// call returns the whole answer, valid until the next call. Parameters are strings and booleans. A fault is an error.
func (c *client) call(method string, params ...any) ([]byte, error) {
	c.request = appendRequest(c.request[:0], methodCall(method, params))
	c.conn.SetDeadline(time.Now().Add(callTimeout))
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	defer response.Body.Close()
	if c.body, err = readBody(response.Body, c.body[:0], response.ContentLength); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: answered %s", method, response.Status)
	}
	if text, ok := faultText(c.body); ok {
		return nil, fmt.Errorf("%s: fault %s", method, text)
	}
	return c.body, nil
}

// readBody reads all of r, in buffer if it fits. A size below 0 is unknown.
func readBody(r io.Reader, buffer []byte, size int64) ([]byte, error) {
	if size < 0 {
		b := bytes.NewBuffer(buffer)
		_, err := b.ReadFrom(r)
		return b.Bytes(), err
	}
	if int64(cap(buffer)) < size {
		buffer = make([]byte, size)
	}
	_, err := io.ReadFull(r, buffer[:size])
	return buffer[:size], err
}

func appendRequest(b, body []byte) []byte {
	b = append(b, "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nAccept: text/xml\r\nContent-Type: text/xml\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}

func methodCall(method string, params []any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version='1.0'?>\n<methodCall>\n<methodName>%s</methodName>\n<params>\n", method)
	for _, p := range params {
		switch v := p.(type) {
		case bool:
			n := 0
			if v {
				n = 1
			}
			fmt.Fprintf(&b, "<param>\n<value><boolean>%d</boolean></value>\n</param>\n", n)
		default:
			fmt.Fprintf(&b, "<param>\n<value><string>%v</string></value>\n</param>\n", v)
		}
	}
	b.WriteString("</params>\n</methodCall>\n")
	return b.Bytes()
}

// faultText returns the text of a fault, false when the answer is none.
func faultText(body []byte) (string, bool) {
	_, fault, ok := bytes.Cut(body[:min(len(body), 1024)], []byte("<fault>"))
	if !ok {
		return "", false
	}
	_, text, _ := bytes.Cut(fault, []byte("<string>"))
	text, _, _ = bytes.Cut(text, []byte("</string>"))
	return string(text), true
}
