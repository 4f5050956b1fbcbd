# The program in a small image. Build: docker build --tag marketplace .

FROM debian:12 AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential ca-certificates curl pkg-config libssl-dev libclang-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=rust:1.95-bookworm /usr/local/cargo /usr/local/cargo
COPY --from=rust:1.95-bookworm /usr/local/rustup /usr/local/rustup
ENV PATH=/usr/local/cargo/bin:$PATH RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY proto proto
COPY web web
COPY node node
COPY tests tests
RUN cargo build --locked --release --package node --bin marketplace

FROM debian:12-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 4040 --home-dir /var/lib/marketplace --create-home marketplace \
    && install --directory --owner marketplace /federation
COPY --from=build /source/target/release/marketplace /usr/local/bin/marketplace
USER marketplace
WORKDIR /var/lib/marketplace
EXPOSE 8080/tcp 4040/tcp 4040/udp
ENTRYPOINT ["marketplace"]
CMD ["serve"]
