#!/bin/bash
# pgBackRest 2.55.1 (Debian 13): `verify` ends with 0 when files of a backup are damaged; `backup` refuses an archive_command without its own name.
#
# 1. `pgbackrest verify --output=text` of a store with a flipped byte prints "status: error … checksum invalid: 1" and ends with 0. Of a good store
#    it prints nothing at all, unless `--verbose` is given. A job that judges by the exit code reports damaged backups as whole.
# 2. `archive_command` may be any program. `pgbackrest backup` and `check` refuse it if the text "pgbackrest" is not in it: "archive_command '…' must
#    contain pgbackrest". A wrapper of another name stops backups, though it archives well.
# Guess before the first run: 1. a code that is not 0, as of fsck or `git fsck`; 2. no rule on the name, because the segment's arrival is checked
# anyway. Seen on 2026-11-30: as above.
# For us: `ha/backup/tasks.ts` reads the text of `verify --verbose`; the wrapper is called `pgbackrest-push`.
# Runs as root in a Debian 13 with postgresql-17 and pgbackrest (a container or a chroot): ROOT=/path, or this machine itself.
set -euo pipefail
in_root() { if [ -n "${ROOT:-}" ]; then chroot "$ROOT" "$@"; else "$@"; fi; }
seen=$(in_root bash -s <<'INSIDE'
set -euo pipefail
folder=$(mktemp -d)
chown postgres "$folder"
trap 'rm -rf "$folder"' EXIT
su -s /bin/bash postgres -c "FOLDER=$folder bash -s" <<'AS_POSTGRES'
set -euo pipefail
cd "$FOLDER"
export PATH=/usr/lib/postgresql/17/bin:$PATH PGBACKREST_CONFIG=$FOLDER/conf
printf '[global]\nrepo1-path=%s/store\nlock-path=%s/lock\nlog-level-file=off\nlog-level-console=off\nlog-level-stderr=off\nstart-fast=y\n[s]\npg1-path=%s/data\npg1-socket-path=%s\n' \
  "$FOLDER" "$FOLDER" "$FOLDER" "$FOLDER" >conf
printf '#!/bin/sh\nexec pgbackrest --stanza=s archive-push "$1"\n' >push
chmod 755 push
initdb -D data -A trust >/dev/null
server() { pg_ctl -D data -l log -w -o "-c listen_addresses='' -c unix_socket_directories=$FOLDER -c archive_mode=on -c archive_command='$1'" "$2" >/dev/null; }
server "$FOLDER/push %p" start
pgbackrest --stanza=s stanza-create
echo "version: $(pgbackrest version)"
pgbackrest --stanza=s --log-level-stderr=error backup 2>&1 | grep -o 'must contain pgbackrest' | head -n 1 || true
pg_ctl -D data -m fast -w stop >/dev/null
server 'pgbackrest --stanza=s archive-push %p' start
pgbackrest --stanza=s backup
code=0; text=$(pgbackrest --stanza=s verify --output=text) || code=$?
echo "good: code $code, $(wc -w <<<"$text") words"
victim=$(find store/backup/s/*F -type f -name '*.gz' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
printf 'damaged' | dd of="$victim" bs=1 seek=5000 conv=notrunc status=none
code=0; text=$(pgbackrest --stanza=s verify --output=text) || code=$?
echo "damaged: code $code, $(grep -o 'status: error' <<<"$text" | head -n 1)"
pg_ctl -D data -m immediate -w stop >/dev/null
AS_POSTGRES
INSIDE
)
echo "$seen"
expected='version: pgBackRest 2.55.1
must contain pgbackrest
good: code 0, 0 words
damaged: code 0, status: error'
[ "$seen" = "$expected" ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
