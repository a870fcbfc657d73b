# The lab: a virtual machine from Debian packages that is thrown away after each job. See lab/README.md.

# What building and running it need on the host. uidmap: for building it without root.
LAB_TOOLS := e2fsprogs mmdebstrap uidmap util-linux xz-utils zstd

.PHONY: lab lab-shell lab-tools

# Three things that wait for the network more than for a processor: at the same time.
lab: build ## build the virtual machine, once (SUITE=trixie)
	@SUITE=$(SUITE) lab/build --base & base=$$!; lab/qemu --fetch & qemu=$$!; \
	$(MAKE) --no-print-directory -s -j3 $(IMAGES); wait $$base; wait $$qemu
	@SUITE=$(SUITE) lab/build

lab-shell: lab ## a shell in it, as root
	@SUITE=$(SUITE) lab/run --shell

lab-tools: ## install what building it needs (as root)
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(LAB_TOOLS)
