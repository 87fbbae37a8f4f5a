# Steps of scripts/up and scripts/down on the machine that hosts the lab. Sourced; `top`, say.sh and node.sh come first.
# shellcheck shell=bash disable=SC2154  # top is the caller's

lab_root=/var/lib/regent-lab

# Command or file that must be there, and the Debian package that brings it.
outer_needs() {
  cat <<'LIST'
systemd-nspawn systemd-container
mmdebstrap mmdebstrap
ip iproute2
nsenter util-linux
unshare util-linux
flock util-linux
runuser util-linux
mount mount
losetup mount
mkfs.ext4 e2fsprogs
sha256sum coreutils
tar tar
gzip gzip
/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
/etc/ssl/certs/ca-certificates.crt ca-certificates
LIST
  # npm for `npm ci`; its Node only runs npm, the product brings its own.
  [ "$(cat "$top/node_modules/.regent-lock" 2>/dev/null)" = "$(modules_digest)" ] || printf '%s\n' 'node nodejs' 'npm npm'
}

# mark NAME TEXT: remembers what up made outside the lab's folder, for scripts/down --purge.
mark() {
  mkdir -p "$lab_root"
  printf '%s\n' "$2" >>"$lab_root/.$1"
}

check_machine() {
  step 'check this machine' 'see docs/install.md, "What the lab needs"'
  [ "$(uname -s)" = Linux ] || fail "this is $(uname -s)" 'use a Linux machine or a virtual one'
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) fail "no runtime for $(uname -m)" 'use an amd64 or arm64 machine' ;;
  esac
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null ||
    fail 'the kernel has no overlay file system' 'load the module overlay; inside a container allow it from outside'
  local free folder=$lab_root
  [ -d "$folder" ] || folder=/var/lib
  free=$(df --output=avail -k "$folder" | tail -n 1)
  [ "$free" -ge 6000000 ] || fail "$folder has $((free / 1024)) MB free, 6000 are needed" 'make room on that file system'
  unshare --net --mount true 2>/dev/null || fail 'this root may not change the network' 'run on the machine itself or in a privileged container'
}

# ensure_outer_packages up|test: what the lab needs of this machine; for `test` also what the tests do.
ensure_outer_packages() {
  step 'Debian packages on this machine' 'check the network, then: apt-get update && apt-get install --fix-broken'
  local need package missing=()
  while read -r need package; do
    [ -e "$need" ] || command -v "$need" >/dev/null 2>&1 || missing+=("$package")
  done < <(outer_needs; [ "$1" != test ] || printf '%s\n' 'shellcheck shellcheck' 'chromium-headless-shell chromium-headless-shell' 'vagrant vagrant' 'mksquashfs squashfs-tools' 'unsquashfs squashfs-tools' 'go golang-go' '/usr/share/gocode/src/github.com/juju/gomaasapi golang-github-juju-gomaasapi-dev')
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail "missing here: ${missing[*]}" 'install what your distribution calls these packages, then run this again'
  say "         ${missing[*]}"
  fetch_packages "${missing[@]}"
  mark added-packages "${missing[*]}"
}

# Is there anything of a lab on this machine? (What `mark` wrote does not count.)
anything_there() {
  compgen -G "$lab_root/*" >/dev/null || compgen -G "/run/netns/rg-*" >/dev/null
}
