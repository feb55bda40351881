package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gwaycc/supd/confload"
)

// runInit prints or writes the sample configuration.
func runInit(name string, args []string, stdout, stderr io.Writer) int {
	var path string
	var force, minimal bool
	cmd := newTool(name, "", `Prints a configuration file that works as it is, with every option of supd in it: what it does, what is allowed,
its default. All but a few are comments. With -o it is written to a file.`,
		"  "+name+" -o supervisord.conf      write the file, unless there is one\n"+
			"  "+name+" --minimal                only what is needed to start and steer")
	cmd.Flags().StringVarP(&path, "output", "o", "", "write to `FILE` instead of standard output; an existing one is kept")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite an existing file")
	cmd.Flags().BoolVar(&minimal, "minimal", false, "no more than a supervisor needs")
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) {
		switch {
		case len(rest) > 0:
			return exitUsage, &usageError{fmt.Sprintf("%s takes no arguments; to write to a file: %s -o %s", name, name, rest[0])}
		case force && path == "":
			return exitUsage, &usageError{"--force is for a file that -o names"}
		case path == "":
			_, err := io.WriteString(stdout, confload.Sample(minimal))
			return 0, err
		}
		if err := writeSample(path, confload.Sample(minimal), force); err != nil {
			return exitUsage, err
		}
		_, err := fmt.Fprintf(stdout, "wrote %s\n", path)
		return 0, err
	})
}

func writeSample(path, text string, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and was not touched; choose another name, or overwrite it with --force", path)
	}
	if err != nil {
		return fmt.Errorf("could not write the sample: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("could not write the sample: %w", err)
	}
	return nil
}
