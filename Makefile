# The two commands are `make demo` and `make test`. Everything that they need is installed or built by them.
export NOT_CRAN := true
export CARGO_HOME ?= $(HOME)/.cargo
export CARGO_TARGET_DIR ?= $(CURDIR)/.cache/target
export PATH := $(PATH):$(HOME)/.cargo/bin

# `make test DEVICE=cuda` builds for a GPU of NVIDIA and runs the tests on it as well as on the processor.
ifeq ($(DEVICE),cuda)
export VAEIRT_CUDA := 1
FEATURES := --features cuda
endif

LIBRARY := .cache/library
INSTALLED := $(LIBRARY)/vaeirt/DESCRIPTION
CARGO := --manifest-path src/rust/Cargo.toml --locked
export R_LIBS := $(CURDIR)/$(LIBRARY)

.PHONY: help setup install demo test soak house test-rust test-r lint lint-rust lint-yaml check check-cuda check-windows gpu-bundle bench coverage doc vendor readme site check-site clean

help:
	@echo "make demo           fit the 109th Senate, print the table, write the figure"
	@echo "make test           run every Rust and R test"
	@echo "make soak           run what is too slow for that: killed fits, hostile files, memory checkers, large data"
	@echo "make check          R CMD check"
	@echo "make check-cuda     compile for GPUs, without one"
	@echo "make check-windows  compile for Windows, and run what can be run under Wine"
	@echo "make gpu-bundle     tests and fits to be tried on another machine with a GPU, in one file"
	@echo "make coverage       how much of the code the tests run; fails where that is too little"
	@echo "make bench          measure speed and accuracy against peers"
	@echo "make doc            write NAMESPACE, man/, R/extendr-wrappers.R and codemeta.json"
	@echo "make readme         write README.md and its figure from README.Rmd, by a run"
	@echo "make house          how the code is laid out: circles, upward imports, long functions, large modules"
	@echo "make lint           that, rustfmt, clippy, lintr, the workflows and the spelling"
	@echo "make vendor         write the bundle of crates for an installation without network"
	@echo "make site           write the web site to docs/"
	@echo "make check-site     the same, then open all its pages and follow their links"

setup:
	@tools/setup.sh base

$(INSTALLED): $(shell git ls-files DESCRIPTION NAMESPACE R inst man src tools/config.R configure)
	@mkdir -p $(LIBRARY)
	R CMD INSTALL --no-test-load --library=$(LIBRARY) .
	@touch $@

install: setup
	@$(MAKE) --no-print-directory $(INSTALLED)

demo: install
	Rscript tools/demo.R

test: install
	@$(MAKE) --no-print-directory lint-yaml test-rust test-r

# Needs R alone. The first of the checks, as it takes seconds.
house:
	Rscript tools/house_test.R
	Rscript tools/house.R

lint-rust:
	cargo fmt --all --manifest-path src/rust/Cargo.toml --check
	cargo clippy $(CARGO) $(FEATURES) --workspace --all-targets -- -D warnings

lint-yaml:
	@tools/setup.sh yaml
	tools/check_yaml.sh

soak: install
	@tools/setup.sh soak
	cargo build $(CARGO) --release --package vae-irt-core --example ballots
	tools/soak.sh

test-rust: house lint-rust
	cargo test $(CARGO) $(FEATURES) --workspace

test-r:
	Rscript tools/test.R

lint: house install lint-rust lint-yaml
	@tools/setup.sh lint
	Rscript -e 'lints <- lintr::lint_package(); print(lints); quit(status = length(lints) > 0)'
	Rscript -e 'words <- spelling::spell_check_package("."); print(words); quit(status = nrow(words) > 0)'

check: setup
	@tools/setup.sh check
	tools/check.sh

check-cuda:
	tools/check_cuda.sh

check-windows: setup
	@tools/setup.sh windows
	tools/check_windows.sh

gpu-bundle:
	tools/gpu_bundle.sh

coverage: install
	@tools/setup.sh coverage
	tools/coverage.sh
	Rscript tools/coverage.R

bench: install
	cargo build $(CARGO) --release --package vae-irt-core --example ballots
	Rscript bench/bench.R

doc: install
	@tools/setup.sh doc
	Rscript tools/document.R $(LIBRARY)/vaeirt/libs/vaeirt.so
	Rscript tools/codemeta.R

vendor: setup
	tools/vendor.sh

site: install
	@tools/setup.sh site
	Rscript tools/site.R

check-site: site
	Rscript tools/check_site.R

readme: install
	Rscript tools/readme.R

clean:
	rm -rf .cache docs output *.tar.gz *.Rcheck
	./cleanup
