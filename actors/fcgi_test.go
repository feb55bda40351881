package actors

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

// pool is an fcgi-program of two processes on a unix socket.
func pool(name, path string) confload.Group {
	g := program1(name, func(p *confload.Program) {
		p.Kind, p.Section = confload.KindFCGI, "fcgi-program:"+name
		p.Socket = &confload.Socket{URL: "unix://" + path, Network: "unix", Address: path, UID: -1, GID: -1, Mode: 0o700}
		p.Autostart = false
	})
	second := g.Programs[0]
	second.Name = name + "2"
	g.Programs = append(g.Programs, second)
	return g
}

func TestASharedSocketLivesFromTheFirstProcessToTheLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	open := func() bool {
		c, err := net.Dial("unix", path)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	h := newScriptedHost(func(_ string, life int) script { return script{stops: time.Second} })
	inVirtualTime(t, h, []confload.Group{pool("php", path)}, func(b *bench) {
		ctx := context.Background()
		b.after(time.Second)
		if open() {
			t.Error("open before anything runs")
		}
		for _, name := range []string{"php:php", "php:php2"} {
			if err := b.Start(ctx, name, true); err != nil {
				t.Error(err)
			}
		}
		if !open() {
			t.Error("not open while both run")
		}
		if err := b.Stop(ctx, "php:php", true); err != nil {
			t.Error(err)
		}
		if !open() {
			t.Error("not open while one runs")
		}
		if err := b.Stop(ctx, "php:php2", true); err != nil {
			t.Error(err)
		}
		if open() {
			t.Error("open after the last has ended")
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("supervisord leaves the path: %v", err)
		}
	})
}

func TestAGroupWhoseSocketCannotBeHadIsNotAdded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "s")
	next := &confload.Config{Groups: []confload.Group{pool("php", path)}}
	inVirtualTime(t, lives(script{}), nil, func(b *bench) {
		ctx := context.Background()
		if _, err := b.Reread(ctx); err != nil {
			t.Fatal(err)
		}
		err := b.AddGroup(ctx, "php")
		wantFault(t, err, Failed)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
		if len(b.Infos()) != 0 {
			t.Error("it was added")
		}
	}, WithLoader(func() (*confload.Config, error) { return next, nil }))
}

func TestAStartWithoutItsSocketBacksOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "s")
	inVirtualTime(t, lives(script{}), []confload.Group{pool("php", path)}, func(b *bench) {
		wantFault(t, b.Start(context.Background(), "php:php", true), SpawnError)
		if i, _ := b.Info("php:php"); !strings.Contains(i.SpawnErr, "could not create FastCGI socket unix://"+path) {
			t.Errorf("got %+v", i)
		}
	})
}
