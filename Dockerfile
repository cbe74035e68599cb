# usciere in a small image, run by a user that may do nothing else. See compose.yaml.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN SQLX_OFFLINE=true cargo build --locked --profile dist

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /srv/usciere usciere
WORKDIR /srv/usciere
COPY --from=build /src/target/dist/usciere /usr/local/bin/
COPY config config
COPY workflows workflows
# Caught mails and attachments; made here so that a volume on it belongs to the user.
RUN mkdir var && chown usciere var
USER usciere
ENTRYPOINT ["usciere"]
CMD ["run"]
