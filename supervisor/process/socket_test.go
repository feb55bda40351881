package process

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestASocketIsPassedAsStandardInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, s := range []Socket{
		{Network: "unix", Address: path, Mode: 0o770, UID: -1, GID: -1, Backlog: 7},
		{Network: "unix", Address: path, Mode: 0o600, UID: -1, GID: -1}, // the one before is in the way
		{Network: "tcp", Address: "127.0.0.1:0"},
	} {
		f, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if s.Network == "unix" {
			info, err := os.Lstat(path)
			if err != nil || info.Mode().Perm() != s.Mode {
				t.Errorf("%v, %v", info, err)
			}
		}
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial(s.Network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

// Whoever may not give the socket away has none: one that belongs to somebody else than the file says is worse.
func TestASocketBelongsToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	f, err := Socket{Network: "unix", Address: path, Mode: 0o640, UID: 12345, GID: 23456}.Open()
	if err == nil {
		defer f.Close()
	}
	info, statErr := os.Lstat(path)
	if os.Getuid() != 0 {
		if err == nil || !strings.Contains(err.Error(), "operation not permitted") || statErr == nil {
			t.Errorf("%v; the socket: %v", err, statErr)
		}
		return
	}
	if err != nil || statErr != nil {
		t.Fatal(err, statErr)
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 12345 || st.Gid != 23456 || info.Mode().Perm() != 0o640 {
		t.Errorf("it belongs to %d:%d with mode %v", st.Uid, st.Gid, info.Mode())
	}
}

func TestASocketThatCannotBeMadeSaysWhy(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for want, s := range map[string]Socket{
		"is not a socket":     {Network: "unix", Address: file, UID: -1, GID: -1},
		"no such file":        {Network: "unix", Address: filepath.Join(dir, "missing", "s"), UID: -1, GID: -1},
		"already in use":      {Network: "tcp", Address: taken.Addr().String()},
		"no.such.host.invali": {Network: "tcp", Address: "no.such.host.invalid:1"},
	} {
		f, err := s.Open()
		if err == nil {
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
}
