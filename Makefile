# The front door: every target installs what it needs (Debian 12), builds, and runs.
# The work itself is CMake's; see CMakePresets.json.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
# Tests wait more than they compute, but each may run a JVM.
TEST_JOBS ?= 2

.PHONY: help
help: ## this list
	@echo "Turnstile: ZooKeeper recipes for C++20. make ..."
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name what; do \
	    printf '%-16s %s\n' "$$name" "$$what"; done

.PHONY: demo
demo: ## order desk: services that share fair locks on a real ZooKeeper server
	@scripts/setup build run
	@cmake --preset release
	@cmake --build --preset release --parallel $(JOBS) --target orderdesk
	@build/release/examples/orderdesk/orderdesk demo

.PHONY: demo-ensemble
SERVERS = 127.0.0.1:$${TURNSTILE_PORT_1:-22181},127.0.0.1:$${TURNSTILE_PORT_2:-22182},127.0.0.1:$${TURNSTILE_PORT_3:-22183}
demo-ensemble: ## the same on the three servers in containers (see ensemble-up)
	@scripts/setup build run
	@cmake --preset release
	@cmake --build --preset release --parallel $(JOBS) --target orderdesk
	@docker/ensemble run build/release/examples/orderdesk/orderdesk demo --connect "$(SERVERS)"

.PHONY: test test-asan test-tsan
test: preset = dev
test: ## all tests
test-asan: preset = asan
test-asan: ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
test-tsan: preset = tsan
test-tsan: ## all tests under ThreadSanitizer
test test-asan test-tsan:
	@scripts/setup build run interop databases
	@cmake --preset $(preset)
	@cmake --build --preset $(preset) --parallel $(JOBS)
	@ctest --preset $(preset) --parallel $(TEST_JOBS)

.PHONY: ensemble-up ensemble-down ensemble-status test-ensemble
ensemble-up: ## three ZooKeeper servers in containers, on 127.0.0.1:22181 to 22183
	@docker/ensemble up
	@docker/ensemble status
ensemble-down: ## removes them, and stops the Docker engine if ensemble-up started it
	@docker/ensemble down
ensemble-status: ## what each of them is doing
	@docker/ensemble status
test-ensemble: ## the tests of sessions and recipes on a local ensemble, and on that in containers
	@scripts/setup build run
	@cmake --preset dev
	@cmake --build --preset dev --parallel $(JOBS) --target core_tests recipe_tests
	@TURNSTILE_TEST_BACKEND=ensemble ctest --preset dev --label-regex real
	@docker/ensemble run env TURNSTILE_TEST_BACKEND=docker ctest --preset dev --label-regex real

.PHONY: test-interop
test-interop: ## Turnstile, Curator and kazoo in one line, some of them killed, and a judge
	@scripts/setup build run interop
	@cmake --preset dev
	@cmake --build --preset dev --parallel $(JOBS) --target interop interop_tests
	@ctest --preset dev --verbose -L interop

.PHONY: simulate
SEEDS ?= 100000
simulate: ## recipes in simulated worlds: SEEDS=n from SEED=k, see docs/simulation.md
	@scripts/setup build
	@cmake --preset dev
	@cmake --build --preset dev --parallel $(JOBS) --target simulate
	@build/dev/tests/simulation/simulate --seed $(or $(SEED),1) --seeds $(SEEDS)

.PHONY: mutants
mutants: ## breaks the SDK in the ways of tests/mutants, which the fast tests must notice
	@scripts/setup build
	@scripts/mutants

.PHONY: bench
bench: ## benchmarks, with the raw C client, Curator and kazoo beside us, and pictures of them
	@scripts/setup build run
	@scripts/setup interop || echo "bench: without Curator or kazoo"
	@scripts/setup bench || echo "bench: without pictures"
	@scripts/setup databases || echo "bench: without PostgreSQL"
	@cmake --preset release
	@bench/run
	@bench/orders
	@bench/plots

.PHONY: chaos soak
MINUTES ?= 60
chaos: arguments = --profile chaos
chaos: ## ten minutes of faults against locks, and a judge (SEED=n: a given plan)
soak: arguments = --profile soak --minutes $(MINUTES)
soak: ## the same in phases, MINUTES=60; goes on where it was broken off
chaos soak:
	@scripts/setup build run
	@cmake --preset release
	@cmake --build --preset release --parallel $(JOBS) --target chaos
	@build/release/tests/chaos/chaos $(arguments) --seed $(or $(SEED),0)

# How long each target looks for inputs that break its claims.
SECONDS ?= 60

.PHONY: fuzz
fuzz: ## libFuzzer on every parser: SECONDS=60 each
	@scripts/setup build fuzz
	@cmake --preset fuzz
	@cmake --build --preset fuzz --parallel $(JOBS)
	@FUZZ_SECONDS=$(SECONDS) ctest --preset fuzz --parallel $(TEST_JOBS)

.PHONY: limits
limits: ## ten thousand contenders, ten thousand keys, forty thousand watches
	@scripts/setup build run
	@cmake --preset dev
	@cmake --build --preset dev --parallel $(JOBS) --target limits_tests
	@TURNSTILE_CONTENDERS=10000 ctest --preset dev --verbose -L limits

.PHONY: model
model: ## searches the model of the waiting line, and its mutants, with spin
	@scripts/setup model
	@JOBS=$(JOBS) tests/model/check

.PHONY: format format-check lint
format: ## every C++ file by .clang-format
	@scripts/setup lint
	@scripts/format
format-check: ## fails when `make format` would change a file
	@scripts/setup lint
	@scripts/format --check
lint: ## clang-tidy and shellcheck
	@scripts/setup build lint
	@cmake --preset dev
	@scripts/lint

.PHONY: clean
clean: ## removes everything that was built
	@rm -rf build
