package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

// versionInfo is what "supd version -o json" prints.
type versionInfo struct {
	Version   string `json:"version"`
	Interface string `json:"interface"` // the release of supervisord whose interface is spoken
	Go        string `json:"go"`
	Platform  string `json:"platform"`
}

// runVersion prints the version.
func runVersion(name string, args []string, stdout, stderr io.Writer) int {
	var output outputFlag
	cmd := newTool(name, "", "Prints the version; as json also the release of supervisord whose interface is spoken, the version of Go and\nthe platform.", "")
	cmd.Flags().VarP(&output, "output", "o", "text or json")
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) {
		if len(rest) > 0 {
			return exitUsage, &usageError{fmt.Sprintf("%s takes no arguments", name)}
		}
		if !output.json {
			_, err := fmt.Fprintln(stdout, version)
			return 0, err
		}
		return 0, writeJSON(stdout, versionInfo{version, interfaceVersion, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
	})
}

// writeJSON writes v on several lines, for people as well as machines.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
