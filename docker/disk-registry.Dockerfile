# The disk agent on a base from a registry: its programs come from Debian.
ARG BASE=rafture-base
FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends e2fsprogs perl-base \
 && rm -rf /var/lib/apt/lists/*
COPY agent /rafture
