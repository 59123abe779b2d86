# The system under test: its packages, then its sources, so that an edited source is a quick build.
ARG BASE=rafture-base
FROM ${BASE}
WORKDIR /rafture
COPY node_modules /rafture/node_modules
COPY package.json /rafture/package.json
COPY server /rafture/server
ENTRYPOINT ["node"]
