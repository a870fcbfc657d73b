# From a recorded trace to figures, stage by stage. A run is a folder that holds trace.gz, the kernel's own
# text, tids, the threads of the container, and run.json; everything else in it is made from these.

run-files = $(addprefix $(1)/,trace.list strip.json functions.csv syscalls.list complexity.csv per-function.csv)

STRIP = --strip --tids @$*/tids --softirq $(SOFTIRQ) --unknown $(UNKNOWN)

# Written aside and renamed: a name in a run's folder always means a whole file.
%/trace.list %/strip.json: %/trace.gz %/tids | $(BUILT)
	zcat $*/trace.gz | bin/uniq-funcs $(STRIP) --explain $*/strip.json.new > $*/trace.list.new
	mv $*/strip.json.new $*/strip.json
	mv $*/trace.list.new $*/trace.list

%/functions.csv: %/trace.gz %/tids | $(BUILT)
	zcat $*/trace.gz | bin/uniq-funcs $(STRIP) --csv > $@.new
	mv $@.new $@

# Of runs that were traced from the container's creation on: what was reached in which phase.
%/phases.csv: %/trace.gz %/tids %/run.json | $(BUILT)
	zcat $*/trace.gz | bin/uniq-funcs $(STRIP) --by phase --phases $*/run.json > $@.new
	mv $@.new $@

%/syscalls.list: %/trace.gz %/tids | $(BUILT)
	zcat $*/trace.gz | bin/uniq-funcs $(STRIP) --syscalls \
	  $(addprefix --in-flight ,$(wildcard $*/in-flight)) > $@.new
	mv $@.new $@

TRACED = $$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).kernel.release' $*/run.json)

# By functions.csv, whose call paths tell apart functions of one name.
%/complexity.csv %/complexity.json: %/functions.csv %/run.json $(wildcard complexity/*.txt.gz) | $(BUILT)
	bin/complexity-sum -c $(COMPLEXITY) --explain $*/complexity.json.new \
	  --kernel "$(TRACED)" < $< > $*/complexity.csv.new
	mv $*/complexity.json.new $*/complexity.json
	mv $*/complexity.csv.new $*/complexity.csv

%/per-function.csv: %/functions.csv %/run.json $(wildcard complexity/*.txt.gz) | $(BUILT)
	bin/complexity-sum -c $(COMPLEXITY) --per-function --kernel "$(TRACED)" < $< > $@.new
	mv $@.new $@
