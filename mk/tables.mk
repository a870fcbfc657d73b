# The scores of a kernel that Debian has, from its source: make complexity/linux-6.12.txt.gz. Those that the
# repository has are made again by make -B. complexity/linux-X.names.gz, if there is one, limits the table.

FLAVOUR ?= amd64

complexity/linux-%.txt.gz: | $(BUILT)
	FLAVOUR=$(FLAVOUR) KEEP=$(KEEP) bash mk/debian-kernel.sh $* build/linux-$*
	bin/kernel-complexity build/linux-$*/source --config build/linux-$*/config \
	  $(addprefix --names ,$(wildcard complexity/linux-$*.names.gz)) \
	  --origin "$$(cat build/linux-$*/origin)" --out $@
