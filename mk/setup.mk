# Packages and build. Everything the commands need at run time is bundled into dist/.

PACKAGES := node_modules/.package-lock.json
BUILT := dist/.built
SOURCES := $(shell find src bin -type f ! -name binary.ts) $(wildcard docs/*.1.md) $(wildcard mk/*.mjs mk/*.cjs)

$(PACKAGES): package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

$(BUILT): $(PACKAGES) $(SOURCES)
	npm run --silent build
	@touch $@
