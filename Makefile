# The few commands that people type. `make` alone explains them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
# Debug products and tests live in .build, release products in .build-release: neither throws away the other's work.
RELEASE := .build-release
BUILD_PACKAGES := libzstd-dev liblz4-dev libdeflate-dev libssl-dev libsqlite3-dev libpq-dev unixodbc-dev \
    libcurl4-openssl-dev libexpat1-dev libhiredis-dev pkg-config python3 sqlite3 zstd
TEST_PACKAGES := prometheus postgresql mariadb-server odbc-mariadb odbc-postgresql libsqliteodbc openssl \
    radosgw ceph-mon ceph-osd ceph-common redis-server curl python3-venv gcc libc6-dev

# Package.swift has the programs of Benchmarks/ only then; the tests see to it that they build.
test bench-databases bench-s3: export DES_BENCHMARKS := 1

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: deps
deps: ## install the system packages that are missing (Debian, Ubuntu)
	@.ci/deps $(BUILD_PACKAGES) $(TEST_PACKAGES)

.PHONY: build-deps
build-deps:
	@.ci/swift $(SWIFT)
	@.ci/deps $(BUILD_PACKAGES)

.PHONY: build
build: build-deps ## build the programs in release: .build-release/release/des-migrate and the others
	$(SWIFT) build -c release --scratch-path $(RELEASE) --static-swift-stdlib

.PHONY: quickstart
quickstart: build ## migrate a few thousand real files of this machine, read them back, show the result
	@examples/quickstart/run $(RELEASE)/release

.PHONY: test-quick
test-quick: build-deps ## build, and run the tests that need no server: some minutes, after each small change
	$(SWIFT) build --build-tests
	Tests/Scripts/test-quick

.PHONY: test
test: build-deps deps ## build and run all tests; a warning is an error
	@mkdir -p .build
	$(SWIFT) build --build-tests 2>&1 | tee .build/build.log
	@Tests/Scripts/no-warnings .build/build.log
	Tests/Scripts/test-lanes $(SWIFT)
	promtool test rules alerts/migration.test.yml alerts/retriever.test.yml
	Tests/Scripts/dashboard-states
	Tests/Scripts/des2_reader.py --expected Tests/DESShardTests/Golden/des2/expected.json Tests/DESShardTests/Golden/des2
	Tests/Scripts/documents --binaries .build/debug
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 12 --files 1500
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 12 --files 1500 --delete-sources --saved-anew --unmounted
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 6 --files 1000 --delete-sources --equal-big \
	    --staging /dev/shm/des-kill-loop
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 6 --files 1500 --sigterm
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 8 --files 1500 --s3
	Tests/Scripts/kill-loop --binary .build/debug/des-migrate --rounds 4 --files 400 --s3-sources --delete-sources
	Tests/Scripts/worker-loop --binary .build/debug/des-migrate --rows 60000 --pool 5000 --equal-big --staging /dev/shm/des-worker-loop
	Tests/Scripts/worker-loop --binary .build/debug/des-migrate --rows 30000 --pool 5000 --database mariadb
	Tests/Scripts/retrieval-load --binaries .build/debug --duration 20 --files 400 --clients 6
	Tests/Scripts/power-loss --binary .build/debug/des-migrate --points 16
	Tests/Scripts/power-loss --binary .build/debug/des-migrate --rounds 1 --points 40 --starts 0 --forget directories
	Tests/Scripts/power-loss --binary .build/debug/des-migrate --rounds 1 --points 40 --starts 0 --forget files

.PHONY: lint
lint: build-deps deps ## check formatting, scripts, documents, dashboards and alerts
	$(SWIFT) format lint --strict --recursive Sources Tests Benchmarks examples Package.swift
	promtool check rules alerts/migration.yml alerts/retriever.yml
	Tests/Scripts/lint
	Tests/Scripts/layers
	Tests/Scripts/hygiene
	Tests/Scripts/documents

.PHONY: bench
bench: build ## measure speed, size and memory against tar and zstd; options: make bench ARGS="--help"
	Benchmarks/run --binaries $(RELEASE)/release $(ARGS)

.PHONY: bench-databases
bench-databases: build deps ## measure reading, marking and workers on a throw-away PostgreSQL; options as above
	Benchmarks/databases --binaries $(RELEASE)/release $(ARGS)

.PHONY: bench-s3
bench-s3: build deps ## measure the S3 client, uploads and migrations against a throw-away server; options as above
	@.ci/deps nginx-light
	Benchmarks/s3 --binaries $(RELEASE)/release $(ARGS)

.PHONY: bench-retrieval
bench-retrieval: build deps ## measure des-http against nginx, FastAPI and a bare S3 client; options as above
	@.ci/deps nginx-light wrk
	Benchmarks/retrieval --binaries $(RELEASE)/release $(ARGS)

.PHONY: clean
clean: ## remove what was built and what the quickstart made
	rm -rf .build $(RELEASE) .build-quickstart .build-bench
