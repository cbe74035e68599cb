# The two doors: `make run` and `make test`. They install what is missing first (scripts/setup), and say so.

# Nobody needs a database to compile: our SQL statements are described in .sqlx.
export SQLX_OFFLINE := true

# Arguments of `usciere dev`: make run ARGS="--http-port 9000"
ARGS ?=

.PHONY: run test chaos bench bench-quick bench-peers setup setup-tests check fmt clippy doc

run: setup
	cargo run --locked -- dev $(ARGS)

test: setup-tests
	@if [ -x scripts/publishers ]; then scripts/publishers; fi
	@scripts/readers
	@scripts/run-tests

# Faults under load, for as long as you like: engine, broker, database, network, pause or mixed. What each run comes
# to is added to target/chaos.jsonl, so that many cycles can be run in parts (docs/reliability.md).
FAULT ?= mixed
CYCLES ?= 100
SEED ?= 1

chaos: setup-tests
	CHAOS_FAULT=$(FAULT) CHAOS_CYCLES=$(CYCLES) CHAOS_SEED=$(SEED) CHAOS_BOOK=$(CURDIR)/target/chaos.jsonl \
	    cargo test --locked --test chaos -- --nocapture faults_at_random

# How close the engine comes to the broker's own limit (docs/performance.md). The second takes two minutes and warns of
# what got worse since the run that is kept in benches/.
bench: setup
	cargo build --release --locked
	target/release/usciere bench $(ARGS)

bench-quick: setup
	cargo build --release --locked
	target/release/usciere bench --requests 5000 --rounds 3 --for 5s \
	    $(addprefix --baseline ,$(wildcard benches/baseline.json)) $(ARGS)

# Beside Celery, DBOS and Restate, on the same servers in one run (benches/peers).
bench-peers: setup-tests
	cargo build --release --locked
	scripts/bench-peers $(ARGS)

setup:
	@scripts/setup

setup-tests:
	@scripts/setup tests

check:
	cargo check --locked --all-targets

fmt:
	cargo fmt

clippy:
	cargo clippy --locked --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
