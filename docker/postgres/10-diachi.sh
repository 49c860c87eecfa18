#!/bin/bash
# Run once by the PostgreSQL image on an empty volume: the program's own user, who is no superuser, and its database.
# psql takes the password from its own variable, not from the command line.
set -euo pipefail
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat /run/secrets/database-password`
CREATE ROLE diachi LOGIN PASSWORD :'password';
CREATE DATABASE diachi OWNER diachi;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
SQL
