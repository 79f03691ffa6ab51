#!/bin/sh
# Starts Ceph's object gateway: start.sh CONFIGURATION ACCESS_KEY_FILE SECRET_KEY_FILE. The first start makes its one user.
set -eu
access_key=$(cat "$2")
secret_key=$(cat "$3")
set -- -c "$1" --no-mon-config --name client.rgw

shows_user() {  # over SQLite this program now and then hangs at its end, with all its work done: what it prints counts
    timeout -s KILL 5 radosgw-admin "$@" --uid boolagold | grep -q '"user_id": "boolagold"'
}

tries=0
until shows_user "$@" user info || shows_user "$@" user create --display-name BoolaGold \
    --access-key "$access_key" --secret-key "$secret_key"; do
    [ $((tries += 1)) -lt 5 ] || exit 1
done
exec radosgw "$@" -f
