#!/bin/bash
# nginx 1.26.3 (Debian 13): an `auth_request` subrequest is measured by the body of its parent.
#
# The location of the subrequest sends no body (`proxy_pass_request_body off`, Content-Length empty), and has a small `client_max_body_size`, since
# nothing large belongs there. A parent request with a larger body is refused: nginx compares the parent's Content-Length with the limit of the
# subrequest's location, answers that subrequest with 413, and `auth_request` makes 500 of it ("auth request unexpected status: 413"), although the
# parent's own location allows the size.
# Guess before the first run: the limit counts where the body is read, in the parent's location only; the small request and the large one get 200.
# Seen on 2026-11-30: small 200, large 500.
# For us: `templates/http` gives the subrequest's location `client_max_body_size 0` (no limit); `test/check/operators-relay.test.ts` sends both.
# Needs root and mmdebstrap: nginx comes from Debian 13 into a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf --one-file-system "$folder"' EXIT
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' --include=nginx-light,curl trixie "$folder/root"
# shellcheck disable=SC2016  # dpkg-query expands it
version=$(chroot "$folder/root" dpkg-query -W -f '${Version}' nginx)
cat >"$folder/root/etc/nginx/try.conf" <<'CONF'
daemon off; master_process off; error_log /tmp/error.log; pid /tmp/pid;
events { worker_connections 64; }
http {
  access_log off;
  server { listen 127.0.0.1:18082; location / { return 200 "ok\n"; } }
  server {
    listen 127.0.0.1:18081;
    location /upload { client_max_body_size 1m; auth_request /ask; proxy_pass http://127.0.0.1:18082; }
    location = /ask {
      internal; client_max_body_size 1k;
      proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:18082;
    }
  }
}
CONF
chroot "$folder/root" nginx -c /etc/nginx/try.conf &
server=$!
ask() { chroot "$folder/root" curl -s -o /dev/null -w '%{http_code}' --max-time 5 --retry 20 --retry-connrefused --retry-delay 1 --data "$(printf "%0$1d" 0)" http://127.0.0.1:18081/upload; }
small=$(ask 100)
large=$(ask 5000)
why=$(grep -o 'auth request unexpected status: [0-9]*' "$folder/root/tmp/error.log" | head -n 1)
echo "nginx $version: 100 bytes -> $small, 5000 bytes -> $large; $why"
case $version in 1.26.3-*) ;; *) echo 'another version'; exit 1 ;; esac
[ "$small $large $why" = '200 500 auth request unexpected status: 413' ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
