package actors

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// fatal waits until a program is given up and returns why.
func (r *realTree) fatal(name string) string {
	r.t.Helper()
	return r.await(name, "FATAL", func(i *Info) bool { return i.State == supervisor.Fatal }).SpawnErr
}

func TestLimitsNeedAShim(t *testing.T) {
	nice := 3
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), func(p *confload.Program) {
		p.Nice, p.StartRetries = &nice, 0
		p.Limits[0] = &confload.ResourceLimit{Soft: 5, Hard: 6}
	}))})
	want := "can't set rlimit_nofile, nice of 'web': the program that embeds the supervisor names no shim to do it"
	if got := r.fatal("web"); got != want {
		t.Errorf("%q", got)
	}
}

// A bad environment fails the start, not the request: the program is tried again as after any spawn error.
func TestABadEnvironmentFileFailsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), func(p *confload.Program) {
		p.EnvFiles, p.StartRetries = []string{file}, 0
	}))})
	want := "can't make the environment of 'web': could not read the environment file " + file + ": no such file or directory"
	if got := r.fatal("web"); got != want {
		t.Errorf("%q", got)
	}
	if err := r.Start(context.Background(), "web", true); err == nil || !strings.Contains(err.Error(), "SPAWN_ERROR") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(file, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(context.Background(), "web", true); err != nil {
		t.Error(err)
	}
}

func TestTheOrderOfTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("HOME=file\nSUPERVISOR_GROUP_NAME=file\nFILE=file\nBOTH=file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tr := &tree{config: &confload.Config{}, environ: []string{"HOME=ours", "USER=ours", "OTHER=ours", "FILE=ours"}}
	got, err := tr.environment(&confload.Program{Name: "n", Group: "g", LoginEnv: true, User: &confload.User{Name: "daemon", UID: 1},
		EnvFiles: []string{file}, Environment: []string{"BOTH=own", "LOGNAME=own"}})
	want := "HOME=file USER=daemon OTHER=ours FILE=file LOGNAME=own SHELL=/usr/sbin/nologin SUPERVISOR_ENABLED=1 " +
		"SUPERVISOR_PROCESS_NAME=n SUPERVISOR_GROUP_NAME=file BOTH=own"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v", got, err)
	}
}
