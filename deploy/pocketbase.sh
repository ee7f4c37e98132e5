#!/bin/sh
# Make sure of the superuser, then serve. exec, so that docker's signals reach PocketBase.
set -eu
pocketbase superuser upsert --dir /srv/pocketbase -- "$POCKETBASE_EMAIL" "$POCKETBASE_PASSWORD"
exec pocketbase serve --http=0.0.0.0:8090 --dir /srv/pocketbase
