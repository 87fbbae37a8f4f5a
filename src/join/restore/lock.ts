import type { HostPorts } from '../ports.ts';

const FOLDER = '/run/regent-restore-lock';
const COMMAND_MS = 10_000;

/**
 * A lock of this host's restores that ends with its process: it names the process and when that began, so the lock of one that was killed counts as
 * free. `$PPID` is this process. Exit 1: another one has it.
 */
export const TAKE_LOCK = `set -eu
mkdir -p "$1"
exec 9>"$1/guard"
flock -w 5 9
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
if [ -e "$1/holder" ]; then
  read -r pid start <"$1/holder" || true
  if [ "$pid" != "$PPID" ] && [ -n "$start" ] && [ "$(began "$pid")" = "$start" ]; then exit 1; fi
fi
echo "$PPID $(began "$PPID")" >"$1/holder"`;

/** Takes the lock. False: another restore of this host has it. Throws if there is no telling. */
export async function takeLock(ports: HostPorts, folder = FOLDER): Promise<boolean> {
  const taken = await ports.host.exec({ argv: ['sh', '-c', TAKE_LOCK, 'sh', folder], timeoutMs: COMMAND_MS });
  return taken.code === 0;
}

/** Gives it back. */
export async function freeLock(ports: HostPorts, folder = FOLDER): Promise<void> {
  await ports.host.exec({ argv: ['rm', '-f', `${folder}/holder`], timeoutMs: COMMAND_MS });
}
