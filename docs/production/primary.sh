#!/usr/bin/env bash
# Runs once, when the PostgreSQL image makes its cluster: roles, database, and the way in for the replica.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres \
    -v owner="$OWNER_PASSWORD" -v application="$APPLICATION_PASSWORD" -v replication="$REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE refamp_owner LOGIN PASSWORD :'owner';
CREATE ROLE refamp LOGIN PASSWORD :'application';
GRANT refamp TO refamp_owner;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication';
CREATE DATABASE refamp OWNER refamp_owner;
REVOKE ALL ON DATABASE refamp FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE refamp TO refamp;
SELECT pg_create_physical_replication_slot('standby');
SQL
echo "host replication replicator all scram-sha-256" >>"$PGDATA/pg_hba.conf"
