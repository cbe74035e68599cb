# The two doors: `make run` and `make test`. They install what is missing first (scripts/setup), and say so.

# Nobody needs a database to compile: our SQL statements are described in .sqlx.
export SQLX_OFFLINE := true

# Arguments of `usciere dev`: make run ARGS="--http-port 9000"
ARGS ?=

.PHONY: run test setup setup-tests check fmt clippy doc

run: setup
	cargo run --locked -- dev $(ARGS)

test: setup-tests
	@if [ -x scripts/publishers ]; then scripts/publishers; fi
	@scripts/readers
	cargo test --locked

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
