# The lab: a virtual machine from Debian packages that is thrown away after each job. See lab/README.md.

# What building and running it need on the host. uidmap: for building it without root; cpio, kmod: for arm64.
LAB_TOOLS := cpio e2fsprogs kmod mmdebstrap uidmap util-linux xz-utils zstd

.PHONY: lab lab-base lab-qemu lab-shell lab-tools

# Side by side what waits for the network more than for a processor.
lab: build ## build the virtual machine, once (SUITE=trixie)
	@$(MAKE) --no-print-directory -s -j5 lab-base lab-qemu $(IMAGES)
	@SUITE=$(SUITE) lab/build

lab-base:
	@SUITE=$(SUITE) lab/build --base

lab-qemu:
	@lab/qemu --fetch

lab-shell: lab ## a shell in it, as root
	@SUITE=$(SUITE) lab/run --shell

lab-tools: ## install what building it needs (as root)
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(LAB_TOOLS)
