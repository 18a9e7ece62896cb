# The image of the service. It contains no PostgreSQL and needs a server elsewhere (DATABASE_URL). It listens
# on all addresses, so it does not start until access is configured: AUTH=jwt with its settings, or AUTH=none.
# See docs/security.md.

# Node.js 26 is the LTS line since October 2026.
FROM node:26-trixie-slim AS base
WORKDIR /app
# .npmrc and the allowScripts of package.json control how packages are installed.
COPY package.json package-lock.json .npmrc ./

# No install script of a package is needed here, so none is run.
FROM base AS build
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# The embedded PostgreSQL is an optional dependency, which the image does not need.
FROM base AS modules
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-trixie-slim
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    GRPC_HOST=0.0.0.0
WORKDIR /app
# All files belong to root: the service, which is not root, can read its program and cannot change it.
COPY package.json ./
COPY --from=modules /app/node_modules node_modules
COPY db/grants.sql db/grants.sql
COPY db/migrations db/migrations
COPY db/seeds db/seeds
COPY --from=build /app/dist dist
USER node
EXPOSE 8080 50051
# GET /readyz, over TLS too. Under mutual TLS the probe presents the service's own certificate.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s \
  CMD ["node", "dist/cli/probe.js"]
# All requests of a batch are alive at the same time. A young generation with room for them saves V8 copies.
CMD ["node", "--enable-source-maps", "--min-semi-space-size=64", "--max-semi-space-size=64", "dist/main.js"]
