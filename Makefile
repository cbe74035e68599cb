# make run: the whole system on this machine.   make test: everything that proves it works.
# The rest is for those who change it; `make check` is what the CI asks.

export SQLX_OFFLINE := true
CARGO ?= cargo

.PHONY: run test setup check fmt clippy doc generated

run:
	scripts/setup
	$(CARGO) build --locked
	@$(CARGO) run --locked --quiet -- dev $(ARGS)

test:
	scripts/setup tests
	scripts/publishers
	$(CARGO) test --locked --no-fail-fast -- $(TESTS)

setup:
	scripts/setup tests

check: test fmt clippy doc generated

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy --locked --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

generated:
	scripts/check-generated
