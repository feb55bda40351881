package confload

import (
	"errors"
	"reflect"
	"testing"
)

func TestWhatNeedsAReload(t *testing.T) {
	const base = "[supervisord]\nloglevel=info\n[inet_http_server]\nport=127.0.0.1:9001\n[unix_http_server]\nfile=/tmp/s\n[user:ann]\npassword=x\n" + steerable +
		"[program:web]\ncommand=c\n"
	opts := testOptions(t)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", base, nil},
		{"a program", base + "startsecs=5\n", nil},
		{"an environment, which is of programs", "[supervisord]\nenvironment=A=b\n" + base[len("[supervisord]\n"):], nil},
		{"options of the daemon", "[supervisord]\nloglevel=debug\nminfds=2000\n" + base[len("[supervisord]\nloglevel=info\n"):],
			[]string{"[supervisord] loglevel", "[supervisord] minfds"}},
		{"a new server", base + "[inet_http_server:other]\nport=127.0.0.1:9002\n", []string{"[inet_http_server:other]"}},
		{"a server and a user that are gone", "[supervisord]\n[unix_http_server]\nfile=/tmp/s\n" + steerable + "[program:web]\ncommand=c\n",
			[]string{"[inet_http_server]", "[user:ann]"}},
		{"a socket and a password", "[supervisord]\n[inet_http_server]\nport=127.0.0.1:9001\n[unix_http_server]\nfile=/tmp/t\nchmod=0770\n[user:ann]\npassword=y\n" +
			steerable + "[program:web]\ncommand=c\n", []string{"[unix_http_server] file", "[unix_http_server] chmod", "[user:ann] password"}},
	} {
		old, err1 := Parse("/c/s.conf", []byte(base), opts)
		now, err2 := Parse("/c/s.conf", []byte(c.text), opts)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(c.name, err)
		}
		if got := NeedsReload(old, now); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
