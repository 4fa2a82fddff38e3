#!/bin/sh
# Makes the database and its two log-in roles, once: the owner migrates, the other serves and owns nothing.
# It sorts letters by their code, as the pages of the inbox go on from each other: by a language's rules they would skip.
# PORTAL_OWNER_PASSWORD and PORTAL_WEB_PASSWORD come from the environment; `psql` runs as PostgreSQL's superuser.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$PORTAL_OWNER_PASSWORD" -v web="$PORTAL_WEB_PASSWORD" --dbname postgres <<'SQL'
CREATE ROLE portal_owner LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE portal_web LOGIN NOINHERIT NOBYPASSRLS PASSWORD :'web';
CREATE DATABASE portal OWNER portal_owner ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' TEMPLATE template0;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal_web;
SQL
psql -v ON_ERROR_STOP=1 --dbname portal -c 'ALTER SCHEMA public OWNER TO portal_owner'
