# make demo                    see it work: everything starts here, scores the sample resumes, and ends
# make demo STAY=1             the same, and keeps running (Flower included) until Ctrl-C
# make demo FAULT=key          the same where the provider refuses the key at first; 503: it is overloaded; slow: it is slow
# make demo FILE=mine.json     score your own request, or several, one a line
# make demo FAMILY=gpt-6       the stand-in for OpenAI refuses, wraps and counts as these models do
# make demo PROVIDERS=2        two stand-ins, of which the first is killed in the middle
# make test                    all tests, in five processes; ARGS goes to pytest: make test ARGS="-k limiter -n 0"
# make lint                    ruff, mypy, import-linter, luacheck, hadolint
# make env                     .env and .test.env, copies of .env.example with passwords made up
# make containers              build the image, run the compose file on a Docker engine of one's own (root), and test it
# make lock                    resolve requirements*.txt anew into requirements*.lock, with hashes
# make sbom                    sbom.json: what is in the image, in CycloneDX's format
# make audit                   known weaknesses of the packages in the image (asks pypi.org)
# make chaos                   kill everything again and again under load, and look for losses
# make bench                   measure publishing, limits, scoring and the whole way, each beside something (python -m bench.NAME --help)
# make venv                    only the virtual environment, with everything that developers need
# make clean                   remove what the above have made
#
# Needs Python 3.11 or newer with pip; nothing is written outside this folder but pip's and Maven's caches.

MAKEFLAGS += --no-print-directory
PIP_INSTALL = .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement
STAYING = $(filter-out 0 no off,$(STAY))

.PHONY: demo test lint env containers lock sbom audit chaos bench venv clean

# `exec`: no shell stands between make and the demo, so a signal for make reaches it.
demo: .venv/demo-installed
	@exec .venv/bin/python -m dev.demo $(if $(STAYING),--stay) $(if $(FILE),--file "$(FILE)") $(if $(FAULT),--fault "$(FAULT)") $(if $(FAMILY),--family "$(FAMILY)") $(if $(PROVIDERS),--providers "$(PROVIDERS)")

# Mostly the tests wait, so five of them share two cores. Those that wait longest come first, the short ones fill up.
test: .venv/dev-installed
	@exec .venv/bin/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/dev-installed
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@if command -v luacheck >/dev/null; then luacheck --quiet worker/limits; \
	elif [ "$${CI:-}" = true ]; then echo "luacheck is missing: apt-get install lua-check"; exit 1; \
	else echo "luacheck is not installed (Debian: lua-check): the limiter's script is not checked"; fi
	@! test -x .venv/bin/hadolint || .venv/bin/hadolint Dockerfile

env:
	@$$(sh dev/find_python.sh) -m dev.env_files

containers: .venv/dev-installed
	@exec .venv/bin/python -m dev.containers

GET_UV = .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-annotate

lock: .venv/dev-installed
	@$(GET_UV)
	@$(LOCK) requirements.txt -o requirements.lock
	@$(LOCK) --constraint requirements.lock requirements-otel.txt -o requirements-otel.lock
	@$(LOCK) --constraint requirements.lock --constraint requirements-otel.lock requirements-dev.txt -o requirements-dev.lock

sbom: .venv/dev-installed
	@$(GET_UV)
	@.venv/bin/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --output-reproducible -o sbom.json
	@echo "wrote sbom.json"

audit: .venv/dev-installed
	@$(GET_UV)
	@.venv/bin/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --require-hashes --disable-pip -r requirements.lock

chaos: .venv/dev-installed
	@exec .venv/bin/python -m tests.support.chaos $(ARGS)

bench: .venv/dev-installed
	@.venv/bin/python -m bench.publishing
	@.venv/bin/python -m bench.catch_up --most 200000
	@.venv/bin/python -m bench.limits_peers
	@.venv/bin/python -m bench.scoring
	@.venv/bin/python -m bench.end_to_end --quick

venv: .venv/dev-installed

clean:
	rm -rf .venv .demo .cache run .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say which requirement files were installed: they are older than a file that has changed since.
.venv/bin/python:
	@python=$$(sh dev/find_python.sh) && echo "making .venv with $$($$python --version)" && $$python -m venv .venv

.venv/demo-installed: requirements.txt requirements-demo.txt | .venv/bin/python
	@echo "installing requirements-demo.txt into .venv"
	@$(PIP_INSTALL) requirements-demo.txt
	@touch $@

.venv/dev-installed: requirements.txt requirements-demo.txt requirements-dev.txt requirements-otel.txt | .venv/bin/python
	@echo "installing requirements-dev.txt into .venv"
	@$(PIP_INSTALL) requirements-dev.txt
	@touch $@ .venv/demo-installed
