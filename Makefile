# The front door. `make help` lists what there is; everything is built below build/.

JOBS ?= $(shell nproc)
# Debian's own, which has the packages: a python3 found earlier in PATH has not.
PYTHON ?= /usr/bin/python3
PREFIX ?= /usr
# Where `make run` listens and keeps its data.
ADDRESS ?= 127.0.0.1:5000
DATA ?= $(CURDIR)/data
# Seconds for each fuzzer and for the soak.
FUZZ_SECONDS ?= 600
SOAK_SECONDS ?= 1800

BENCH_PROGRAMS = --program build/release/berth --load build/release/tests/bench/load/berth_load \
                 --receiver build/release/tests/bench/load/limit_receiver

.DEFAULT_GOAL := help
.PHONY: help packages build run test quick sanitize fuzz soak bench profile tidy format conformance install clean

help: ## show this list
	@echo "Berth: a container and OCI-artifact registry in one program."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@tools/install_packages.sh build

build: packages ## build/release/berth, and registry beside it
	@cmake --preset release >/dev/null
	@ninja -C build/release -j $(JOBS) berth

run: build ## serve on 127.0.0.1:5000 with the data in ./data (ADDRESS=, DATA=)
	@tools/run.sh build/release/berth "$(ADDRESS)" "$(DATA)"

test: ## install, build and test everything (up to an hour on 2 cores)
	@start=$$(date +%s); tools/install_packages.sh build test && \
	  $(PYTHON) tools/run_tests.py --jobs $(JOBS) --packages-seconds $$(( $$(date +%s) - start ))

quick: ## unit and contract tests, include and header checks: a minute when little changed
	@tools/install_packages.sh build test
	@$(PYTHON) tools/run_tests.py --jobs $(JOBS) --only checks,unit

sanitize: ## unit and contract tests under TSan, process tests under ASan and UBSan
	@tools/install_packages.sh build test
	@$(PYTHON) tools/run_tests.py --jobs $(JOBS) --only tsan,process-asan

fuzz: ## every fuzzer for FUZZ_SECONDS (600)
	@tools/install_packages.sh build test
	@cmake --preset fuzz >/dev/null
	@ninja -C build/fuzz -j $(JOBS)
	@tests/fuzz/run.sh build/fuzz/fuzz $(FUZZ_SECONDS) $(JOBS)

soak: build ## for SOAK_SECONDS (1800) each: collection under kill -9 and a failing disk, then a mixed load
	@tools/install_packages.sh test
	@$(PYTHON) tests/soak/collection_soak.py --program build/release/berth --seconds $(SOAK_SECONDS) --faults $(SOAK_ARGS)
	@$(PYTHON) tests/soak/soak.py --program build/release/berth --seconds $(SOAK_SECONDS)

bench: build ## Berth beside nginx, docker-registry and the machine's limits (BENCH_ARGS=, BENCH_PEER=name=command)
	@tools/install_packages.sh bench
	@ninja -C build/release -j $(JOBS) berth_load limit_receiver
	@$(PYTHON) tests/bench/bench.py $(BENCH_PROGRAMS) $(BENCH_ARGS)

profile: ## make profile-NAME: where Berth's time goes in a row of the benchmark; without NAME the names
	@$(PYTHON) tests/bench/profile_row.py --list

profile-%: build
	@tools/install_packages.sh bench profile
	@ninja -C build/release -j $(JOBS) berth_load limit_receiver
	@$(PYTHON) tests/bench/profile_row.py $* $(BENCH_PROGRAMS) $(PROFILE_ARGS)

tidy: ## clang-tidy on every source, and every header compiled alone
	@tools/install_packages.sh build test
	@cmake --preset release >/dev/null
	@$(PYTHON) tools/check_headers.py --jobs $(JOBS)
	@$(PYTHON) tools/tidy.py --all --jobs $(JOBS)

format: ## clang-format on what is not committed yet
	@tools/install_packages.sh test
	@{ git diff --name-only HEAD; git ls-files -o --exclude-standard; } | grep -E '\.(h|cpp)$$' | sort -u | xargs -r -I{} sh -c 'test ! -f {} || clang-format-19 -i {}'

conformance: build ## PROGRAM=path: the official OCI conformance program against a fresh server
	@test -n "$(PROGRAM)" || { echo "make conformance needs PROGRAM=/path/to/the/official/program (docs/operations.md)"; exit 2; }
	@tools/install_packages.sh test
	@$(PYTHON) tools/run_conformance.py --program "$(PROGRAM)" --berth build/release/berth

install: build ## DESTDIR= PREFIX=/usr: program, systemd unit, example configuration
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" packaging/install.sh build/release

clean: ## remove build/ (never data/)
	rm -rf build
