#!/bin/bash
# Kea 2.6.3 (Debian 13): the HA hook speaks TLS on `http://` URLs of peers, and checks no name of a peer's certificate.
#
# Peers of libdhcp_ha.so have URLs and, each or all together, `trust-anchor`, `cert-file`, `key-file`. With these three the listener and the client speak TLS whatever
# the scheme of the URL is. As listener it takes every client whose certificate the trust anchor signed, also one for another host, without names, for servers
# alone. As client it takes a partner whose certificate names another host and another address. The trust anchor is all that says who a partner is.
# Guess, by the scheme of the URL and by what HTTPS clients do (RFC 9110 §4.3.4): `http://` peers speak clear text and ignore the three; as client Kea compares
# the host of the URL with the certificate, and refuses the partner.
# Seen on 2026-11-30: clear text is not answered, TLS is; the client with a foreign name gets the HA state; Kea sends its heartbeat to the foreign partner.
# For us: each partner trusts one certificate alone (`src/pki/pair.ts`, `docs/facts/dhcp-partners.md`); `test/check/operators-pairs.test.ts`.
# Needs root and mmdebstrap: Kea comes from Debian 13 into a temporary folder, and runs in a network of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' \
  --include=kea-dhcp4-server,openssl,curl,iproute2 trixie "$folder/root" 2>/dev/null
# shellcheck disable=SC2016  # dpkg-query expands it
version=$(chroot "$folder/root" dpkg-query -W -f '${Version}' kea-dhcp4-server)
cat >"$folder/root/try" <<'INSIDE'
#!/bin/bash
set -uo pipefail
ip link set lo up
cd /tmp
export KEA_LOCKFILE_DIR=none KEA_PIDFILE_DIR=/tmp
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=anchor &>/dev/null
sign() { # NAME EXTENSIONS
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" &>/dev/null
  printf '%s\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -days 2 -extfile "$1.ext" -out "$1.crt" &>/dev/null
}
sign one 'subjectAltName=IP:127.0.0.1'
sign foreign 'subjectAltName=DNS:printer.example,IP:192.0.2.9'
hooks=$(dirname "$(find /usr/lib -name libdhcp_ha.so)")
cat >kea.json <<JSON
{ "Dhcp4": {
  "interfaces-config": { "interfaces": [] }, "lease-database": { "type": "memfile", "persist": false },
  "subnet4": [ { "id": 1, "subnet": "10.9.0.0/24", "pools": [ { "pool": "10.9.0.10 - 10.9.0.20" } ] } ],
  "hooks-libraries": [ { "library": "$hooks/libdhcp_lease_cmds.so" }, { "library": "$hooks/libdhcp_ha.so", "parameters": { "high-availability": [ {
    "this-server-name": "one", "mode": "hot-standby", "heartbeat-delay": 500, "trust-anchor": "/tmp/ca.crt", "cert-file": "/tmp/one.crt", "key-file": "/tmp/one.key",
    "peers": [ { "name": "one", "url": "http://127.0.0.1:8001/", "role": "primary" }, { "name": "two", "url": "http://127.0.0.1:8002/", "role": "standby" } ] } ] } } ] } }
JSON
# The partner: whoever connects must show a certificate of the anchor; its own is for another host.
openssl s_server -accept 127.0.0.1:8002 -cert foreign.crt -key foreign.key -CAfile ca.crt -Verify 1 -verify_return_error -quiet &>partner.log < <(sleep 60) &
kea-dhcp4 -c kea.json &>kea.log &
kea=$!
wait_for() { for _ in $(seq 120); do "$@" &>/dev/null && return 0; sleep 0.5; done; echo "not within a minute: $*"; return 1; }
ask() { curl -s --max-time 3 -o answer.json -w '%{http_code}' -H 'Content-Type: application/json' --data '{"command":"ha-heartbeat","service":["dhcp4"]}' "$@"; }
wait_for bash -c 'exec 3<>/dev/tcp/127.0.0.1/8001' || { cat kea.log; exit 1; }
echo "clear text: $(ask http://127.0.0.1:8001/)"
echo "TLS without a certificate: $(ask --cacert ca.crt https://127.0.0.1:8001/)"
echo "TLS with the certificate of printer.example: $(ask --cacert ca.crt --cert foreign.crt --key foreign.key https://127.0.0.1:8001/) $(grep -o '"state": "[a-z-]*"' answer.json)"
wait_for grep -q 'POST / HTTP/1.1' partner.log
echo "to a partner that shows printer.example Kea sends: $(grep -o 'POST / HTTP/1.1' partner.log | head -n 1), $(grep -o '"command": "[a-z-]*"' partner.log | head -n 1)"
kill "$kea"
INSIDE
# shellcheck disable=SC2016  # the inner shell expands it
seen=$(unshare --net --pid --fork --kill-child --mount bash -c '
  mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" bash /try 2>/dev/null' try "$folder/root") || true
echo "Kea $version"
echo "$seen"
case $version in 2.6.3-*) ;; *) echo 'another version'; exit 1 ;; esac
expected='clear text: 000
TLS without a certificate: 000
TLS with the certificate of printer.example: 200 "state": "waiting"
to a partner that shows printer.example Kea sends: POST / HTTP/1.1, "command": "ha-heartbeat"'
[ "$seen" = "$expected" ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
