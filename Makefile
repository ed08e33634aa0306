# Two commands matter: `make demo` plays the example month, `make test` checks everything.
# Both need only Python 3.11 or newer, make and a package index.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
# Tests wait for servers: three keep two cores busy. `make test WORKERS=8` uses more.
WORKERS ?= 3
# Their workspaces and databases are in memory where 2 GB are free: a sync of a disk takes 4 ms.
TEST_FILES = $(shell test "$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 2000000 \
	2>/dev/null && echo "TMPDIR=/dev/shm PYTEST_DEBUG_TEMPROOT=/dev/shm")
# A hundred commands would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

# The tests in tests/browser need a Chromium. `make test ALL=1` refuses to leave out tests, as does
# a build server (CI=true).
ALL ?= $(CI)
HAS_CHROMIUM = command -v chromium >/dev/null || command -v google-chrome >/dev/null
# Those in tests/integration/imap need an IMAP server.
HAS_DOVECOT = test -x /usr/lib/dovecot/imap || test -x /usr/libexec/dovecot/imap

.PHONY: help setup demo test lint format fuzz chaos load bench bench-setup deliverability chromium dovecot clean

help:
	@echo "make demo      play the whole example month for 300 made-up subscribers"
	@echo "make test      lint, types and all tests (ALL=1: the browser's too, whatever is missing)"
	@echo "make lint      lint and types only"
	@echo "make format    let ruff lay out the code"
	@echo "make fuzz      the property tests with examples that nobody has seen before"
	@echo "make chaos     the kill tests, four times as often and ten times as large"
	@echo "make load      a real serve under 500 joins and 2,000 webhook events a second, for a minute on each database"
	@echo "make bench     how fast all of it is here, into benchmarks/RESULTS.md (QUICK=1: a first look)"
	@echo "make bench-setup  fetch what others send with, to compare: postfix's tools, nodemailer, aiosmtplib"
	@echo "make deliverability  what SpamAssassin and rspamd say about all letters (CAMPAIGN=..., where installed)"
	@echo "make chromium  the browser that the browser tests use"
	@echo "make dovecot   the IMAP server that the tests of the inbox use"
	@echo "make clean     remove .venv and the tools' caches"

setup: $(BIN)/.ready

# Dependency groups need pip 25.1; the one that comes with Python 3.11 is older.
$(BIN)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt install python3-venv)"; exit 1; }
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cluster]' --group dev
	@touch $@

demo: setup
	@$(BIN)/lovecampaign demo

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# pytest comes last: its summary ends the output, and its exit code is the result. mypy uses one
# core only, so it runs beside the tests, and speaks after them if it found something.
test: setup chromium dovecot
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@found=$$(mktemp); $(BIN)/mypy >$$found 2>&1 & mypy=$$!; \
	$(TEST_FILES) $(BIN)/pytest -n $(WORKERS) --dist=worksteal --durations=15 --durations-min=1 \
		$$($(HAS_CHROMIUM) || test -n "$(ALL)" || echo --ignore=tests/browser) \
		$$($(HAS_DOVECOT) || test -n "$(ALL)" || echo --ignore=tests/integration/imap); result=$$?; \
	wait $$mypy || { cat $$found; result=1; }; rm -f $$found; exit $$result

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

fuzz: setup
	@LOVECAMPAIGN_FUZZ=1 $(BIN)/pytest -n $(WORKERS) -m hypothesis

chaos: setup
	@LOVECAMPAIGN_CHAOS=1 $(BIN)/pytest -n $(WORKERS) -rP tests/integration/crashes/test_killed.py \
		tests/integration/crashes/test_processes.py \
		tests/integration/crashes/test_workers_killed.py

load: setup
	@$(BIN)/python -m benchmarks.parts.load
	@$(BIN)/python -m benchmarks.parts.load --postgresql

bench: setup
	@QUICK=$(QUICK) $(BIN)/python -m benchmarks

# One line for each letter; SpamAssassin takes a second or two for each.
deliverability: setup
	@$(BIN)/python -m tools.check_deliverability $(CAMPAIGN)

bench-setup: setup
	@$(BIN)/python -m benchmarks.sinks.fetch

# Installed where that is allowed: by root, with apt. Elsewhere one line says what is left out.
chromium:
	@$(HAS_CHROMIUM) || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		echo "Installing chromium for the browser tests (once) ..." && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
		echo "There is no chromium here: the tests in tests/browser are left out (apt install chromium)"

dovecot:
	@$(HAS_DOVECOT) || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		echo "Installing dovecot for the tests of the inbox (once) ..." && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends dovecot-imapd >/dev/null; } || \
		echo "There is no dovecot here: the tests in tests/integration/imap are left out (apt install dovecot-imapd)"

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
