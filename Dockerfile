# The image: the bundle of `make build` on distroless Node 24; no shell, no package manager, no node_modules.
# Runs as non-root on a read-only root file system. The flags are those of bin/fairlead (a test compares them).

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY tools/build.ts tools/absent-axios.ts tools/
COPY src src
RUN node tools/build.ts

# By tag, because the digest could not be looked up where this was written: pin it when the image is released.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /src/dist /app
USER 65532:65532
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=30000 MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node", \
  "--max-semi-space-size=2", \
  "--max-old-space-size-percentage=60", \
  "--disallow-code-generation-from-strings", \
  "--disable-proto=delete", \
  "--disable-sigusr1", \
  "--no-addons", \
  "--expose-gc", \
  "--report-exclude-env", \
  "/app/main.js"]
CMD ["run"]
