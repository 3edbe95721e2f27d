# Stands in for the official images that deploy/compose names, on machines that reach no container registry: the same programs, from Debian.
FROM floe-stores:e2e AS postgres
COPY postgres-start /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/data
RUN mkdir -p "$PGDATA" && chown postgres "$PGDATA" && chmod 700 "$PGDATA"
USER postgres
CMD ["postgres-start"]
