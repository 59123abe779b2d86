# The base of every container where the harness's machine has no binaries for it: on a public image.
FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends nftables \
 && rm -rf /var/lib/apt/lists/*
COPY reaper.ts /rafture/reaper.ts
