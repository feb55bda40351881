package confload

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestLoginEnvIsThatOfTheAccount(t *testing.T) {
	for _, u := range []*User{{Name: "daemon", UID: 1}, {UID: 1}} {
		got, err := LoginEnv(u)
		if want := []string{"HOME=/usr/sbin", "USER=daemon", "LOGNAME=daemon", "SHELL=/usr/sbin/nologin"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := LoginEnv(nil); err != nil {
		t.Error(err)
	}
	if got, err := LoginEnv(&User{UID: 3999999}); err == nil {
		t.Errorf("nobody has %q", got)
	}
}

func TestShellsAreThoseOfPasswd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(file, []byte("# who\nab:x:1:1::/:/bin/wrong\na:x:2:2:A:/a:/bin/zsh\nempty:x:3:3::/:\nshort:x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "/bin/zsh", "empty": "/bin/sh", "short": "/bin/sh", "missing": "/bin/sh"} {
		if got := shellOf(file, name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := shellOf(file+"x", "a"); got != "/bin/sh" {
		t.Error(got)
	}
}
