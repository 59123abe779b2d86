# The link proxy (link-proxy.ts), with what it shares with the harness at the same paths.
ARG BASE=rafture-base
FROM ${BASE}
COPY docker /rafture/docker
COPY harness /rafture/harness
