.PHONY: check fmt test run

# Format, lint, types, import contracts, architecture and fast tests.
check:
	scripts/test --fast

fmt: .venv/bin/ruff
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

test:
	scripts/test

run:
	scripts/run

.venv/bin/ruff:
	scripts/test --fast
