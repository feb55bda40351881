package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/confload/credential"
	"github.com/gwaycc/supd/ctl/api"
)

// auth knows who may use one server, and as what. It holds no password in clear text.
type auth struct {
	most  api.Role // that anybody has at this server
	users []user   // nil: everybody is welcome
	certs bool     // TLS has checked the certificate of every client
	cache credentialCache
	slots chan struct{} // bounds how many costly hashes are computed at once
}

// A user is somebody with a name and something only they know.
type user struct {
	name     string
	role     api.Role
	password *credential.Credential // nil: none
	token    *credential.Credential // nil: none
	section  bool                   // it is the name and password of the server's own section
}

const (
	// hashesAtOnce is how many costly hashes are computed at once, hashPatience how long a request waits for its turn.
	hashesAtOnce = 2
	hashPatience = 5 * time.Second
)

// newAuth makes the auth of a server section. The section's own name and password are those of an administrator.
func newAuth(s confload.Server, accounts []confload.Account) (*auth, error) {
	a := &auth{most: roleOf(s.Role), certs: s.ClientCAs != nil, slots: make(chan struct{}, hashesAtOnce)}
	a.cache.key = sha256.Sum256([]byte(rand.Text()))
	if s.HasAuth {
		c, err := credential.Parse(s.Password)
		if s.Password == "" {
			c, err = credential.Empty(), nil // supervisord takes an empty one
		}
		if err != nil {
			return nil, fmt.Errorf("the password of [%s] cannot be used: %w", s.Section, err)
		}
		a.users = append(a.users, user{name: s.Username, role: api.Admin, password: c, section: true})
	}
	for i := range accounts {
		account := &accounts[i]
		if !account.UsedAt(&s) {
			continue
		}
		u := user{name: account.Name, role: roleOf(account.Role)}
		for _, p := range []struct {
			stored string
			to     **credential.Credential
		}{{account.Password, &u.password}, {account.Token, &u.token}} {
			if p.stored == "" {
				continue
			}
			var err error
			if *p.to, err = credential.Parse(p.stored); err != nil {
				return nil, fmt.Errorf("a credential of user %s cannot be used: %w", account.Name, err)
			}
		}
		a.users = append(a.users, u)
	}
	return a, nil
}

func roleOf(r confload.Role) api.Role {
	return [...]api.Role{confload.RoleRead: api.Read, confload.RoleOperate: api.Operate, confload.RoleAdmin: api.Admin}[r]
}

// asks tells whether a client must say who it is.
func (a *auth) asks() bool { return a.users != nil || a.certs }

// hasTokens tells whether somebody may come with a token.
func (a *auth) hasTokens() bool {
	return slices.ContainsFunc(a.users, func(u user) bool { return u.token != nil })
}

// least is the lower of two roles.
func least(a, b api.Role) api.Role {
	if may(a, b) {
		return b
	}
	return a
}

// authenticate tells who sends a request; ok is false when it is not let in. Credentials that cannot be understood are wrong ones. For
// every name and password of the same length it takes the same time.
func (a *auth) authenticate(r *http.Request) (who caller, ok bool, err error) {
	if a.certs && r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		name := r.TLS.PeerCertificates[0].Subject.CommonName
		if k := a.certified(name); k >= 0 {
			return caller{name: name, role: least(a.most, a.users[k].role)}, true, nil
		}
		if a.users == nil {
			return caller{name: name, role: a.most}, true, nil
		}
	}
	if a.users == nil {
		return caller{role: a.most}, !a.certs, nil
	}
	name, secret, token := "", "", false
	if scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		secret, token = strings.TrimSpace(bearer), true
		name, _, _ = strings.Cut(secret, ".")
		if !slices.ContainsFunc(a.users, func(u user) bool { return u.name == name }) {
			name = "" // no token of ours, but a part of a secret perhaps
		}
	} else if name, secret, ok = r.BasicAuth(); !ok {
		return caller{}, false, nil
	}
	k, err := a.check(r.Context(), name, secret, token)
	if k < 0 || err != nil {
		return caller{name: name}, false, err
	}
	return caller{name: a.users[k].name, role: least(a.most, a.users[k].role)}, true, nil
}

// certified returns the index of the user whose name stands in a certificate, -1 when there is none. The name and password of the
// server's own section are no user: whoever gets a certificate for that name has not got the password.
func (a *auth) certified(name string) int {
	return slices.IndexFunc(a.users, func(u user) bool { return u.name == name && !u.section })
}

// check returns the index of the user with these credentials, -1 when there is none.
func (a *auth) check(ctx context.Context, name, secret string, token bool) (int, error) {
	key := a.cache.keyOf(name, secret, token)
	if k, known := a.cache.get(key); known {
		return k, nil
	}
	found, costly := -1, false
	for k := range a.users {
		c, named := a.users[k].credential(token), sameText(a.users[k].name, name)
		if c == nil || c.Costly() && !named {
			continue
		}
		costly = costly || c.Costly()
		matches, err := a.matches(ctx, c, secret)
		if err != nil {
			return -1, err
		}
		if matches && named && found < 0 {
			found = k
		}
	}
	if found >= 0 {
		a.cache.put(key, found)
	} else if k := a.costly(token); k >= 0 && !costly {
		// Who does not exist must not be told from who does by the time it takes.
		_, err := a.matches(ctx, a.users[k].credential(token), secret)
		return -1, err
	}
	return found, nil
}

// costly is the first user whose credential takes long to check, -1: there is none.
func (a *auth) costly(token bool) int {
	return slices.IndexFunc(a.users, func(u user) bool { c := u.credential(token); return c != nil && c.Costly() })
}

// credential is the token or the password of a user; nil: there is none.
func (u *user) credential(token bool) *credential.Credential {
	if token {
		return u.token
	}
	return u.password
}

// matches compares; costly hashes wait for their turn.
func (a *auth) matches(ctx context.Context, c *credential.Credential, secret string) (bool, error) {
	if !c.Costly() {
		return c.Matches(secret), nil
	}
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
		return c.Matches(secret), nil
	case <-ctx.Done():
		return false, &httpError{status: http.StatusServiceUnavailable, detail: "too many passwords are being checked; try again"}
	}
}

// sameText compares in a time that depends on the length of given only.
func sameText(own, given string) bool {
	a, b := sha256.Sum256([]byte(own)), sha256.Sum256([]byte(given))
	return hmac.Equal(a[:], b[:])
}

// credentialCache remembers what was right, so that a costly hash is not computed for every request.
type credentialCache struct {
	key [sha256.Size]byte
	mu  sync.Mutex
	ok  map[[sha256.Size]byte]int // → index of the user
}

// maxCached bounds the cache; a full one begins anew.
const maxCached = 256

func (c *credentialCache) keyOf(name, secret string, token bool) (key [sha256.Size]byte) {
	h := hmac.New(sha256.New, c.key[:])
	fmt.Fprintf(h, "%d:%s%d:%s%v", len(name), name, len(secret), secret, token)
	h.Sum(key[:0])
	return key
}

func (c *credentialCache) get(key [sha256.Size]byte) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.ok[key]
	return k, ok
}

func (c *credentialCache) put(key [sha256.Size]byte, k int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ok == nil || len(c.ok) >= maxCached {
		c.ok = map[[sha256.Size]byte]int{}
	}
	c.ok[key] = k
}

// isLoopback tells whether an address is of this machine only.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
