package confload

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T, dir string) (*Config, error) {
	t.Helper()
	return Load(filepath.Join(dir, "s.conf"), testOptions(t))
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"s.conf": "[supervisord]\nidentifier=main\n[program:a]\ncommand=%(here)s/a\nstartsecs=1\n[include]\nfiles=conf.d/*.conf\n  %(here)s/sub/x.ini nope/*.conf\n[unix_http_server]\nfile=/tmp/s\nusername=%(here)s\npassword=p\n[supervisorctl]\n" +
			"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=" + mainFactory,
		"conf.d/2.conf":   "[program:b]\ncommand=%(here)s/b\n[supervisord]\nidentifier=two\n",
		"conf.d/1.conf":   "[program:a]\nstartsecs=7\n[include]\nfiles=/etc/passwd\n",
		"conf.d/.h.conf":  "[program:hidden]\ncommand=c\n",
		"conf.d/1.conf~":  "[",
		"conf.d/d.conf/x": "",
		"sub/x.ini":       "[program:c]\ncommand=%%(here)s %(here)s\n",
	})
	c, err := load(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{dir + "/s.conf", dir + "/conf.d/1.conf", dir + "/conf.d/2.conf", dir + "/sub/x.ini"}; !slices.Equal(c.Files, want) {
		t.Errorf("files %q, want %q", c.Files, want)
	}
	a, b, x := c.Groups[0].Programs[0], c.Groups[1].Programs[0], c.Groups[2].Programs[0]
	if a.Command != dir+"/a" || a.StartSecs != 7 || a.File != dir+"/s.conf" || b.Command != dir+"/conf.d/b" || b.File != dir+"/conf.d/2.conf" || b.Line != 1 {
		t.Errorf("%+v\n%+v", a, b)
	}
	if x.Command != "%(here)s "+dir+"/sub" {
		t.Errorf("%+v", x)
	}
	if c.Supervisord.Identifier != "two" || c.Servers[0].Username != dir {
		t.Errorf("%+v %+v", c.Supervisord, c.Servers)
	}
	infos := []string{`Included extra file "` + dir + `/conf.d/1.conf" during parsing`, `Included extra file "` + dir + `/conf.d/2.conf" during parsing`,
		`Included extra file "` + dir + `/sub/x.ini" during parsing`}
	if got := texts(c, Info); !slices.Equal(got, infos) {
		t.Errorf("infos %q", got)
	}
	warns := texts(c, Warn)
	if len(warns) != 3 || !strings.Contains(warns[0], "d.conf\" matches") || warns[1] != `No file matches via include "`+dir+`/nope/*.conf"` ||
		!strings.Contains(warns[2], "not acted upon") {
		t.Errorf("warnings %q", warns)
	}
}

func TestIncludeErrorsNameTheIncludedFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[include]\nfiles=i.conf", "i.conf": "[program:x]\ncommand=c\nautostart=x"})
	_, err := load(t, dir)
	wantError(t, err, "on line 3 in section 'program:x' (file: '"+dir+"/i.conf')")
	write(t, dir, map[string]string{"i.conf": "[program:x]\nbad"})
	_, err = load(t, dir)
	wantError(t, err, "parsing errors", "on line 2", dir+"/i.conf")
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[include]\nfiles=%(ENV_SECRET)s/*.conf"})
	c, err := load(t, dir)
	if err != nil || !slices.Equal(texts(c, Warn), []string{`No file matches via include "` + dir + `/%(ENV_SECRET)s/*.conf"`}) {
		t.Errorf("%v, %+v", err, c)
	}
}

func TestUnreadableIncludeIsAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[include]\nfiles=*.ini"})
	if err := os.Symlink("nowhere", filepath.Join(dir, "a.ini")); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, dir)
	wantError(t, err, "could not read included file "+dir+"/a.ini", "no such file")
}

func TestHereIsNotKnownEverywhereWithoutInclude(t *testing.T) {
	text := "[inet_http_server]\nport=1\nusername=%(here)s\npassword=p\n"
	if _, err := parse(t, text); err == nil {
		t.Error("known without an [include]")
	}
	dir := t.TempDir()
	c, err := parseIn(t, dir, text+"[include]\nfiles=x")
	if err != nil || c.Servers[0].Username != dir {
		t.Errorf("with an [include]: %v", err)
	}
}

func TestGlob(t *testing.T) {
	base := filepath.Join(t.TempDir(), "[odd]*")
	write(t, base, map[string]string{"a.conf": "", "b.conf": "", "B.conf": "", ".c.conf": "", "a.conf.bak": "", "x/a/1.ini": "", "x/b/2.ini": "",
		"x/.d/3.ini": "", "[z].conf": "", "é.conf": "", "back\\slash": ""})
	for _, c := range [][2]string{
		{"*.conf", "B.conf [z].conf a.conf b.conf é.conf"},
		{"?.conf", "B.conf a.conf b.conf é.conf"},
		{"[ab].conf", "a.conf b.conf"},
		{"[a-b].conf", "a.conf b.conf"},
		{"[!ab].conf", "B.conf é.conf"},
		{".*.conf", ".c.conf"},
		{"x/*/*.ini", "x/a/1.ini x/b/2.ini"},
		{"x/**/*.ini", "x/a/1.ini x/b/2.ini"},
		{"x/[ab]/?.ini", "x/a/1.ini x/b/2.ini"},
		{"**/1.ini", ""},
		{"a.conf", "a.conf"},
		{"./a.conf", "a.conf"},
		{"x/../a.conf", "a.conf"},
		{"nope", ""},
		{"*/", "x"},
		{"[", ""},
		{"[z].conf", ""},
		{"[[]z].conf", "[z].conf"},
		{"[]x]*", "x"},
		{"back\\*", "back\\slash"},
		{"*a*.*", "a.conf a.conf.bak"},
	} {
		var got []string
		for _, p := range glob(base, c[0]) {
			rel, err := filepath.Rel(base, p)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rel)
		}
		if s := strings.Join(got, " "); s != c[1] {
			t.Errorf("%q: %q, want %q", c[0], s, c[1])
		}
	}
	if got := glob("/nope", base[:strings.LastIndex(base, "/")]+"/*/a.conf"); len(got) != 1 {
		t.Errorf("absolute: %q", got)
	}
}
