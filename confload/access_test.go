package confload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// makeCertificates writes server.crt, server.key and clients.crt, one certificate that has signed itself, and returns the directory.
func makeCertificates(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"server.crt": {Type: "CERTIFICATE", Bytes: der}, "ca.crt": {Type: "CERTIFICATE", Bytes: der}, "clients.crt": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestUsersAndServersFitTogether(t *testing.T) {
	certificates := makeCertificates(t)
	const inet = "[inet_http_server]\nport=1\n"
	const unix = "[unix_http_server]\nfile=%(here)s/s\n"
	for _, c := range []struct{ text, fails string }{
		{inet + "[user:ann]\npassword=x\nrole=operate\n", ""},
		{inet + "require_auth=true\n", "lets everybody in"},
		{inet + "require_auth=true\nusername=u\npassword=p\n", ""},
		{inet + "require_auth=true\n[user:ann]\ntoken=ann.secret\n", ""},
		{unix + "require_auth=true\n[user:ann]\npassword=x\n", "lets everybody in"},
		{unix + "require_auth=true\n[user:ann]\npassword=x\nservers=unix_http_server\n", ""},
		{unix + "require_auth=true\nallow_uids=0\n", ""},
		{inet + "[user:ann]\npassword=hunter2\nservers=unix_http_server\n", "there is no server [unix_http_server] (allowed: inet_http_server)"},
		{inet + "[user:ann]\nrole=root\n", "allowed: admin, operate, read"},
		{inet + "[user:ann]\npassword=$2b$99$hunter2\n", "bcrypt hash is not whole"},
		{inet + "[user:ann]\npassword={SHA}hunter2\n", "{SHA} is not followed by the 40 hexadecimal digits"},
		{inet + "[user:ann]\ntoken={SHA}" + strings.Repeat("aB", 20) + "\n", ""},
		{inet + "username=u\npassword={SHA}hunter2\n", ""},
		{inet + "[user:ann]\ntoken=secret\n", "begins with the name and a dot: ann.SECRET"},
		{inet + "require_auth=true\nusername=u\npassword=\n", "lets everybody in"},
		{inet + "[user:a.b]\npassword=x\n", "no name of a user"},
		{inet + "tls_cert=" + certificates + "/server.crt\n", "both tls_cert and tls_key"},
		{inet + "tls_cert=" + certificates + "/server.crt\ntls_key=" + certificates + "/server.key\n", ""},
		{inet + "tls_cert=" + certificates + "/server.key\ntls_key=" + certificates + "/server.key\n", "cannot use TLS"},
		{inet + "tls_client_ca=" + certificates + "/clients.crt\n", "needs tls_cert"},
		{inet + "allowed_hosts=http://x\n", "no name of a host"},
		{inet + "allowed_hosts=Supd.example.com, [::1]\n", ""},
		{unix + "allow_uids=nobody-of-that-name\n", "there is no account"},
		{inet + "remotes=a:192.0.2.1:9001, b:[2001:db8::1]:9001,c:https://u:hunter2@x,d:unix:///run/x\n", ""},
		{inet + "remotes=a\n", "node 1: 'a' has no address"},
		{inet + "remotes=hunter2@x:1\n", "node 1: it does not begin with the name of a node"},
		{inet + "remotes=a:1.2.3.4\n", "node 1: 'a' is not followed by HOST:PORT"},
		{inet + "remotes=a:x:0\n", "is not followed by HOST:PORT"},
		{inet + "remotes=a:u:hunter2@x:1\n", "is not followed by HOST:PORT"},
		{inet + "remotes=a:x:1,a:y:1\n", "node 2: there are two nodes 'a'"},
		{inet + "remotes=a:http://u:hunter2@x:1/path\n", "something behind the address"},
		{inet + "remotes=a:http://u:hunter2@x:1?q\n", "something behind the address"},
		{inet + "remotes=a:http://u:hunter2@x:0\n", "port is not from 1 to 65535"},
		{inet + "remotes=a:http://u:hun%%zzter2@x:1\n", "is no URL"},
		{inet + "remotes=a:ftp://u:hunter2@x\n", "neither http://"},
		{inet + "remotes=a:unix://run/x\n", "neither http://"},
		{inet + "remotes_ca=" + certificates + "/server.key\n", "cannot use remotes_ca"},
	} {
		_, err := parse(t, c.text)
		switch {
		case c.fails == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
			t.Errorf("%s: %v, want %q", c.text, err, c.fails)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("a secret: %v", err)
		}
	}
}

func TestRemotes(t *testing.T) {
	c, err := parse(t, "[inet_http_server]\nport=1\nremotes=a:192.0.2.1:9001, b:https://ann:hunt%%2Cer@[2001:db8::1],c:unix:///run/x.sock,d:http://x:81/,e:http://:token@x:82,\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Remote{{Name: "a", URL: "http://192.0.2.1:9001"}, {Name: "b", URL: "https://[2001:db8::1]:443", Username: "ann", Password: "hunt,er", HasAuth: true},
		{Name: "c", URL: "unix:///run/x.sock"}, {Name: "d", URL: "http://x:81"},
		{Name: "e", URL: "http://x:82", Password: "token", HasAuth: true}}
	if got := c.Servers[0].Remotes; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

// supervisord takes a {SHA} that is none, and lets nobody in; a user who wonders is told.
func TestAPasswordThatNobodyCanGiveIsWarnedOf(t *testing.T) {
	for password, want := range map[string]bool{"{SHA}hunter2": true, "{SHA}" + strings.Repeat("0f", 20): false, "hunter2": false} {
		c, err := parse(t, "[inet_http_server]\nport=1\nusername=u\npassword="+password+"\n")
		if err != nil {
			t.Fatal(err)
		}
		warned := false
		for _, m := range c.Messages {
			warned = warned || strings.Contains(m.Text, "nobody can log in with it") && m.Option == "password"
			if strings.Contains(m.Text, "hunter2") {
				t.Errorf("a secret: %s", m.Text)
			}
		}
		if warned != want {
			t.Errorf("%s: warned %v", password, warned)
		}
	}
}
