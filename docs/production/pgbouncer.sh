#!/usr/bin/env bash
# Writes PgBouncer's configuration from the environment and becomes PgBouncer.
set -eu
umask 077
folder=$(mktemp -d)
printf '"refamp" "%s"\n' "$APPLICATION_PASSWORD" >"$folder/users.txt"
cat >"$folder/pgbouncer.ini" <<INI
[databases]
refamp = host=${POSTGRES_HOST:-postgres} port=5432 dbname=refamp

[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users.txt
pool_mode = transaction
default_pool_size = ${POOL_SIZE:-20}
max_client_conn = 500
server_idle_timeout = 300
query_wait_timeout = 30
ignore_startup_parameters = extra_float_digits
INI
exec pgbouncer "$folder/pgbouncer.ini"
