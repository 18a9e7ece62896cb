# The image of the service. It contains no PostgreSQL and needs a server elsewhere (DATABASE_URL). It listens
# on all addresses, so it does not start until access is configured: AUTH=jwt with its settings, or AUTH=none.
# See docs/security.md.

# Node.js 26 is the LTS line since October 2026.
FROM node:26-trixie-slim AS base
WORKDIR /app
# .npmrc controls how packages are installed: no install script runs.
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY console console
RUN npm run build
# The contracts for clients: dist/proto and dist/loms.binpb.
COPY buf.yaml ./
COPY proto proto
COPY scripts/generate scripts/generate
RUN npm run proto

# The embedded PostgreSQL is an optional dependency, which the image does not need.
FROM base AS modules
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-trixie-slim
# The release (the version of package.json) and its commit: --build-arg VERSION=... --build-arg REVISION=...
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="loms" \
      org.opencontainers.image.description="Order and stock service over REST and gRPC, on PostgreSQL" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    GRPC_HOST=0.0.0.0 \
    PROBE_PORT=8081
WORKDIR /app
# All files belong to root: the service, which is not root, can read its program and cannot change it.
COPY package.json LICENSE ./
COPY --from=modules /app/node_modules node_modules
COPY db/grants.sql db/grants.sql
COPY db/migrations db/migrations
COPY db/seeds db/seeds
COPY --from=build /app/dist dist
COPY --from=build /app/build/console build/console
USER node
EXPOSE 8080 50051 8081
# GET /readyz on the probe port, which is plain HTTP under TLS too. The check is a program of half a second.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=2s \
  CMD ["node", "dist/cli/probe.js"]
# All requests of a batch are alive at the same time. A young generation with room for them saves V8 copies.
# SIGUSR1 must not open the inspector.
CMD ["node", "--disable-sigusr1", "--enable-source-maps", "--min-semi-space-size=64", \
     "--max-semi-space-size=64", "dist/main.js"]
