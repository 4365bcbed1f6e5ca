# The server in an image of its own: one program, the certificates of public authorities, and no shell. Run as it is, it is
# `atropos serve` with the settings in /etc/atropos/atropos.toml and the data folder /var/lib/atropos; docs/containers.md
# tells how. Whoever cannot reach these registries names images of the same kind with --build-arg.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS build
# The folder is made here, for there is no shell to make it with below.
RUN mkdir -p /out/data
WORKDIR /src
COPY . .
# What was downloaded and compiled once is kept between builds, and is no part of any image. Our own sources are touched,
# for Cargo goes by their age, and those of another checkout may be older than what was compiled from this one.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,id=atropos-target,target=/target,sharing=locked \
    find . -type f -exec touch {} + && \
    cargo build --profile dist --locked --target-dir /target && \
    cp /target/dist/atropos /out/

FROM ${RUNTIME_IMAGE}
COPY --from=build /out/atropos /usr/local/bin/atropos
# By number: Kubernetes (runAsNonRoot) believes no name. A named volume that is mounted here takes over the owner.
COPY --from=build --chown=65532:65532 /out/data /var/lib/atropos
USER 65532:65532
WORKDIR /var/lib/atropos
# So that every command finds the settings without being told: `atropos check`, `atropos family show`.
ENV ATROPOS_CONFIG=/etc/atropos/atropos.toml
EXPOSE 8080
# Whether it is ready: a server whose store does not answer is unhealthy, and so is one that is about to stop.
HEALTHCHECK --interval=5s --timeout=6s --start-period=30s CMD ["/usr/local/bin/atropos", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/atropos"]
CMD ["serve"]
