package confload

import "testing"

// A configuration made in code has the defaults of one in a file, and can be changed before it is used.
func TestAProgramIsFoundByItsNamespec(t *testing.T) {
	c, err := Parse("code", []byte("[supervisord]\n[program:a]\ncommand=/bin/a\n[program:b]\ncommand=/bin/b\n"+
		"[program:c]\ncommand=/bin/c\n[group:g]\nprograms=b,c\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string]string{"a": "/bin/a", "g:b": "/bin/b", "g:c": "/bin/c"} {
		p := c.Program(name)
		if p == nil || p.Command != command || p.StartSecs != 1 || p.StopWaitSecs != 10 || !p.Autostart {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for _, name := range []string{"b", "g", "g:*", "", "a:b"} {
		if p := c.Program(name); p != nil {
			t.Errorf("%q is %s", name, p.NameSpec())
		}
	}
	c.Program("a").Command = "/bin/other 100%"
	if got := c.Groups[0].Programs[0].Command; got != "/bin/other 100%" {
		t.Errorf("the configuration has %q", got)
	}
}
