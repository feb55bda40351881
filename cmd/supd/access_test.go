package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestAUserOfTheCommandIsLetIn has supd user make a token and a password, and the tools use them.
func TestAUserOfTheCommandIsLetIn(t *testing.T) {
	made := exec.Command(supdBinary, "user", "deploy", "--role", "read")
	var told strings.Builder
	made.Stderr = &told
	section, err := made.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, told.String())
	}
	_, token, _ := strings.Cut(told.String(), "not told again: ")
	token, _, _ = strings.Cut(token, "\n")
	typed := exec.Command(supdBinary, "user", "ann", "--role", "read", "--password")
	typed.Stdin = strings.NewReader("hunter2\n")
	section2, err := typed.Output()
	if err != nil || strings.Contains(string(section2), "hunter2") {
		t.Fatalf("%v: %s", err, section2)
	}
	_, address := pageSite(t, "", string(section)+string(section2)+"[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	url := strings.TrimSuffix(address, "/")
	run := func(env, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), env)
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	for what, out := range map[string]string{
		"token":    run("SUPD_TOKEN="+token, supdBinary, "ctl", "-s", url, "status"),
		"password": run("A=", supdBinary, "ctl", "-s", url, "-u", "ann", "-p", "hunter2", "status"),
	} {
		if !strings.Contains(out, "RUNNING") {
			t.Errorf("%s: %s", what, out)
		}
	}
	conf := writeFile(t, t.TempDir(), "ctl.conf", "[supervisorctl]\nserverurl="+url+"\nusername=ann\npassword=hunter2\n")
	if out := run("A=", peer(t, "supervisorctl"), "-c", conf, "status"); !strings.Contains(out, "RUNNING") {
		t.Errorf("supervisorctl: %s", out)
	}
	if out := run("A=", peer(t, "supervisorctl"), "-c", conf, "stop", "cat"); !strings.Contains(out, "this needs the role operate, yours is read") {
		t.Errorf("supervisorctl: %s", out)
	}
	if out := run("SUPD_TOKEN=deploy.nonsense", supdBinary, "ctl", "-s", url, "status"); strings.Contains(out, "RUNNING") {
		t.Errorf("a wrong token: %s", out)
	}
}

// authority signs certificates for tests.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// sign writes NAME.crt and NAME.key; the first one is that of the authority itself.
func (a *authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: a.cert == nil, BasicConstraintsValid: true}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert == nil {
		a.cert, _ = x509.ParseCertificate(der)
		a.key = key
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	writeFile(t, a.dir, name+".crt", string(certPEM))
	writeFile(t, a.dir, name+".key", string(keyPEM))
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestTLSWithClientCertificates has a server that asks for certificates, and goes on over a soft restart.
func TestTLSWithClientCertificates(t *testing.T) {
	ca := &authority{dir: t.TempDir()}
	ca.sign(t, "ca")
	ca.sign(t, "server")
	ann, bob := ca.sign(t, "ann"), ca.sign(t, "bob")
	stranger := (&authority{dir: t.TempDir()}).sign(t, "ann")
	_, address := pageSite(t, strings.ReplaceAll("role=operate\nusername=bob\npassword=secret\ntls_cert=CA/server.crt\ntls_key=CA/server.key\ntls_client_ca=CA/ca.crt\n", "CA", ca.dir),
		"[user:ann]\nrole=admin\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	url := strings.Replace(address, "http:", "https:", 1)
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	ask := func(certificates ...tls.Certificate) (int, string, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}, DisableKeepAlives: true}
		answer, err := (&http.Client{Transport: transport, Timeout: proctest.Deadline}).Get(url + "api/v1/server")
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(b), nil
	}
	if status, body, err := ask(ann); status != 200 || !strings.Contains(body, `"user":"ann","role":"operate"`) {
		t.Errorf("ann: %d %s %v", status, body, err)
	}
	if status, body, _ := ask(bob); status != 401 { // he is none of the users, and has not given the password of the server's own
		t.Errorf("bob: %d %s", status, body)
	}
	// The client gives one as well.
	for name, want := range map[string]string{"ann": "cat  ", "bob": "authentication"} {
		conf := writeFile(t, ca.dir, name+".conf", strings.ReplaceAll("[supervisorctl]\nserverurl="+url+"\ntls_ca=CA/ca.crt\ntls_cert=CA/"+name+".crt\ntls_key=CA/"+name+".key\n", "CA", ca.dir))
		if out, _ := ctlIn(t, conf, "status"); !strings.Contains(out, want) {
			t.Errorf("supd ctl of %s: %s", name, out)
		}
	}
	for text, want := range map[string]string{
		"tls_ca=CA/ca.crt\n":                      "certificate required",
		"tls_ca=CA/ca.key\n":                      "there is no certificate in",
		"tls_ca=CA/ca.crt\ntls_cert=CA/ann.crt\n": "both tls_cert and tls_key",
		"": "certificate signed by unknown authority",
		"tls_cert=CA/ann.key\ntls_key=CA/ann.crt\n": "tls_cert: ",
	} {
		conf := writeFile(t, ca.dir, "other.conf", strings.ReplaceAll("[supervisorctl]\nserverurl="+url+"\n"+text, "CA", ca.dir))
		if out, status := ctlIn(t, conf, "status"); status == 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s", text, status, out)
		}
	}
	for what, certificates := range map[string][]tls.Certificate{"nobody": nil, "a stranger": {stranger}} {
		if status, body, err := ask(certificates...); err == nil {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	if answer, err := http.Get(address); err == nil && answer.StatusCode == 200 {
		t.Error("plain HTTP is answered")
	}
}

// TestOnlySomeAccountsMayUseASocket has real processes of other accounts at a socket that all may open.
func TestOnlySomeAccountsMayUseASocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test changes its account; run it as root")
	}
	dir, err := os.MkdirTemp("/tmp", "supd-socket-") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, conf := site(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	text := strings.Replace(read(t, conf), "[unix_http_server]\n", "[unix_http_server]\nchmod=0777\nallow_uids=12345\nallow_gids=23456\n", 1)
	text = strings.ReplaceAll(text, filepath.Dir(conf)+"/sock", dir+"/sock")
	writeFile(t, filepath.Dir(conf), "conf", text)
	b := startDaemon(t, up, supdBinary, "-c", conf)
	for _, c := range []struct {
		name     string
		uid, gid uint32
		groups   []uint32
		allowed  bool
	}{{"root", 0, 0, nil, true}, {"its account", 12345, 1, nil, true}, {"its group", 1000, 23456, nil, true}, {"a further group", 1000, 1, []uint32{7, 23456}, true}, {"nobody", 65534, 65534, nil, false}} {
		cmd := exec.Command("/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", dir+"/sock", "http://localhost/api/v1/server")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: c.gid, Groups: c.groups}}
		out, err := cmd.Output()
		if want := map[bool]string{true: "200", false: "403"}[c.allowed]; string(out) != want {
			t.Errorf("%s: %s, want %s (%v)", c.name, out, want, err)
		}
	}
	b.out.WaitFor(t, "from uid 65534 at [unix_http_server], who is not in allow_uids or allow_gids")
}
