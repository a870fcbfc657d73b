# The images of the applications: make build/apps/trixie/redis-test.tar, or make apps for all. They are made
# again when what they are made of changes here; for the suite's newest packages, by make -B.

SUITE ?= trixie
IMAGES := $(patsubst apps/%/recipe.json,build/apps/$(SUITE)/%.tar,$(wildcard apps/*/recipe.json))

build/apps/$(SUITE)/%.tar: $(shell find apps -type f) | $(BUILT)
	@mkdir -p $(@D)
	apps/build $* --suite $(SUITE) --out $@
