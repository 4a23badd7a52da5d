# A coordinator: docker build -f deploy/coordinator.Dockerfile -t ophion-coordinator .
# Built as the npm package is, then installed as an application installs that.
FROM node:20-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Of what the build needs, first what changes least.
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir hatchling==1.33.0
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY index.ts tsconfig.json tsconfig.build.json CHANGELOG.md LICENSE README.md ./
COPY actors actors
COPY bin bin
COPY bridge bridge
COPY deploy deploy
COPY devtools devtools
COPY proto proto
COPY python python
COPY scripts scripts
COPY supervisors supervisors
COPY testing testing
RUN npm run build && npm pack --ignore-scripts && mv ophion-*.tgz /ophion.tgz

FROM node:20-alpine
WORKDIR /app
COPY --from=build /ophion.tgz /tmp/ophion.tgz
# No session is kept on this machine, so lmdb (optional) stays out; ioredis is the optional peer that is wanted.
RUN npm install --omit=dev --omit=optional --ignore-scripts /tmp/ophion.tgz ioredis@6.0.0 \
 && npm cache clean --force \
 && rm /tmp/ophion.tgz
ENV NODE_ENV=production
USER node
EXPOSE 7400 7443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "node_modules/ophion/dist/deploy/health.js"]
# Node itself is process 1: it hears SIGTERM, and there are no processes of others to collect.
CMD ["node", "node_modules/ophion/dist/deploy/coordinator.js"]
