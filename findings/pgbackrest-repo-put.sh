#!/bin/bash
# pgBackRest 2.55.1 (Debian 13): `repo-put` into an encrypted store encrypts a file that `repo-get` then refuses to read.
#
# `pgbackrest repo-put PATH` and `repo-get PATH` are for files of one's own in the store. With repo1-cipher-type set, repo-put encrypts by the store's
# pass phrase, at any path. repo-get wants to know the phrase from the path (archive/… or backup/…), and of any other path says "unable to determine
# cipher passphrase", unless --cipher-pass is given: on the command line, where every user of the host reads it.
# No guess was written down before: it was met while restores were built. Seen on 2026-12-01: as above.
# For us: `src/join/restore/claim.ts` says everything in the file's name, which `repo-ls` gives, and puts a file without content.
# Runs as root in a Debian 13 with pgbackrest (a container or a chroot): ROOT=/path, or this machine itself.
set -euo pipefail
in_root() { if [ -n "${ROOT:-}" ]; then chroot "$ROOT" "$@"; else "$@"; fi; }
seen=$(in_root bash -s <<'INSIDE'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chown postgres "$folder"
printf '[global]\nrepo1-path=%s/store\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=only-a-test\nlock-path=%s/lock\nlog-level-file=off\nlog-level-console=off\nlog-level-stderr=warn\n[s]\npg1-path=%s/data\n' \
  "$folder" "$folder" "$folder" >"$folder/conf"
chmod 644 "$folder/conf"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups env "PGBACKREST_CONFIG=$folder/conf" pgbackrest "$@"; }
echo "version: $(as_postgres version)"
echo hello | as_postgres --stanza=s repo-put own/note
echo "stored as: $(head -c 6 "$folder/store/own/note")"
{ as_postgres --stanza=s repo-get own/note 2>&1 || true; } | grep -o 'unable to determine cipher passphrase' || echo 'got it'
as_postgres --stanza=s repo-ls own
INSIDE
)
echo "$seen"
expected='version: pgBackRest 2.55.1
stored as: Salted
unable to determine cipher passphrase
note'
[ "$seen" = "$expected" ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
