# Experiments: make results/runc-node-express, make results/kata-redis-test RUNS=10 WHERE=host. Which run is
# made where, and which is kept, is decided in mk/experiment.mjs.

RUNS ?= 1
WHERE ?= auto
SUITE ?= trixie
RUNTIMES ?=
APPS ?= apps
ENGINE ?= docker

export RESULTS RUNS WHERE SUITE RUNTIMES APPS REQUESTS RATE CONCURRENCY BUFFER STARTUP ENGINE MAKE

# What else is made there: mk/report.mk.
NO_EXPERIMENTS := $(addprefix $(RESULTS)/,demo runs.txt summary.csv curves.csv report.html)
EXPERIMENTS := $(filter-out $(NO_EXPERIMENTS),$(foreach goal,$(filter $(RESULTS)/%,$(MAKECMDGOALS)),\
  $(if $(findstring /,$(patsubst $(RESULTS)/%,%,$(goal))),,$(goal))))

.PHONY: results $(EXPERIMENTS)

$(EXPERIMENTS): $(RESULTS)/%: | $(BUILT)
	@node mk/experiment.mjs $*

results: | $(BUILT) ## experiments with all applications, under all runtimes that can be used (or RUNTIMES)
	@node mk/experiment.mjs --all
