# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The newest Python that really starts and can make virtual environments: a name on PATH may be a shim that cannot.
PYTHONS = python3.13 python3.12 python3.11 python3
ifndef PYTHON
PYTHON := $(shell for p in $(PYTHONS); do \
  "$$p" -c 'import sys, venv, ensurepip; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' \
    2>/dev/null && break; done)
endif

# A checkout can lie anywhere; Ansible finds the collection through a link.
NAMESPACE = .venv/collections/ansible_collections/exchange_ops
ENVIRONMENT = PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.venv/collections"

.DEFAULT_GOAL := help
.PHONY: help demo test test-cuts bench lint molecule docs clean python venv venv-lint venv-molecule venv-docs

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: venv ## try the collection against embedded Windows servers
	$(ENVIRONMENT) .venv/bin/python -m tests.demo $(ARGS)

test: venv ## run the tests; ARGS="..." goes to pytest, and then only this environment runs
	$(ENVIRONMENT) .venv/bin/python tools/test.py $(ARGS)

test-cuts: venv ## cut every request on both back ends; ARGS="..." goes to pytest
	$(ENVIRONMENT) ALL_CUTS=1 .venv/bin/python -m pytest -n 2 -q tests/cuts $(ARGS)

bench: venv ## measure requests, time and memory, beside debug and a peer
	$(ENVIRONMENT) .venv/bin/python -m tests.bench $(ARGS)

lint: venv-lint ## run every linter; ARGS="..." names the steps to run
	.venv/lint/bin/python tools/lint.py $(ARGS)

molecule: venv-molecule ## run the Molecule scenarios; ARGS="..." names those to run
	.venv/molecule/bin/python tools/molecule.py $(ARGS)

docs: venv-docs ## build the pages and the reference as one site, below build/docs
	.venv/docs/bin/python -m tools.docs

clean: ## remove what make built
	rm -rf .venv build .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv: python
	@"$(PYTHON)" tools/environment.py .venv requirements/test.txt
	@mkdir -p $(NAMESPACE) && ln -sfn ../../../.. $(NAMESPACE)/outlook_anywhere

venv-lint: python
	@"$(PYTHON)" tools/environment.py .venv/lint requirements/lint.txt

venv-molecule: python
	@"$(PYTHON)" tools/environment.py .venv/molecule requirements/molecule.txt
	@mkdir -p $(NAMESPACE) && ln -sfn ../../../.. $(NAMESPACE)/outlook_anywhere

venv-docs: python
	@"$(PYTHON)" tools/environment.py .venv/docs requirements/docs.txt

python:
ifeq ($(PYTHON),)
	@for p in $(PYTHONS); do \
	  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "$$p cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; fi; done; \
	echo "Python 3.11 or newer is needed: install one, or name it with make PYTHON=..." >&2; exit 1
endif
