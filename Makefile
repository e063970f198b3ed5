# make run    serve a demonstration               make test   every test, on SQLite and PostgreSQL
# make check  format, lint, types, known holes    make bench  our own measurements; PAGES=100000
# make walk   STEPS=1000000 random acts, each page compared with what its rows allow; DATABASE_URL, SEED
# make lock   new versions of everything we depend on
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HOST PORT

.PHONY: run test check form settings types holes bench walk lock clean

run: $(VENV)/.run
	@$(BIN)/python dev/run.py

test: $(VENV)/.dev
	@$(BIN)/python dev/test.py

check: form settings types holes

form: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')

settings: $(VENV)/.dev
	$(BIN)/python dev/check.py

types: $(VENV)/.dev
	$(BIN)/mypy .

holes: $(VENV)/.dev
	$(BIN)/python dev/audit.py

bench: $(VENV)/.dev
	@$(BIN)/python bench/measure.py

walk: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -s tests/walk --steps $(or $(STEPS),1000000) --seed $(or $(SEED),1)

lock: $(VENV)/.dev
	$(BIN)/pip-compile -q -U $(LOCK) -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q -U $(LOCK) --extra dev --allow-unsafe -c requirements.lock -o requirements-dev.lock pyproject.toml

# A lock names every package that is needed, so pip is told to look for no other (--no-deps): given an extra that
# only a dependency asks for, it would take the newest release and refuse it for want of a hash.
LOCK := --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --no-header

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rounds needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Setting up (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@echo "Setting up for tests (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache
