#!/usr/bin/env bash
# Copies the primary on the first start and follows it from then on. Runs as the user postgres.
set -eu
export PGPASSWORD="$REPLICATION_PASSWORD"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    until pg_basebackup -h "${POSTGRES_HOST:-postgres}" -U replicator -D "$PGDATA" -R -S standby -X stream; do
        echo "The primary cannot be copied yet; trying again." >&2
        find "$PGDATA" -mindepth 1 -delete
        sleep 5
    done
    chmod 700 "$PGDATA"
fi
exec postgres -c hot_standby=on
