package credential

import (
	"strings"
	"testing"
)

// argon was made by the reference implementation: printf secret | argon2 somesalt -id -t 2 -k 19456 -p 1 -e.
const argon = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$fTTXM7e3iTx/veQKZK106LdvBj581I9AB/3fq3acr8I"

var stored = []string{"secret", "{SHA}E5E9FA1BA31ECD1AE84F75CAAA474F3A663F05F4", "$2b$04$" + "dj3QqBfAHW6P4Ay8SZ4sUu"}

func TestEveryFormMatchesItsOwnAndNothingElse(t *testing.T) {
	hashed, err := Hash("secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{stored[0], stored[1], hashed, argon} {
		c, err := Parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		for given, want := range map[string]bool{"secret": true, "Secret": false, "": false, "secret ": false, s: s == "secret"} {
			if c.Matches(given) != want {
				t.Errorf("%s: %q matches: %v", s, given, !want)
			}
		}
	}
}

func TestABrokenOrCostlyHashIsRefused(t *testing.T) {
	for _, s := range []string{"", stored[2], "$2b$31$" + strings.Repeat("a", 53), "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q is taken", s)
		} else if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("the error shows it: %v", err)
		}
	}
}
