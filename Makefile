# Everything here needs Python 3.11+, git, make and the package registries; it fetches the rest itself.

PYTHON ?= python3        # the interpreter that makes the environment
CATALOGUE ?=             # a styles.csv to import instead of the generated catalogue
VERSION ?=               # the model that `make rollback` puts back in use; the one before by default
DATA ?=                  # what `make evaluate` measures on: a public clickstream's file or folder
DAY ?=                   # the business day, YYYY-MM-DD; yesterday by default
DAYS ?=                  # how many days of events `make experiment` looks at
SHOPPERS ?=              # out of how many people `make loadtest` draws its visitors
RATE ?=                  # how many visits begin in a second
MINUTES ?=               # for how long
STOREFRONT ?=            # a running shop to load, instead of one of its own
RECOMMENDER ?=           # and that shop's recommender
NAME ?=                  # which of the ten questions `make query` asks; without it and SQL, all names
STRICT ?=                # with 1, `make audit` fails if the vulnerability service does not answer
SEED ?=                  # what `make fuzz` begins with; a new one by default
MINUTES ?=               # how long it may take
STAGE ?= dev             # which cloud `make synth`, `deploy` and `destroy` mean: dev or prod
SQL ?=                   # what else it asks, one SELECT in Athena's SQL
ONCE ?=                  # set it, and `make observe` prints the board once
ONLY ?=                  # the one fault that `make faults` injects; all by default
PYTEST_ARGS ?=           # e.g. `make test PYTEST_ARGS="-k purchase"`
TEST_PROCESSES ?= 2      # test processes, each with servers of its own

# Trailing blanks before a comment become part of a make variable; strip them once, here.
override PYTHON := $(strip $(PYTHON))
override CATALOGUE := $(strip $(CATALOGUE))
override VERSION := $(strip $(VERSION))
override DATA := $(strip $(DATA))
override DAY := $(strip $(DAY))
override DAYS := $(strip $(DAYS))
override STRICT := $(strip $(STRICT))
override SEED := $(strip $(SEED))
override MINUTES := $(strip $(MINUTES))
override STAGE := $(strip $(STAGE))
override SHOPPERS := $(strip $(SHOPPERS))
override RATE := $(strip $(RATE))
override MINUTES := $(strip $(MINUTES))
override STOREFRONT := $(strip $(STOREFRONT))
override RECOMMENDER := $(strip $(RECOMMENDER))
override ONLY := $(strip $(ONLY))
# Some systems have a NAME of their own in the environment.
override ONCE := $(strip $(ONCE))
override NAME := $(if $(filter command,$(origin NAME)),$(strip $(NAME)))
override TEST_PROCESSES := $(strip $(TEST_PROCESSES))

BIN := .venv/bin
PACKAGES := libs/contracts libs/kit services/storefront services/recommender services/exporter infra loadtest
SOURCES := libs services infra loadtest tests bench
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
PIP := $(UV) pip install --quiet --python $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: cost demo up down status observe reset compose loadtest build-model refresh-model models rollback experiment explain report exports query marts test pytest faults proof lint types contracts audit fuzz format bench bench-storefront bench-exporter bench-recommender evaluate lake-docs template synth deploy destroy requirements clean help

##@ The shop
demo: .venv/.local ## Run the whole pipeline once, end to end, and show what came out
	@$(BIN)/python -m infra.demo $(if $(CATALOGUE),--catalogue '$(CATALOGUE)')

up: .venv/.local ## Start the shop and stay; Ctrl-C or `make down` stops it
	@$(BIN)/python -m infra.local up

down: .venv/.local ## Stop the shop; its state stays in .local/
	@$(BIN)/python -m infra.local down

status: .venv/.local ## Say what runs where, and whether it is healthy
	@$(BIN)/python -m infra.local status

observe: .venv/.local ## Watch the running shop's figures in the terminal; `make observe ONCE=1` prints them
	@$(BIN)/python -m infra.observe $(if $(ONCE),--once)

reset: .venv/.local ## Stop the shop and empty its state
	@$(BIN)/python -m infra.local reset

compose: .env ## Start the same processes in Docker, with MySQL 8.4
	docker compose up --build --detach

loadtest: .venv/.local ## Load a shop with RATE visits a second for MINUTES; report in build/loadtest/
	@$(BIN)/python -m infra.load $(if $(SHOPPERS),--shoppers '$(SHOPPERS)') $(if $(RATE),--rate '$(RATE)') \
		$(if $(MINUTES),--minutes '$(MINUTES)') $(if $(STOREFRONT),--storefront '$(STOREFRONT)') \
		$(if $(RECOMMENDER),--recommender '$(RECOMMENDER)')

##@ Recommender
build-model: .venv/.local ## Build a model in the running shop now, and put it in use
	@$(BIN)/python -m infra.local run recommender build

refresh-model: .venv/.local ## Add what is new since the build to the model now
	@$(BIN)/python -m infra.local run recommender refresh

models: .venv/.local ## List the running shop's models, and say which is in use
	@$(BIN)/python -m infra.local run recommender models

rollback: .venv/.local ## Put an earlier model back in use, e.g. `make rollback VERSION=...`
	@$(BIN)/python -m infra.local run recommender rollback $(if $(VERSION),'$(VERSION)')

experiment: .venv/.dev ## Show what the experiment on picks has done in the running shop
	@$(BIN)/python -m infra.local run recommender experiment $(if $(DAYS),--days '$(DAYS)')

explain: .venv/.local ## Show why a shopper gets their picks: `make explain USER=id`
	$(if $(filter command,$(origin USER)),,$(error Say whose picks: make explain USER=id))
	@$(BIN)/python -m infra.local run recommender explain '$(USER)'

##@ The lake
report: .venv/.local ## Write the manager's report of DAY in the running shop: a page and pictures
	@$(BIN)/python -m infra.local run exporter report $(if $(DAY),--day '$(DAY)')

exports: .venv/.local ## Write DAY's data as Amazon Personalize and session-rec read it; in build/exports/
	@$(BIN)/python -m infra.local run exporter export personalize --out build/exports/personalize $(if $(DAY),--from '$(DAY)' --to '$(DAY)')
	@$(BIN)/python -m infra.local run exporter export session-rec --out build/exports/session-rec $(if $(DAY),--from '$(DAY)' --to '$(DAY)')

# SQL goes by the environment as it was typed: its quotes are neither the shell's nor make's.
query: export override SQL := $(value SQL)
query: .venv/.local ## Ask the running shop's lake: `make query SQL='SELECT ...'` or NAME=trending_categories
	@$(BIN)/python -m infra.local run exporter query $(if $(NAME),--name '$(NAME)') \
		$(if $(SQL),--sql "$$SQL") $(if $(DAY),--day '$(DAY)') $(if $(NAME)$(SQL),,--list)

marts: .venv/.local ## Renew the running shop's marts: of DAY and what looks back on it, or all
	@$(BIN)/python -m infra.local run exporter marts $(if $(DAY),--day '$(DAY)')

##@ Testing and quality
test: lint types contracts audit pytest ## Check everything, as CI does

pytest: .venv/.dev ## Run every test against the real MariaDB and AWS endpoint
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile $(PYTEST_ARGS)

faults: .venv/.dev .venv/.clocks ## Break the running shop in every way; writes docs/reliability.md (`ONLY=name` for one)
	@$(BIN)/python -m infra.faults $(if $(ONLY),'$(ONLY)')

proof: .venv/.dev ## Race 64 clients for the last 50 units, 1,000 times over; kill what can be killed
	$(BIN)/pytest services/storefront/tests/proof --proof-rounds 1000

lint: .venv/.dev ## Check style
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: .venv/.dev ## Check types
	$(BIN)/mypy $(PACKAGES) tests bench

contracts: .venv/.dev ## Check which package may import which
	$(BIN)/lint-imports

audit: .venv/.dev ## Look for known vulnerabilities, secrets and dangerous code; STRICT=1 to insist on an answer
	@$(BIN)/python -m tests.security.audit $(if $(STRICT),--strict)

fuzz: .venv/.dev ## Send a million broken inputs to whatever reads from outside; figures in build/fuzz/
	@$(BIN)/python -m tests.security.fuzz $(if $(SEED),--seed '$(SEED)') $(if $(MINUTES),--minutes '$(MINUTES)')

format: .venv/.dev ## Put every file into the house style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

##@ Performance
bench: .venv/.dev ## Measure the hot paths side by side; figures in build/bench/
	$(BIN)/python -m bench

bench-storefront: .venv/.dev ## Measure events, purchases and search in one run, against their goals
	$(BIN)/python -m bench storefront

bench-exporter: .venv/.bench ## Measure the night's load of 3 million lines, against the usual ways
	$(BIN)/python -m bench exporter

bench-recommender: .venv/.dev ## Measure serving picks, against a plain read for each request
	$(BIN)/python -m bench recommender

evaluate: .venv/.dev ## Measure the picks beside their rivals on DATA; table, plot, figures in build/evaluate/
	@$(if $(DATA),,$(error Say on what: make evaluate DATA=path))$(BIN)/python -m recommender evaluate '$(DATA)'

##@ Infrastructure
lake-docs: .venv/.dev ## Write docs/lake.md from the contracts and docs/analysis.md from the questions anew
	$(BIN)/python -m fashion_contracts.dictionary docs/lake.md
	$(BIN)/python -m infra.demo.analysis docs/analysis.md

template: .venv/.dev ## Synthesise the one-machine template anew from the CDK code
	$(BIN)/python -m infra.synth

cost: .venv/.dev ## Write docs/cost.md from the cost model anew
	$(BIN)/python -m infra.cost docs/cost.md

synth: .venv/.dev ## Write the CloudFormation templates of STAGE, checked by cdk-nag; in build/cloud/
	@CLOUD_STAGE='$(STAGE)' $(BIN)/python -m infra.cloud synth

deploy: .venv/.dev ## Make or renew the cloud of STAGE in an AWS account (docs/deploy.md)
	@CLOUD_STAGE='$(STAGE)' $(BIN)/python -m infra.cloud deploy

destroy: .venv/.dev ## Delete what runs in STAGE; at dev what holds data too
	@CLOUD_STAGE='$(STAGE)' $(BIN)/python -m infra.cloud destroy

requirements: .venv/.local ## Pin every dependency anew, with hashes
	UV=$(BIN)/uv requirements/compile --upgrade

clean: ## Remove what was built and installed (not the shop's state)
	rm -rf .venv build .mypy_cache .ruff_cache

help: ## Show this
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*##/ {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.env:
	@umask 077; for name in MYSQL_ROOT SHOP READER; do \
		echo "$${name}_PASSWORD=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(18))')"; done > $@

# State files: an environment is made again only when what it is made of has changed.
.venv/.uv: requirements/uv.txt
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/uv.txt
	@touch $@

.venv/.local: .venv/.uv requirements/local.txt $(PACKAGES:=/pyproject.toml)
	@echo 'Installing what the shop needs ...'
	@$(PIP) --require-hashes -r requirements/local.txt
	@$(PIP) --no-deps $(PACKAGES:%=-e %)
	@touch $@

.venv/.dev: .venv/.local requirements/dev.txt
	@echo 'Installing what the tests need ...'
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# Where no wheel fits, it is built by a C compiler; without one, the scenario `server-clocks` says why it is not run.
.venv/.clocks: .venv/.dev requirements/clocks.txt
	@if $(PIP) --no-deps --require-hashes -r requirements/clocks.txt; then touch $@; fi

.venv/.bench: .venv/.dev requirements/bench.txt
	@echo 'Installing the rivals ...'
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@
