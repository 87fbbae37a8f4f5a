# Steps of scripts/install that prepare the operating system. Sourced by it; each may run any number of times.
# shellcheck shell=bash disable=SC2154  # source_dir is the caller's

check_host() {
  step 'check this host' 'use a Debian 13 host with systemd; see docs/install.md, "Real hosts, step by step"'
  local id release
  id=$(sed -n 's/^ID="\{0,1\}\([^"]*\).*/\1/p' /etc/os-release)
  release=$(sed -n 's/^VERSION_ID="\{0,1\}\([^"]*\).*/\1/p' /etc/os-release)
  [ "$id $release" = 'debian 13' ] ||
    fail "this is ${id:-unknown} $release, Regent runs on Debian 13" 'install on a Debian 13 host, or try it here with: sudo scripts/up'
  [ -d /run/systemd/system ] || fail 'systemd does not run here' 'boot the host with systemd; in a container use a booted one'
  [ "$(uname -m)" = x86_64 ] || [ "$(uname -m)" = aarch64 ] || fail "no runtime for $(uname -m)" 'use an amd64 or arm64 host'
  local free
  free=$(df --output=avail -k /opt | tail -n 1)
  [ "$free" -ge 1000000 ] || fail "/opt has $((free / 1024)) MB free, 1000 are needed" 'make room on that file system'
}

# Drop-ins come before the packages: a daemon that Debian starts at once then stays off until Regent has configured it.
install_dropins() {
  step 'drop-ins for the managed daemons' 'see the message above; /etc must be writable'
  local folder
  for folder in "$source_dir"/systemd/*.service.d; do
    install -D -m 0644 "$folder/regent.conf" "/etc/systemd/system/${folder##*/}/regent.conf"
  done
  install -d -m 0755 /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/regent.conf
  systemctl daemon-reload
}

# Patroni 3 may take the primary's lease back without asking when its own has run out: acknowledged writes were lost so.
check_patroni() {
  local version
  version=$(dpkg-query --show --showformat='${source:Upstream-Version}' patroni 2>/dev/null) || return 0
  dpkg --compare-versions "$version" ge 4.0 ||
    fail "Patroni $version is installed, which can lose acknowledged writes; 4.0 or later is needed" \
      "install Debian 13's: apt-get install patroni/trixie, or remove it: apt-get purge patroni"
}

# etcd 3.5.1 to 3.5.19 do not write into the v3 store that a learner was promoted, and etcd 3.6 reads its members from there.
check_etcd() {
  local store=/var/lib/etcd/regent/member/snap/db version learners rule
  [ -f "$store" ] || return 0
  step 'the step of etcd' 'see the message above; on a region node: regent doctor (etcd-learners)'
  version=$(dpkg-query --show --showformat='${source:Upstream-Version}' etcd-server 2>/dev/null) ||
    version=$(apt-cache policy etcd-server | sed -n 's/^ *Candidate: *//p')
  dpkg --compare-versions "$version" ge 3.6 2>/dev/null || return 0
  rule='etcd 3.5.20 or later of the line 3.5 runs on every region node before etcd 3.6 is installed on one'
  learners=$("$source_dir/bin/node" "$source_dir/src/main/region/etcd/learners.ts" "$store") ||
    fail "etcd $version is not taken, because the store of etcd cannot be read" "$rule"
  [ -z "$learners" ] ||
    fail "etcd $version is not taken: the v3 store of etcd has members as learners although they vote (${learners//$'\n'/, }), and etcd 3.6 would refuse them or take their votes" \
      "first go back to etcd 3.5 here: apt-get install etcd-server/trixie etcd-client/trixie. Rule: $rule. Then run this again"
}

install_packages() {
  step 'Debian packages' 'check the network and /etc/apt/sources.list, then run: apt-get update && apt-get install --fix-broken'
  local name missing=()
  while read -r name; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done < <(host_packages)
  [ "${#missing[@]}" -gt 0 ] || { check_patroni; return 0; }
  say "         ${missing[*]}"
  fetch_packages "${missing[@]}"
  check_patroni
}

# Could the packages that are missing come? Changes nothing but apt's lists.
check_packages() {
  step 'Debian packages that are missing' 'check the network and /etc/apt/sources.list, then run: apt-get update'
  local name missing=()
  while read -r name; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done < <(host_packages)
  [ "${#missing[@]}" -eq 0 ] || { apt-get -qq update && apt-get -qq --simulate --no-install-recommends install "${missing[@]}" >/dev/null; }
}

host_packages() {
  awk -v own="[$(dpkg --print-architecture)]" '$1 == "host" && ($3 == "" || $3 == own) { print $2 }' "$source_dir/scripts/packages.txt"
}

# Debian's unattended upgrades leave the managed daemons to `regent upgrade --packages`, which drains the host first. A name is a pattern of Python's.
hold_unattended() {
  local conf=/etc/apt/apt.conf.d/52regent
  {
    echo '// Made by scripts/install of Regent, taken away by scripts/uninstall: these come by "regent upgrade --packages".'
    echo 'Unattended-Upgrade::Package-Blacklist {'
    host_packages | sed 's/.*/  "^&$";/'
    echo '};'
  } >"$conf.new"
  mv "$conf.new" "$conf"
}

make_user() {
  local name=$1 home=$2
  getent passwd "$name" >/dev/null ||
    useradd --system --user-group --home-dir "$home" --no-create-home --shell /usr/sbin/nologin "$name"
}

# Who shows the node's certificate: each of these daemons reads its key through the group.
make_pki_group() {
  getent group regent-pki >/dev/null || groupadd --system regent-pki
  local user
  for user in etcd postgres haproxy regent regent-agent regent-http regent-vip regent-votes; do
    id -nG "$user" | tr ' ' '\n' | grep -qx regent-pki || usermod --append --groups regent-pki "$user"
  done
}

make_users_and_folders() {
  step 'users and folders' 'see the message above; a user or folder of that name may belong to something else'
  make_user regent /var/lib/regent/region
  make_user regent-agent /var/lib/regent/agent
  make_user regent-vip /nonexistent
  make_user regent-votes /nonexistent
  make_user regent-http /nonexistent
  make_user regent-tgt /nonexistent
  make_pki_group
  install -d -m 0755 /etc/regent /var/lib/regent /opt/regent /opt/regent/releases
  install -d -m 0755 /etc/regent/pki /etc/regent/secrets
  # What the helper may write: the services' folders.
  sed -n 's/^ReadWritePaths=//p' "$source_dir/systemd/regent-helper.service" | tr ' ' '\n' | sed 's/^-//' |
    while read -r folder; do [ -d "$folder" ] || install -d -m 0755 "$folder"; done
  install -d -m 0700 -o etcd -g etcd /var/lib/etcd/regent
  install -d -m 0755 -o postgres -g postgres /var/lib/postgresql/17
  install -d -m 0700 -o regent -g regent /var/lib/regent/region /var/lib/regent/images
  install -d -m 0700 -o regent-http -g regent-http /var/lib/regent/http
  install -d -m 0700 -o regent-tgt -g regent-tgt /var/lib/regent/tgt
  install -d -m 0700 -o regent-agent -g regent-agent /var/lib/regent/agent
  [ -e /etc/regent/regent.conf ] || install -m 0640 -g regent "$source_dir/scripts/lib/regent.conf" /etc/regent/regent.conf
  [ -e /etc/regent/agent.conf ] || install -m 0640 -g regent-agent "$source_dir/scripts/lib/agent.conf" /etc/regent/agent.conf
  [ -e /etc/regent/rack.conf ] || write_rack_conf
}

# The rack's identity outlives a new installation: the agent keeps a copy. Its key is made by the agent, which alone may read it.
# The agent has no rights, so its copy is read with its rights and is a UUID or nothing: root's sed would run what else stands there.
write_rack_conf() {
  local uuid
  uuid=$(runuser -u regent-agent -- head -c 64 /var/lib/regent/agent/rack-uuid 2>/dev/null |
    grep -m 1 -xE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' || cat /proc/sys/kernel/random/uuid)
  sed "s/^#CLUSTER_UUID=.*/CLUSTER_UUID=$uuid/" "$source_dir/scripts/lib/rack.conf" >/etc/regent/rack.conf.new
  mv /etc/regent/rack.conf.new /etc/regent/rack.conf
}

# One key per host, made here: never part of an image or an archive.
make_rndc_key() {
  step 'key for rndc' 'run: rndc-confgen -a -k rndc-key -c /etc/bind/rndc.key'
  [ -s /etc/bind/rndc.key ] || rndc-confgen -a -A hmac-sha256 -k rndc-key -c /etc/bind/rndc.key >/dev/null
  chown bind:bind /etc/bind/rndc.key
  chmod 0640 /etc/bind/rndc.key
}
