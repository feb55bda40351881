package ctl

import "fmt"

// Set reads the value of -o.
func (f *format) Set(v string) error {
	switch v {
	case "text":
		*f = formatText
	case "json":
		*f = formatJSON
	default:
		return fmt.Errorf("there is no output format %q; the formats are text and json", v)
	}
	return nil
}

// String is the value of -o.
func (f *format) String() string {
	if *f == formatJSON {
		return "json"
	}
	return "text"
}

// Type is what help calls the value of -o.
func (f *format) Type() string { return "FORMAT" }
