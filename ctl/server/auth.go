package server

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gwaycc/supd/confload"
)

// auth checks the credentials of one server section. It holds digests only.
type auth struct {
	user     [sha256.Size]byte
	password [sha256.Size]byte
	sha1     bool // password is the digest of the password's SHA-1 in hex
}

// newAuth returns nil for a server that asks for no credentials.
func newAuth(s confload.Server) *auth {
	if !s.HasAuth {
		return nil
	}
	a := &auth{user: sha256.Sum256([]byte(s.Username))}
	password, isSHA1 := strings.CutPrefix(s.Password, "{SHA}")
	if isSHA1 {
		password = strings.ToLower(password)
	}
	a.sha1 = isSHA1
	a.password = sha256.Sum256([]byte(password))
	return a
}

// accepts tells whether a request has the right credentials. Those that cannot be understood are wrong ones. It takes the
// same time for every name and password of the same length.
func (a *auth) accepts(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok {
		return false
	}
	if a.sha1 {
		sum := sha1.Sum([]byte(password))
		password = hex.EncodeToString(sum[:])
	}
	u, p := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(u[:], a.user[:])&subtle.ConstantTimeCompare(p[:], a.password[:]) == 1
}
