// Package credential tells whether a password or token is the one that a configuration has, in clear text or as a hash.
package credential

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Forms are what a stored credential may look like, for people.
const Forms = "clear text, {SHA} and the SHA-1 in hexadecimal, a bcrypt hash ($2b$…) or an argon2id hash ($argon2id$…)"

// The bounds of what it costs to check a hash: a configuration must not make every login a burden.
const (
	maxBcryptCost   = 15
	maxArgonMemory  = 256 << 10 // KiB
	maxArgonTime    = 16
	maxArgonThreads = 16
)

// A Credential is a stored password or token. It has no clear text.
type Credential struct {
	digest [sha256.Size]byte // of clear text, or of the hexadecimal SHA-1
	sha1   bool
	bcrypt []byte // nil: it is none
	argon  *argonHash
}

// argonHash is an argon2id hash (PHC string format).
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// Empty is the credential of somebody who has none but must give one, an empty one.
func Empty() *Credential { return &Credential{digest: sha256.Sum256(nil)} }

// Check tells what is wrong with a stored credential. It finds more than Parse, which takes what supervisord takes: a {SHA} that is
// none, which nothing matches. Errors do not show it.
func Check(stored string) error {
	if digits, isSHA1 := strings.CutPrefix(stored, "{SHA}"); isSHA1 {
		if digest, err := hex.DecodeString(digits); err != nil || len(digest) != sha1.Size {
			return errors.New("{SHA} is not followed by the 40 hexadecimal digits of a SHA-1, so nobody can log in with it")
		}
	}
	_, err := Parse(stored)
	return err
}

// Parse reads a stored credential. Errors do not show it.
func Parse(stored string) (*Credential, error) {
	switch {
	case stored == "":
		return nil, errors.New("it is empty")
	case strings.HasPrefix(stored, "$argon2id$"):
		a, err := parseArgon(stored)
		return &Credential{argon: a}, err
	case strings.HasPrefix(stored, "$2a$"), strings.HasPrefix(stored, "$2b$"), strings.HasPrefix(stored, "$2y$"):
		cost, err := bcrypt.Cost([]byte(stored))
		if err != nil || len(stored) != 60 {
			return nil, errors.New("the bcrypt hash is not whole")
		}
		if cost > maxBcryptCost {
			return nil, fmt.Errorf("the cost of the bcrypt hash is %d, more than %d", cost, maxBcryptCost)
		}
		return &Credential{bcrypt: []byte(stored)}, nil
	case strings.HasPrefix(stored, "$argon2"):
		return nil, errors.New("of the kinds of argon2 only argon2id is known")
	}
	c := &Credential{}
	clear, isSHA1 := strings.CutPrefix(stored, "{SHA}")
	if isSHA1 {
		c.sha1, clear = true, strings.ToLower(clear)
	}
	c.digest = sha256.Sum256([]byte(clear))
	return c, nil
}

func parseArgon(stored string) (*argonHash, error) {
	broken := errors.New("the argon2id hash is not whole: $argon2id$v=19$m=MEMORY,t=TIME,p=THREADS$SALT$HASH")
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[2] != "v=19" {
		return nil, broken
	}
	a := &argonHash{}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &a.memory, &a.time, &a.threads); err != nil {
		return nil, broken
	}
	var err, err2 error
	a.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	a.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err != nil || err2 != nil || len(a.salt) == 0 || len(a.key) < 16 || len(a.key) > 128 || a.memory < 8 || a.time < 1 || a.threads < 1:
		return nil, broken
	case a.memory > maxArgonMemory || a.time > maxArgonTime || a.threads > maxArgonThreads:
		return nil, fmt.Errorf("the argon2id hash costs too much: at most m=%d, t=%d, p=%d", maxArgonMemory, maxArgonTime, maxArgonThreads)
	}
	return a, nil
}

// Costly tells whether Matches takes long, on purpose.
func (c *Credential) Costly() bool { return c.bcrypt != nil || c.argon != nil }

// Matches tells whether this is what was stored. It takes the same time for all that are of the same length.
func (c *Credential) Matches(given string) bool {
	switch {
	case c.bcrypt != nil:
		return bcrypt.CompareHashAndPassword(c.bcrypt, []byte(given)) == nil
	case c.argon != nil:
		key := argon2.IDKey([]byte(given), c.argon.salt, c.argon.time, c.argon.memory, c.argon.threads, uint32(len(c.argon.key)))
		return subtle.ConstantTimeCompare(key, c.argon.key) == 1
	}
	if c.sha1 {
		sum := sha1.Sum([]byte(given))
		given = hex.EncodeToString(sum[:])
	}
	digest := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(digest[:], c.digest[:]) == 1
}

// Hash makes a bcrypt hash of a password or token, which has at most 72 bytes.
func Hash(given string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(given), bcrypt.DefaultCost+1)
	return string(hash), err
}
