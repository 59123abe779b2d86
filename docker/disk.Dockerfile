# The disk agent, on either base: what makes, mounts and harms the disks of the nodes.
ARG BASE=rafture-base
FROM ${BASE}
COPY rootfs /
COPY agent /rafture
