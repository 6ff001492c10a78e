# syntax=docker/dockerfile:1
# The server in an image of its own: docker build -t cutover . && docker run -p 8443:8443 -v cutover-data:/data cutover

FROM rust:1-bookworm AS build
WORKDIR /src
# .dockerignore lets in only what the build reads.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin cutover \
    && install -D target/release/cutover /out/cutover

FROM debian:bookworm-slim
# Roots to trust for what the server itself calls, such as a PostgreSQL server with a public certificate.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /data cutover \
    && install -d -o cutover -g cutover -m 0700 /data
COPY --from=build /out/cutover /usr/local/bin/cutover
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV CUTOVER_DATA_DIR=/data \
    CUTOVER_LISTEN=0.0.0.0:8443
EXPOSE 8443
STOPSIGNAL SIGTERM
ENTRYPOINT ["cutover"]
CMD ["serve"]
