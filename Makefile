# Fairlead. Every target sets up what it needs: Node 24, packages, and (for demo and test) the real servers.

SHELL := /bin/sh
RUN := ./tools/with-node24.sh
INSTALLED := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help install build typecheck lint format test test-unit test-integration test-contract test-faults test-soak test-simulation test-fuzz mutation coverage crds servers verify demo demo-store run image bench clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install Node 24 (if yours is older) and the packages of the lock file

$(INSTALLED): package.json package-lock.json tools/node24/package-lock.json
	$(RUN) npm ci --loglevel=error
	@touch $@

build: install ## Bundle the operator into dist/
	$(RUN) node tools/build.ts

typecheck: install ## Check types
	$(RUN) npx --no-install tsc -p .

lint: install ## Check rules and formatting
	$(RUN) npx --no-install eslint --cache --cache-location .cache/eslint/ .
	$(RUN) npx --no-install prettier --check --log-level warn "**/*.{ts,json}"

format: install ## Format all sources
	$(RUN) npx --no-install prettier --write --log-level warn "**/*.{ts,json}"

crds: install ## Generate the CRDs from their schema source
	$(RUN) node tools/crds/generate.ts

servers: install ## Build kube-apiserver, etcd, Vault and kubectl into the cache (minutes, once)
	$(RUN) node test/testbed/build-servers.ts

test: build servers ## Run all tests: unit, architecture, integration on real servers, CRDs up to date
	$(RUN) node tools/crds/generate.ts --check
	$(RUN) node tools/run-tests.ts

test-unit: install ## Run the unit and architecture tests
	$(RUN) npx --no-install vitest run --project unit

test-integration: build servers ## Run the tests on real servers
	$(RUN) npx --no-install vitest run --project integration --project faults

test-contract: build servers ## Hold every provider to the one contract, and print the table case by store (ARGS="--unit": without servers)
	$(RUN) node test/contract/run.ts $(ARGS)

test-faults: build servers ## Run all scenarios of the fault table on real servers (up to 45 minutes; ARGS="--rows=22 --seed=1")
	$(RUN) node test/faults/run.ts $(ARGS)

test-soak: build servers ## The same with scenarios of minutes at full length
	$(RUN) node test/faults/run.ts --soak $(ARGS)

test-simulation: install ## Run the machinery in a virtual world, 100,000 schedules (ARGS="--schedules=1000 --seed=1", "--replay=SEED")
	$(RUN) node test/simulation/run.ts $(ARGS)

test-fuzz: build servers ## Apply specs by chance, valid and not, to real servers (minutes; ARGS="--sequences=200 --seed=1")
	$(RUN) node test/fuzz/run.ts $(ARGS)

mutation: install ## Change the planner, queue, watch machine and status in small ways, and see that tests notice (half an hour)
	$(RUN) npx --no-install stryker run test/mutation/stryker.config.json $(ARGS)

coverage: install ## Unit tests with a coverage report in coverage/
	$(RUN) npx --no-install vitest run --project unit --coverage

verify: typecheck lint test ## What CI runs

demo: demo-store build servers ## Show the main job on a real control plane (STORE=vault, aws, azure or all; default vault)
	STORE="$(or $(STORE),vault)" $(RUN) node test/demo/demo.ts

# Before anything is built, which may take minutes.
demo-store:
	@case "$(STORE)" in ""|vault|aws|azure|all) ;; \
	*) echo "STORE=$(STORE) is no store of the demo: use vault, aws, azure or all" >&2; exit 1 ;; esac

run: build ## Run the operator against your current kubeconfig
	bin/fairlead run $(ARGS)

image: ## Build the container image
	docker build -t fairlead:$$(sed -n 's/.*"version": "\(.*\)",/\1/p' package.json) .

bench: build servers ## Measure cold start on a real control plane and a real Vault
	$(RUN) node bench/run.ts $(ARGS)

clean: ## Remove what was built in this clone (not the caches)
	rm -rf dist coverage node_modules tools/node24/node_modules
