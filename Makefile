# kernel-surface: how much of the host kernel a container can reach. `make help` lists what can be made.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := help

# Knobs: make demo SOFTIRQ=keep
RESULTS ?= results
COMPLEXITY ?= complexity
SOFTIRQ ?= drop
UNKNOWN ?= drop
TRACES ?= samples

.PHONY: help demo apps test check build bench bench-capture bench-coverage bench-same-run clean

include mk/setup.mk
include mk/stages.mk
include mk/tables.mk
include mk/results.mk
include mk/apps.mk
include mk/lab.mk

SAMPLES := $(patsubst samples/%.trace.gz,%,$(wildcard samples/*.trace.gz))
DEMO := $(SAMPLES:%=$(RESULTS)/demo/%/run-1)

include mk/report.mk

demo: $(RESULTS)/demo/report.html ## the sample traces through all stages: a table of five runtimes, charts, the report
	@node mk/table.mjs $(DEMO)
	@echo
	@echo 'charts: $(RESULTS)/demo/charts'
	@echo 'report: $(RESULTS)/demo/report.html'

$(RESULTS)/demo/%/run-1/trace.gz: samples/%.trace.gz
	@mkdir -p $(@D)
	cp $< $@

$(RESULTS)/demo/%/run-1/tids: samples/%.tids
	@mkdir -p $(@D)
	cp $< $@

$(RESULTS)/demo/%/run-1/run.json: samples/%.run.json
	@mkdir -p $(@D)
	cp $< $@

apps: $(IMAGES) ## the images of the three applications, for docker load

test: build ## all tests (set-up and build included)
	npx tap run

check: build ## formatter, linter and type check
	npx biome check .
	npx tsc -p . --noEmit

build: $(BUILT) ## install the packages and bundle the commands into dist/

bench: build ## speed, memory and start-up beside the published filters (needs cc and mawk)
	node bench/bench.mjs --traces $(TRACES) --runs $(if $(filter file,$(origin RUNS)),5,$(RUNS))

# judge SCRIPT: what it says of the recordings of both runtimes; all of it, whatever does not hold.
judge = status=0; for runtime in runc runsc; do \
  PATH=$(CURDIR)/bin:$$PATH node bench/capture/$(1) build/$@/$$runtime-node-express || status=1; \
  done; exit $$status

bench-capture: lab ## ftrace-capture beside cat trace_pipe and trace-cmd record, in the lab
	for runtime in runc runsc; do \
	  lab/run --time-limit 3600 --in bench --out build/bench-capture -- bench/capture/run $$runtime || exit; \
	done
	$(call judge,compare.mjs)

bench-coverage: lab ## ftrace-capture --once beside full traces, in the lab
	for runtime in runc runsc; do \
	  full=raw-60; test $$runtime = runc || full=raw-384; \
	  lab/run --time-limit 3600 --in bench --out build/bench-coverage -- \
	    env WAYS="$$full once $$full-2 once-2" bench/capture/run $$runtime node-express 300 || exit; \
	  PATH=$(CURDIR)/bin:$$PATH node bench/capture/compare.mjs build/bench-coverage/$$runtime-node-express; \
	done

bench-same-run: lab ## ftrace-capture beside trace-cmd record on one run, in the lab
	for runtime in runc runsc; do \
	  requests=300; test $$runtime = runc || requests=60; \
	  lab/run --time-limit 3600 --in bench --out build/bench-same-run -- \
	    env WAYS="once+trace-cmd raw+trace-cmd text+trace-cmd" bench/capture/run $$runtime node-express $$requests || exit; \
	done
	$(call judge,same-run.mjs)

clean: ## remove what make has made, but for the installed packages
	rm -rf dist build src/trace/lane/binary.ts $(RESULTS)/demo

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'make results/runc-node-express  an experiment: RUNTIME-APPLICATION'
	@echo 'make complexity/linux-6.12.txt.gz  the scores of a Debian kernel, from its source (needs complexity)'
	@echo
	@echo 'Knobs, as in `make demo SOFTIRQ=keep` (after make clean):'
	@echo '  RESULTS=$(RESULTS)  where runs are kept'
	@echo '  COMPLEXITY=$(COMPLEXITY)  the folder of tables, or one of them'
	@echo '  SOFTIRQ=$(SOFTIRQ)  softirq work: drop, keep-own or keep'
	@echo '  UNKNOWN=$(UNKNOWN)  lines of unknown context: drop or keep'
	@echo '  TRACES=$(TRACES)  folder of recordings for make bench'
	@echo '  RUNS=$(RUNS)  runs of an experiment (make bench: 5)'
	@echo '  WHERE=$(WHERE)  experiments run on this host, in the lab, or where it goes: host, lab, auto'
	@echo '  SUITE=$(SUITE)  Debian suite of the lab: bookworm, trixie, forky'
	@echo '  STARTUP=1  trace the container from its creation on (results/startup)'
	@echo '  ENGINE=podman  instead of docker'
	@echo '  REQUESTS= RATE= CONCURRENCY=  load of an experiment (default: the application'"'"'s own)'
