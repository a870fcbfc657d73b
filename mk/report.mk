# Summary, charts and the report, of the experiments (make report) and of the demo, each beside its runs:
# summary.csv, curves.csv, charts/, report.html. A page is made again when a run, or the list of runs, changes.

RUN_DIRS := $(sort $(patsubst %/run.json,%,$(wildcard $(RESULTS)/*-*/run-*/run.json)))
# Attempts that failed: the page names them.
INVALID := $(sort $(wildcard $(RESULTS)/*-*/invalid/run.json))

REPORTS := $(RESULTS) $(RESULTS)/demo

.PHONY: report

report: $(RESULTS)/report.html ## results/report.html: figures, charts, functions and provenance of the experiments
	@echo 'report: $<'

# One name in a line, for the rules below to see when runs come and go.
$(RESULTS)/runs.txt: RUNS_OF = $(RUN_DIRS) $(INVALID)
$(RESULTS)/demo/runs.txt: RUNS_OF = $(DEMO)
$(REPORTS:%=%/runs.txt): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(RUNS_OF) | cmp -s - $@ || printf '%s\n' $(RUNS_OF) > $@

.PHONY: FORCE
FORCE:

$(RESULTS)/summary.csv: $(INVALID) $(foreach run,$(RUN_DIRS),$(run)/run.json $(call run-files,$(run)))
$(RESULTS)/demo/summary.csv: $(foreach run,$(DEMO),$(run)/run.json $(call run-files,$(run)))

%/summary.csv %/curves.csv: %/runs.txt | $(BUILT)
	bin/summarize-runs --curves $*/curves.csv.new $* > $*/summary.csv.new
	mv $*/curves.csv.new $*/curves.csv
	mv $*/summary.csv.new $*/summary.csv

PICTURES = --published --curves $*/curves.csv

# One file stands for the folder, made anew so that no picture of what is gone stays behind.
%/charts/functions.svg: %/summary.csv %/curves.csv data/published.csv | $(BUILT)
	rm -rf $(@D) $(@D).new
	bin/plot-results $(PICTURES) --out $(@D).new $< $* > /dev/null
	mv $(@D).new $(@D)

%/report.html: %/summary.csv %/curves.csv %/charts/functions.svg data/published.csv | $(BUILT)
	bin/report-runs $(PICTURES) --summary $< --out $@ $*
