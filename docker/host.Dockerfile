# The base of every container, made of the binaries of the machine that the harness runs on.
# The context is put together by harness/cluster/images/: Node, nft, their shared libraries.
FROM scratch
COPY rootfs /
COPY reaper.ts /rafture/reaper.ts
ENV PATH=/usr/local/bin:/usr/sbin
