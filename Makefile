# Everything from a fresh clone with CPython 3.11-3.13, make and git. `make help` lists the commands.
MAKEFLAGS += -s --no-print-directory
.DEFAULT_GOAL := help
PDF := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
BROWSER := chromium libatomic1
PY := .venv/bin/python
RUN := $(PY) -m app.supervise
WORKERS ?= 2
STATE_TESTS := tests/commerce/test_money_machine.py tests/commerce/test_money_over_the_wire.py
ASSETS := views/static/dist/manifest.json
export PYTHONPATH := $(CURDIR)
export FLASK_APP := app.factory
export UV_PYTHON_DOWNLOADS := never
# Trust what the machine trusts (a company's proxy certificate): uv and Node.js bring their own lists otherwise.
export UV_SYSTEM_CERTS := 1
CERTS := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(CERTS),)
export NODE_EXTRA_CA_CERTS ?= $(CERTS)
endif
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: installed ## a served, seeded product from a fresh clone (PORT=8000; DATABASE_URL=, REDIS_URL= for your own, SEED=1)
	@exec $(RUN) $(if $(PORT),--port $(PORT))

stop: ## stop what `make run` started here
	@if [ -x $(PY) ]; then exec $(RUN) --stop; fi

test: ready ## the whole suite; T="tests/commerce -k release" narrows it
	@exec $(PY) -m pytest -n $(WORKERS) --dist worksteal $(T)

check: ready ## everything CI runs, fastest first
	@echo "check   | format and lint"
	@$(PY) -m ruff format --check --quiet . || { echo "not formatted: run \`make fix\`"; exit 1; }
	@$(PY) -m ruff check --quiet .
	@echo "check   | locks, secrets"
	@$(PY) -m tools.lock --check
	@sh tools/secrets.sh
	@echo "check   | the staircase (imports)"
	@PYTHONPATH=. $(PY) -c 'from importlinter.cli import lint_imports_command as c; c()' --no-cache >var/imports.log 2>&1 || { cat var/imports.log; exit 1; }
	@echo "check   | types"
	@$(PY) -m mypy --no-error-summary
	@echo "check   | models and migrations"
	@$(MAKE) db-check
	@echo "check   | tests"
	@HYPOTHESIS_PROFILE=check exec $(PY) -m pytest -n $(WORKERS) --dist worksteal

fix: .venv/.ok ## format, and repair what ruff can
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

demo: installed ## the story over HTTP: ordered, paid, held, delivered, released, proven
	@exec $(RUN) --served $(PY) -m tools.demo

screenshots: ready ## the pages of the story as pictures in var/screenshots, two widths, light and dark
	@exec $(RUN) --served $(PY) -m tools.screenshots

verify: installed ## is it still true: ledger, audit trail, invariants, taxonomy
	@LOG_LEVEL=WARNING exec $(RUN) --prepare --with sh -c 'worst=0; \
	  for what in "ledger verify" "audit verify" "invariants check" "taxonomy verify"; do \
	    echo "verify  | $$what"; $(PY) -m flask $$what || worst=$$?; done; exit $$worst'

bench: installed ## how fast, as ratios to the bare parts
	@exec $(RUN) --scratch --served $(PY) -m tools.bench

# A durable database: without fsync and synchronous commits a kill would lose what was promised, and mean nothing.
soak: installed ## two minutes of trade while programs and servers are killed, then the books; then the long state test (SEED=, SOAK_SECONDS=)
	@EMBEDDED_DURABLE=1 $(RUN) --scratch --served $(PY) -m tools.soak
	@HYPOTHESIS_PROFILE=soak exec $(PY) -m pytest -n0 $(STATE_TESTS)

shell: installed ## Python inside the application
	@exec $(RUN) --prepare --with $(PY) -m flask shell

sql: installed ## psql as the application role
	@exec $(RUN) --prepare --with sh tools/psql.sh

seed: installed ## demonstration data into the database that runs here (or DATABASE_URL)
	@exec $(RUN) --with $(PY) -m flask prepare --seed

roles: installed ## make the roles equal to the code, and print them
	@exec $(RUN) --prepare --with sh -c '$(PY) -m flask roles sync && $(PY) -m flask roles print'

worker: installed ## one more worker beside the running product
	@exec $(RUN) --with $(PY) -m jobs.worker

db-new: installed ## the next numbered migration: M="add holds"
	@EMBEDDED_DURABLE=0 exec $(RUN) --scratch --prepare --with $(PY) -m tools.db_new "$(M)"

db-check: installed ## models and migrations agree
	@mkdir -p var
	@EMBEDDED_DURABLE=0 $(RUN) --scratch --prepare --with $(PY) -m flask db check >var/db-check.log 2>&1 || { tail -15 var/db-check.log; exit 1; }

slice: ## every file of one noun, top to bottom: N=order
	@test -n "$(N)" || { echo "Say which: make slice N=order"; exit 1; }
	@git ls-files '*$(N)*'

map: .venv/.ok ## floors and areas, with how many files each
	@$(PY) -m tools.map

lock: .venv/.ok ## resolve again (only what must change); UP=--upgrade takes newest
	@$(PY) -m tools.lock $(UP)
	@touch .venv/.ok

clean: ## forget everything that was built (and the data in var)
	@if [ -x $(PY) ]; then $(RUN) --stop; fi
	rm -rf .venv node_modules var views/static/dist

# What running needs: Pango is asked for, and without it only documents cannot be made.
installed:
	@mkdir -p var
	@sh tools/system.sh --soft $(PDF)
	@$(MAKE) -j2 .venv/.ok $(ASSETS)

# What testing needs: also Chromium; nothing is skipped for want of it.
ready:
	@mkdir -p var
	@sh tools/system.sh $(PDF) $(BROWSER)
	@$(MAKE) -j2 .venv/.ok $(ASSETS)

.venv/.ok: requirements-dev.lock tools/venv.sh
	@echo "install | Python packages"
	@sh tools/venv.sh requirements-dev.lock
	@touch $@

# npm brings its own Node.js; only where it is missing the wheel, and so the venv, comes first.
node_modules/.ok: package-lock.json requirements-node.lock tools/npm.sh $(if $(shell command -v npm && command -v node),,.venv/.ok)
	@echo "install | browser packages"
	@sh tools/npm.sh npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error >/dev/null
	@touch $@

$(ASSETS): node_modules/.ok tools/assets.mjs $(shell find views/assets -type f 2>/dev/null)
	@echo "install | styles and scripts"
	@sh tools/npm.sh node tools/assets.mjs

.PHONY: help run stop test check fix demo screenshots verify bench soak shell sql seed roles worker db-new db-check slice map lock clean installed ready
