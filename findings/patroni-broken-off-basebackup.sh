#!/bin/bash
# Patroni 4.0.7 (Debian 13): a standby whose first copy was broken off waits for ever.
#
# Patroni and its pg_basebackup are killed while a new standby copies the primary (a power cut does the same). The data folder then holds a part of a
# copy: no global/pg_control, which pg_basebackup writes last. Patroni, started again, neither continues nor removes it: each cycle logs "data dir for
# the cluster is not empty, but system ID is invalid; consider doing reinitialize". Its REST API and `patronictl list` show `stopped`, as for a
# member that somebody stopped. POST /reinitialize makes a new copy at once. A copy that *fails* (pg_basebackup exits) is removed by Patroni itself.
# Guess before the first run: like a copy that fails, the folder is removed at the next start and the copy begins again.
# Seen on 2026-11-30: after 20 cycles still stopped, role "uninitialized"; after POST /reinitialize: creating replica.
# For us: `ha/postgres/mend` asks Patroni for a new copy; the doctor's row `standbys` names it (`test/unit/ha/mend.test.ts`).
# Needs root and mmdebstrap: Patroni, PostgreSQL and etcd come from Debian 13 into a temporary folder, and run in a network of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' \
  --include=patroni,python3-etcd,etcd-server,postgresql-17,python3-psycopg2,curl,iproute2,procps trixie "$folder/root" 2>/dev/null
# shellcheck disable=SC2016  # dpkg-query expands it
version=$(chroot "$folder/root" dpkg-query -W -f '${Version}' patroni)
cat >"$folder/root/try" <<'INSIDE'
#!/bin/bash
set -uo pipefail
ip link set lo up
cd /tmp
etcd --data-dir /tmp/etcd --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 &>/tmp/etcd.log &
for n in 1 2; do
  install -d -o postgres -m 700 "/tmp/m$n"
  cat >"/tmp/m$n.yml" <<YML
scope: try
name: m$n
restapi: { listen: "127.0.0.1:800$n", connect_address: "127.0.0.1:800$n" }
etcd3: { host: "127.0.0.1:2379" }
bootstrap:
  dcs: { ttl: 20, loop_wait: 1, retry_timeout: 3 }
  pg_hba: [ "local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust" ]
postgresql:
  listen: "127.0.0.1:543$n"
  connect_address: "127.0.0.1:543$n"
  data_dir: /tmp/m$n/data
  bin_dir: /usr/lib/postgresql/17/bin
  authentication: { superuser: { username: postgres, password: x }, replication: { username: repl, password: x } }
  parameters: { unix_socket_directories: /tmp/m$n }
  basebackup: [ { max-rate: 32k } ]
YML
done
patroni() { setpriv --reuid postgres --regid postgres --clear-groups env HOME=/tmp /usr/bin/patroni "/tmp/m$1.yml" &>"/tmp/m$1.log" & }
wait_for() { for _ in $(seq 120); do "$@" &>/dev/null && return 0; sleep 0.5; done; echo "not within a minute: $*"; return 1; }
state() { curl -s "http://127.0.0.1:8002/patroni" | sed -n 's/.*"state": "\([^"]*\)", "role": "\([^"]*\)".*/\1, \2/p'; }
copies() { pgrep -x pg_basebackup && [ -e /tmp/m2/data/backup_label ]; }
patroni 1
wait_for curl -sf http://127.0.0.1:8001/primary || exit 1
patroni 2
wait_for copies || exit 1
pkill -KILL -f '/tmp/m2.yml'
pkill -KILL -x pg_basebackup
sleep 1
[ -e /tmp/m2/data/global/pg_control ] && echo 'pg_control is there'
patroni 2
wait_for grep -q 'consider doing reinitialize' /tmp/m2.log || exit 1
sleep 20
echo "after 20 cycles: $(state)"
curl -s -o /dev/null -X POST --data '{}' http://127.0.0.1:8002/reinitialize
sleep 3
echo "after POST /reinitialize: $(state)"
INSIDE
# shellcheck disable=SC2016  # the inner shell expands it
seen=$(unshare --net --pid --fork --kill-child --mount bash -c '
  mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" bash /try 2>/dev/null' try "$folder/root") || true
echo "Patroni $version"
echo "$seen"
case $version in 4.0.7-*) ;; *) echo 'another version'; exit 1 ;; esac
expected='after 20 cycles: stopped, uninitialized
after POST /reinitialize: creating replica, uninitialized'
[ "$seen" = "$expected" ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
