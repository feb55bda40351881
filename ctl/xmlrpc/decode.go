package xmlrpc

import (
	"encoding/base64"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Errors of ReadBody and Decode beside *SyntaxError.
var (
	ErrTooLarge     = errors.New("the request is larger than allowed")
	ErrNoMethodName = errors.New("no method name")
)

// Limits bound what one call may hold. A zero field stands for its default.
type Limits struct {
	Depth  int // of values in values; 64
	Values int // in all; 100,000
}

const (
	defaultDepth  = 64
	defaultValues = 100_000
)

// A Call is a decoded request.
type Call struct {
	Method string // as written, never empty
	Args   []Value
}

// ReadBody appends what r holds to buf, which grows with what arrives, and returns ErrTooLarge when that is more than max
// bytes.
func ReadBody(buf []byte, r io.Reader, max int64) ([]byte, error) {
	start := len(buf)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)-start) > max {
			return buf, ErrTooLarge
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// Decode decodes a methodCall. The result keeps nothing of data. Types and tolerances are those of supervisord
// (compat.md §4.2): an unknown type counts as its text, <params> may be missing, a boolean is true only for "1". Errors
// are ErrNoMethodName and *SyntaxError.
func Decode(data []byte, limits Limits) (Call, error) {
	d := decoder{scanner: scanner{data: data}, depth: limits.Depth, values: limits.Values}
	if d.depth == 0 {
		d.depth = defaultDepth
	}
	if d.values == 0 {
		d.values = defaultValues
	}
	if err := d.open(); err != nil {
		return Call{}, err
	}
	return d.call()
}

type decoder struct {
	scanner
	depth  int // how much deeper values may go
	values int // how many more there may be
}

// each calls f for every child of the element that begins with open, and reads its end tag.
func (d *decoder) each(open tag, f func(child tag) error) error {
	if open.empty {
		return nil
	}
	for {
		t, err := d.readTag()
		if err != nil {
			return err
		}
		if t.end {
			return d.closes(open, t)
		}
		if err := f(t); err != nil {
			return err
		}
	}
}

func (d *decoder) closes(open, end tag) error {
	if open.name != end.name {
		return d.fail("</%s> closes <%s>", end.name, open.name)
	}
	return nil
}

// content reads the text of an element without children, and its end tag.
func (d *decoder) content(open tag) (string, error) {
	if open.empty {
		return "", nil
	}
	text, err := d.readText()
	if err != nil {
		return "", err
	}
	t, err := d.tagHere()
	if err != nil {
		return "", err
	}
	if !t.end {
		return "", d.fail("<%s> inside <%s>", t.name, open.name)
	}
	return text, d.closes(open, t)
}

func (d *decoder) call() (Call, error) {
	var c Call
	root, err := d.readTag()
	if err != nil {
		return c, err
	}
	if root.end || root.local() != "methodCall" {
		return c, d.fail("not a methodCall")
	}
	var named, hasParams bool
	err = d.each(root, func(t tag) error {
		switch {
		case t.local() == "methodName" && !named:
			named = true
			c.Method, err = d.content(t)
			return err
		case t.local() == "params" && !hasParams:
			hasParams = true
			return d.each(t, func(t tag) error { return d.param(t, &c) })
		}
		return d.fail("<%s> is not expected here", t.name)
	})
	if err != nil {
		return c, err
	}
	if text, err := d.readText(); err != nil {
		return c, err
	} else if d.pos < len(d.data) || strings.Trim(text, " \t\r\n") != "" {
		return c, d.fail("something follows the call")
	}
	if c.Method == "" {
		return c, ErrNoMethodName
	}
	return c, nil
}

func (d *decoder) param(param tag, c *Call) error {
	if param.local() != "param" {
		return d.fail("<%s> is not expected here", param.name)
	}
	had := len(c.Args)
	if err := d.items(param, &c.Args); err != nil {
		return err
	}
	if len(c.Args) != had+1 {
		return d.fail("a <param> must hold one value")
	}
	return nil
}

// items appends the values that are the children of open.
func (d *decoder) items(open tag, to *[]Value) error {
	return d.each(open, func(t tag) error {
		v, err := d.value(t)
		*to = append(*to, v)
		return err
	})
}

// value decodes the element that begins with open, which must be a <value>.
func (d *decoder) value(open tag) (Value, error) {
	if open.local() != "value" {
		return Value{}, d.fail("<%s> is not expected here", open.name)
	}
	if d.values--; d.values < 0 {
		return Value{}, d.fail("too many values")
	}
	if d.depth--; d.depth < 0 {
		return Value{}, d.fail("values are nested too deep")
	}
	defer func() { d.depth++ }()
	if open.empty {
		return Value{Kind: String}, nil
	}
	text, err := d.readText()
	if err != nil {
		return Value{}, err
	}
	t, err := d.tagHere()
	if err != nil {
		return Value{}, err
	}
	if t.end {
		return Value{Kind: String, Text: text}, d.closes(open, t)
	}
	if strings.Trim(text, " \t\r\n") != "" {
		return Value{}, d.fail("text beside <%s>", t.name)
	}
	v, err := d.typed(t)
	if err != nil {
		return Value{}, err
	}
	if t, err = d.readTag(); err != nil {
		return Value{}, err
	}
	if !t.end {
		return Value{}, d.fail("a second type in one value")
	}
	return v, d.closes(open, t)
}

// typed decodes the element inside a <value>.
func (d *decoder) typed(open tag) (Value, error) {
	switch open.local() {
	case "array":
		v := Value{Kind: Array}
		had := false
		return v, d.each(open, func(t tag) error {
			if t.local() != "data" || had {
				return d.fail("<%s> is not expected here", t.name)
			}
			had = true
			return d.items(t, &v.Items)
		})
	case "struct":
		v := Value{Kind: Struct}
		return v, d.each(open, func(t tag) error {
			m, err := d.member(t)
			v.Members = append(v.Members, m)
			return err
		})
	}
	text, err := d.content(open)
	if err != nil {
		return Value{}, err
	}
	return d.scalar(open.local(), text)
}

// member decodes a <member>: a name and a value, in any order.
func (d *decoder) member(open tag) (Member, error) {
	var m Member
	if open.local() != "member" {
		return m, d.fail("<%s> is not expected here", open.name)
	}
	var named, valued bool
	err := d.each(open, func(t tag) (err error) {
		switch {
		case t.local() == "name" && !named:
			named = true
			m.Name, err = d.content(t)
		case t.local() == "value" && !valued:
			valued = true
			m.Value, err = d.value(t)
		default:
			err = d.fail("<%s> is not expected here", t.name)
		}
		return err
	})
	if err == nil && !(named && valued) {
		err = d.fail("a <member> must hold a name and a value")
	}
	return m, err
}

var dateTimeLayouts = []string{
	"20060102T15:04:05", "2006-01-02T15:04:05", "20060102T15:04:05Z07:00", "2006-01-02T15:04:05Z07:00",
	"20060102T15:04:05Z0700", "2006-01-02T15:04:05Z0700",
}

func (d *decoder) scalar(kind, text string) (Value, error) {
	trimmed := strings.Trim(text, " \t\r\n")
	switch kind {
	case "int", "i1", "i2", "i4", "i8":
		n, err := strconv.ParseInt(trimmed, 10, 64)
		if err != nil {
			return Value{}, d.fail("not an integer")
		}
		return Value{Kind: Int, Int: n}, nil
	case "boolean":
		v := Value{Kind: Bool}
		if trimmed == "1" {
			v.Int = 1
		}
		return v, nil
	case "double":
		f, err := strconv.ParseFloat(trimmed, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return Value{}, d.fail("not a double")
		}
		return Value{Kind: Double, Double: f}, nil
	case "base64":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return Value{}, d.fail("not base64")
		}
		return Value{Kind: Base64, Text: string(b)}, nil
	case "dateTime.iso8601":
		for _, layout := range dateTimeLayouts {
			if t, err := time.Parse(layout, trimmed); err == nil {
				return Value{Kind: DateTime, Time: t}, nil
			}
		}
		return Value{}, d.fail("not a dateTime.iso8601")
	case "nil":
		if trimmed != "" {
			return Value{}, d.fail("text inside <nil>")
		}
		return Value{}, nil
	}
	return Value{Kind: String, Text: text}, nil
}
