# JO1N Baltic financing. On a fresh clone `make run` and `make test` need Python 3.11 or newer, make, and a
# package registry that pip can reach; nothing else.

PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)
VENV := .venv
PY := $(VENV)/bin/python
UV_COMPILE := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

NO_KEY := AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
NO_SERVERS := ENVIRONMENT=development PUBLIC_URL=http://127.0.0.1 SECRET_KEY=none DATABASE_URL=postgres://none \
	KEYS_DATABASE_URL=postgres://none REDIS_URL=redis://none MASTER_KEYS=none:$(NO_KEY) INDEX_KEYS=1:$(NO_KEY) \
	PORTABILITY_KEYS=none:$(NO_KEY)

.DEFAULT_GOAL := help
.PHONY: help run sandbox test test-fast lint messages docs install catalogues browser lock upgrade clean

help:
	@echo 'make run        the whole product on this machine (PORT=8100 moves it); Ctrl-C ends it'
	@echo 'make sandbox    invented lenders alone, at 127.0.0.1:8101 and with TLS 8102; Ctrl-C ends them'
	@echo 'make test       every test; make test-fast is the inner loop: no journeys, nothing long'
	@echo 'make lint       style, types'
	@echo 'make messages   collect the texts for translation and check the catalogues'
	@echo 'make docs       write the record of processing and the schema of portability into docs/ anew'
	@echo 'make lock       pin requirements*.in anew; make upgrade takes the newest versions'
	@echo 'make clean      delete .venv, and var/ with all development data'

# Without quotes, pipes or && in it, make starts this command itself and hands it the signals it receives.
run: install catalogues
	@$(PY) -m joinbaltic.development

# The lenders know us by secrets that follow from this word: they are invented, and listen on this machine alone.
# With env in front make starts the command itself, as for run.
sandbox: install
	@env $(NO_SERVERS) SANDBOX_SECRET=sandbox $(PY) manage.py sandbox_lenders

# Journeys wait more than they work: two products, each with its browser, fit on two cores. What starts and
# kills processes, and what turns the log of the databases, has the machine to itself.
test: install catalogues browser
	@$(PY) -m pytest -n auto --dist worksteal -m "not journey and not alone"
	@$(PY) -m pytest -n 2 --dist worksteal -m journey
	@$(PY) -m pytest -m "alone and not journey"

test-fast: install catalogues
	@$(PY) -m pytest -n auto --dist worksteal -m "not journey and not slow and not thorough"

lint: install
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(NO_SERVERS) $(PY) -m mypy

# Nothing is connected to here, but settings want a whole environment.
messages: install
	@$(NO_SERVERS) $(PY) manage.py messages update
	@$(NO_SERVERS) $(PY) manage.py messages check

docs: install
	@$(NO_SERVERS) $(PY) manage.py record_of_processing --without-register --output docs/record-of-processing.md
	@$(NO_SERVERS) $(PY) manage.py portability_schema --output docs/portability.schema.json

install: $(VENV)/installed.lock

# The copy of the lock is made last: an installation that was cut short is done again.
$(VENV)/installed.lock: requirements-dev.lock
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed; name one: make run PYTHON=/path/to/python3'; exit 1; }
	@echo 'Installing into $(VENV) ...'
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@cp requirements-dev.lock $@

catalogues: $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

%.mo: %.po | install
	@$(PY) -m babel.messages.frontend --quiet compile --input-file $< --output-file $@

browser: install
	@$(PY) -m tests.browser

# The second lock takes over the versions of the first, so that what is tested is what is served.
lock: install
	@$(UV_COMPILE) $(UPGRADE) requirements.in -o requirements.lock
	@$(UV_COMPILE) $(UPGRADE) requirements-dev.in -c requirements.lock -o requirements-dev.lock

upgrade:
	@$(MAKE) lock UPGRADE=--upgrade

clean:
	@if [ -x $(PY) ]; then $(PY) -m joinbaltic.development --remove; fi
	@rm -rf var $(VENV)
