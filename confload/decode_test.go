package confload

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A program that embeds supd keeps its files encoded.
func ExampleOptions_decode() {
	dir, _ := os.MkdirTemp("", "supd")
	defer os.RemoveAll(dir)
	main := filepath.Join(dir, "main.conf")
	_ = os.WriteFile(main, []byte(base64.StdEncoding.EncodeToString([]byte("[supervisord]\n[program:web]\ncommand=/bin/web\n"))), 0o600)

	c, err := Load(main, Options{Decode: func(_ string, data []byte) ([]byte, error) {
		return base64.StdEncoding.DecodeString(string(data))
	}})
	fmt.Println(c.Groups[0].Programs[0].Command, err)
	// Output: /bin/web <nil>
}

// reversed is a cipher for tests.
func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

func TestDecodeIsAskedForEveryFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"s.conf": reversed("[supervisord]\n[include]\nfiles=i.conf\n[supervisorctl]\nprompt=p\n"),
		"i.conf": reversed("[program:x]\ncommand=c\n"),
	})
	var seen []string
	opts := testOptions(t)
	opts.Decode = func(path string, data []byte) ([]byte, error) {
		seen = append(seen, path)
		return []byte(reversed(string(data))), nil
	}
	c, err := Load(filepath.Join(dir, "s.conf"), opts)
	if err != nil || c.Groups[0].Programs[0].Command != "c" || !slices.Equal(seen, c.Files) || len(seen) != 2 {
		t.Errorf("%v; decoded were %q", err, seen)
	}
	if ctl, err := LoadCtl(filepath.Join(dir, "s.conf"), opts); err != nil || ctl.Prompt != "p" {
		t.Errorf("the client: %v", err)
	}
	if c, err := Check(filepath.Join(dir, "s.conf"), opts); err != nil || c.Errors != nil {
		t.Errorf("the check: %v %v", err, c.Errors)
	}
}

func TestAFileThatCannotBeDecodedIsNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[include]\nfiles=i.conf\n", "i.conf": "?"})
	for _, name := range []string{"s.conf", "i.conf"} {
		opts := testOptions(t)
		opts.Decode = func(path string, data []byte) ([]byte, error) {
			if filepath.Base(path) == name {
				return nil, errors.New("wrong key")
			}
			return data, nil
		}
		_, err := Load(filepath.Join(dir, "s.conf"), opts)
		wantError(t, err, dir+"/"+name, "it cannot be decoded: wrong key")
	}
}
