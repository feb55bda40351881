package main

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gwaycc/supd/confload"
)

//go:embed demo.conf
var demoConf []byte

// runDemo runs the daemon in the foreground on the built-in configuration, in a directory of its own.
func runDemo(name string, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		if args[0] == "-h" || args[0] == "--help" {
			fmt.Fprintf(stdout, "Usage: %s\n\nRuns supd in the foreground on a small built-in configuration, in a temporary directory.\nCtrl-C ends it.\n", name)
			return 0
		}
		return fail(name, &usageError{"the demo takes no arguments"}, stderr)
	}
	dir, err := os.MkdirTemp("", "supd-demo-")
	if err != nil {
		return fail(name, err, stderr)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "supd.conf")
	if err := os.WriteFile(path, demoConf, 0o600); err != nil {
		return fail(name, err, stderr)
	}
	flags := &daemonFlags{config: path, overrides: map[string]string{}, flagOf: map[string]string{}}
	if err := os.Setenv("SUPD_DEMO_PORT", demoPort()); err != nil {
		return fail(name, err, stderr)
	}
	d := newDaemon(flags, path, stdout, stderr)
	d.announce = func(cfg *confload.Config) {
		fmt.Fprintf(stdout, "\n  configuration  %s\n", path)
		for _, s := range cfg.Servers {
			if s.Network == "tcp" {
				fmt.Fprintf(stdout, "  web address    http://%s:%d/\n", s.Host, s.Port)
			}
		}
		exe, err := os.Executable()
		if err != nil {
			exe = "supd"
		}
		fmt.Fprintf(stdout, "  in another terminal:\n      %s ctl -c %s status\n  Ctrl-C ends it.\n\n", exe, path)
	}
	cfg, err := d.loader.load()
	if err != nil {
		return fail(name, err, stderr)
	}
	status, err := d.run(cfg)
	if err != nil {
		return fail(name, err, stderr)
	}
	return status
}

// demoPort is supervisord's own port, or another one when that is taken, perhaps by the supervisord that is to be replaced.
func demoPort() string {
	l, err := net.Listen("tcp", "127.0.0.1:9001")
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "9001" // the daemon will say what is wrong
		}
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
