# make demo   build supd and run it in the foreground on a small configuration of its own
# make test   every test, race detector on, against the real supervisord and supervisorctl
# make help   the other targets

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION)
GOBUILD  = CGO_ENABLED=0 $(GO) build -trimpath -tags osusergo,netgo,nethttpomithttp2

# What the tests need beyond Go: Debian's supervisor is the reference and the client, gcc is for the race detector, rsyslog
# receives what is sent to syslog, zsh and fish complete command lines, cgi-fcgi and lighttpd speak to fcgi-programs, systemd is
# for its systemd-notify and systemd-analyze, shellcheck reads the scripts.
# chromium looks at the page, prometheus has promtool, curl fetches axe-core.
PEERS = git mount util-linux supervisor rsyslog gcc libc6-dev zsh fish libfcgi-bin lighttpd systemd shellcheck chromium prometheus curl ca-certificates

.PHONY: help demo build install uninstall test sim soak peers axe race screenshots check fmt lint fuzz bench cross docs clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  %-9s %s\n", $$1, $$2}'

build: ## bin/supd: static, stripped, with its version
	@mkdir -p bin
	$(GOBUILD) -ldflags "$(LDFLAGS)" -o bin/supd ./cmd/supd

PREFIX  ?= /usr/local
DESTDIR ?=
LINKS   ?=
SUPD    ?= bin/supd
install: $(if $(filter bin/supd,$(SUPD)),build) ## copy supd, its unit and a configuration (PREFIX, DESTDIR; LINKS=yes: supervisord, supervisorctl)
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' LINKS='$(LINKS)' SUPD='$(SUPD)' cmd/supd/setup.sh copy

uninstall: ## remove what install has copied, but for the configuration
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' cmd/supd/setup.sh remove

demo: build ## run supd on a small configuration of its own; Ctrl-C ends it
	@bin/supd demo

test: peers axe race ## everything, race detector on, real peers included

soak: peers ## programs that write fast for three minutes; every byte must be in their logs (make test has a short one)
	CGO_ENABLED=1 SUPD_TEST_SOAK=1 $(GO) test -race -count 1 -timeout 15m -v -run TestSoak ./cmd/supd

sim: ## ten million steps of random configurations, faults and commands in simulated time (make test has a short run)
	$(GO) test -count 1 -timeout 10m -v -run 'TestRandomSimulations|TestMutants' ./actors -sim.steps 10000000 -sim.seed $(SIMSEED)

SIMSEED ?= 1

race:
	CGO_ENABLED=1 $(GO) test -race -timeout 15m ./...

peers:
	@missing=""; for p in $(PEERS); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    echo "installing$$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || exit 1; \
	  else \
	    echo "the tests need:$$missing"; echo "type: sudo apt-get update && sudo apt-get install -y$$missing"; exit 1; \
	  fi; \
	fi

# axe-core looks whether the page can be used by everybody. It is not part of supd: the tests load it into the browser.
AXE        = 4.14.1
AXE_SHA512 = 1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
axe: bin/axe-$(AXE).js
bin/axe-$(AXE).js:
	@mkdir -p bin
	@curl -sSfL --retry 3 -o bin/axe.tgz https://registry.npmjs.org/axe-core/-/axe-core-$(AXE).tgz || { echo "axe-core cannot be fetched; the tests of the page need it"; exit 1; }
	@echo "$(AXE_SHA512)  bin/axe.tgz" | sha512sum -c --quiet && tar -xzOf bin/axe.tgz package/axe.min.js >$@.part && mv $@.part $@ && rm bin/axe.tgz

screenshots: peers ## take the pictures of the documents anew
	SUPD_VERSION='$(VERSION)' SUPD_SCREENSHOTS='$(CURDIR)/docs/images' $(GO) test -count 1 -run TestScreenshot ./cmd/supd

check: fmt lint cross ## formatting, vet, staticcheck, the other platforms

fmt:
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$out" ]; then echo "gofmt these files:"; echo "$$out"; exit 1; fi

lint:
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

cross: ## compile for the other platforms; 32 bits must fail with a reason
	GOOS=linux GOARCH=arm64 $(GOBUILD) -o /dev/null ./cmd/supd
	GOOS=linux GOARCH=amd64 $(GOBUILD) -o /dev/null ./cmd/supd
	GOOS=darwin $(GO) vet ./...
	@if out=$$(GOOS=linux GOARCH=386 $(GOBUILD) -o /dev/null ./cmd/supd 2>&1); then echo "a 32-bit build must not succeed"; exit 1; \
	else echo "$$out" | grep -q supd_needs_a_64_bit_platform || { echo "a 32-bit build fails for the wrong reason:"; echo "$$out"; exit 1; }; fi

FUZZTIME ?= 20s
fuzz: ## run each fuzz target for FUZZTIME (20s)
	@$(GO) list ./... | while read p; do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done

bench: build peers ## the figures of the design, beside a minimal supervisor and supervisord
	@mkdir -p bin
	$(GOBUILD) -ldflags "-s -w" -o bin/floor ./cmd/bench/floor
	$(GOBUILD) -o bin/bench ./cmd/bench
	bin/bench -supd bin/supd -floor bin/floor -supervisord /usr/bin/supervisord $(BENCHFLAGS)

docs: ## rewrite the generated parts of the documents
	$(GO) test ./supervisor -run 'Docs|Transcripts' -update
	$(GO) test ./confload -run Docs -update
	$(GO) test ./actors -run Docs -update
	$(GO) test ./supervisor/events -run 'Docs|Transcripts' -update
	$(GO) test ./ctl/server -run Docs -update
	$(GO) test ./ctl -run Docs -update
	$(GO) test ./ctl/top -run Docs -update
	$(GO) test ./cmd/supd -run Docs -update

clean: ## remove what was built
	rm -rf bin
