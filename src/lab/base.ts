import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { aptProxyOptions, debianSources } from './outer/apt-sources.ts';
import { run } from './command.ts';
import { LAB_ROOT } from './layout.ts';
import { removeTree, unmountBelow } from './mounts.ts';
import { allProcesses, identify, isRunning, signal, treeOf } from './process.ts';
import { until } from './outer/wait.ts';

/** Reports progress to a person, with the seconds that have passed. */
export type Progress = (text: string) => void;

const SUITE = 'trixie';
/** In a mount namespace of its own: what mmdebstrap mounts goes with it, also when it is killed. */
const ISOLATED = ['unshare', '--mount', '--propagation', 'private', '--'];
const BUILD_TIMEOUT_MS = 900_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Raise it when the recipe below changes, so that caches are built again. */
const RECIPE = 1;

const OFF_IN_HOSTS = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  // The package of the BMC simulator brings it. It searches the host for a BMC.
  'openipmi.service',
];

/** What a root is for: the product's hosts and the clients, the host of the lab's machines (machines/README.md), or a server of backup stores in tests. */
export type BaseKind = 'hosts' | 'machines' | 'stores';

const MANAGED = [
  ...'chrony etcd haproxy keepalived kea-dhcp4-server named nftables nginx patroni postgresql squid'.split(' '),
  'tftpd-hpa',
  'tgt',
];

/** Debian's daemons are off until scripts/install turns them on, as on a host that never had them. */
const HOST_HOOKS = {
  essential:
    'mkdir -p "$1/etc/postgresql-common/createcluster.d" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.d/base.conf"',
  customize: [
    'rm -f "$1/etc/bind/rndc.key" "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id" "$1/etc/resolv.conf" "$1/etc/hostname"',
    ': >"$1/etc/machine-id"',
    'rm -f "$1/etc/postgresql-common/createcluster.d/base.conf"',
    `chroot "$1" systemctl --quiet disable ${MANAGED.map((name) => `${name}.service`).join(' ')}`,
    `chroot "$1" systemctl --quiet mask ${OFF_IN_HOSTS.join(' ')}`,
    'chroot "$1" systemctl --quiet enable systemd-networkd.service',
    'mkdir -p "$1/var/log/journal"',
  ],
} as const;

/** The simulator of BMCs runs by units of the lab's own. */
const MACHINES_HOOKS = {
  essential: 'true',
  customize: [
    'rm -f "$1/var/lib/dbus/machine-id" "$1/etc/resolv.conf" "$1/etc/hostname"; : >"$1/etc/machine-id"',
    `chroot "$1" systemctl --quiet mask ${OFF_IN_HOSTS.join(' ')}`,
    'chroot "$1" systemctl --quiet enable systemd-networkd.service',
    'mkdir -p "$1/var/log/journal"',
  ],
} as const;

/** Scopes of `scripts/packages.txt` that a root has, and what is done in it. */
const KINDS = {
  hosts: { scopes: ['host', 'lab'], hooks: HOST_HOOKS },
  machines: { scopes: ['machines'], hooks: MACHINES_HOOKS },
  // Nothing starts by itself there: tests start what they want.
  stores: { scopes: ['stores'], hooks: { essential: 'true', customize: [] } },
} as const;

/** This machine's architecture by Debian's name. */
const OWN_ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';

/**
 * Package names from `scripts/packages.txt` (lines `scope name [architecture]`) for a root of this kind, sorted; those of other architectures are left out. Throws
 * AppError `lab_base` for a bad line.
 */
export function parsePackages(text: string, kind: BaseKind = 'hosts', architecture = OWN_ARCHITECTURE): string[] {
  const scopes: readonly string[] = KINDS[kind].scopes;
  const names = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const pattern = /^(host|lab|machines|stores)\s+([a-z0-9][a-z0-9.+-]*)(?:\s+\[(amd64|arm64)\])?$/;
      const [, scope, name, only = architecture] = pattern.exec(line.trim()) ?? [];
      if (scope !== undefined && name !== undefined)
        return scopes.includes(scope) && only === architecture ? [name] : [];
      const rule = '"host NAME", "lab NAME", "machines NAME" or "stores NAME"';
      throw new AppError('lab_base', `scripts/packages.txt: "${line}" is not ${rule}.`);
    });
  return [...new Set(names)].toSorted();
}

/** Folder of the base that these packages give. */
export function basePath(packages: readonly string[], kind: BaseKind = 'hosts'): string {
  const recipe = { RECIPE, SUITE, HOOKS: KINDS[kind].hooks, packages };
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
  return `${LAB_ROOT}/base-${digest.slice(0, 12)}`;
}

/**
 * The root file system that hosts lie on: Debian 13 with the product's packages, nothing of one host's own (keys, machine id).
 * Built once per package list, beside its place and renamed, so a kill leaves no half base. Returns its folder.
 */
export async function ensureBase(packagesFile: string, progress: Progress, kind: BaseKind = 'hosts'): Promise<string> {
  const packages = parsePackages(readFileSync(packagesFile, 'utf8'), kind);
  const target = basePath(packages, kind);
  if (existsSync(target)) return target;
  checkKeyring();
  await removeAbandonedBuilds();
  const self = identify(process.pid);
  const draft = `${target}.build-${process.pid}-${self?.start ?? '0'}`;
  mkdirSync(LAB_ROOT, { recursive: true, mode: 0o755 });
  progress(`build the Debian 13 root of the ${kind} (${packages.length} packages named, about a minute)`);
  await build(draft, { packages, hooks: KINDS[kind].hooks }, progress);
  try {
    renameSync(draft, target);
  } catch (cause) {
    // Somebody else was first: theirs is as good.
    if (!existsSync(target)) throw cause;
    await removeTree(draft);
  }
  rmSync(`${draft}.log`, { force: true });
  return target;
}

interface Recipe {
  readonly packages: readonly string[];
  readonly hooks: { readonly essential: string; readonly customize: readonly string[] };
}

async function build(draft: string, { packages, hooks }: Recipe, progress: Progress): Promise<void> {
  const options = [
    '--mode=root',
    '--variant=minbase',
    `--keyring=${KEYRING}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...(await aptProxyOptions()).map((option) => `--aptopt=${option}`),
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    `--essential-hook=${hooks.essential}`,
    ...hooks.customize.map((hook) => `--customize-hook=${hook}`),
    `--include=${packages.join(',')}`,
  ];
  const log = `${draft}.log`;
  const timer = setInterval(() => progress(`… ${lastLine(log)}`), 10_000);
  const argv = ['mmdebstrap', ...options, SUITE, draft, ...debianSources(SUITE)];
  const result = await run([...ISOLATED, 'sh', '-c', 'log=$1; shift; exec "$@" >"$log" 2>&1', 'sh', log, ...argv], {
    timeoutMs: BUILD_TIMEOUT_MS,
  }).finally(() => clearInterval(timer));
  if (result.code === 0) return;
  const logTail = readFileSync(log, 'utf8').split('\n').slice(-15).join('\n');
  await removeTree(draft);
  const remedy = logTail.includes('NO_PUBKEY')
    ? KEYRING_REMEDY
    : `check the network and the Debian mirror in /etc/apt/sources.list, then run this again; the full log is ${log}.`;
  const ended = result.isTimeout ? `did not end within ${BUILD_TIMEOUT_MS / 60_000} min` : `ended with ${result.code}`;
  throw new AppError(
    'lab_base',
    `The Debian 13 root could not be built: mmdebstrap ${ended}.\n${logTail}\nWhat to do: ${remedy}`,
  );
}

const KEYRING_REMEDY =
  "this machine's archive keys are older than Debian 13. Run: apt-get update && apt-get install debian-archive-keyring (2023.3+deb12u2 or newer).";

function checkKeyring(): void {
  if (!existsSync(KEYRING))
    throw new AppError('lab_base', `${KEYRING} is missing. What to do: apt-get install debian-archive-keyring`);
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.replace(/^I: /, '').slice(0, 100) ?? '';
  } catch {
    return 'starting';
  }
}

/** Ends builds whose lab process is gone (it was killed) and removes what they wrote; a living build is left alone. */
export async function removeAbandonedBuilds(): Promise<void> {
  if (!existsSync(LAB_ROOT)) return;
  for (const name of readdirSync(LAB_ROOT)) {
    const match = /^base-[0-9a-f]+\.build-(\d+)-(\d+)$/.exec(name.replace(/\.log$/, ''));
    if (!match?.[1] || !match[2] || isRunning({ pid: Number(match[1]), start: match[2] })) continue;
    const path = `${LAB_ROOT}/${name}`;
    const builders = allProcesses()
      .filter((item) => item.argv.includes(path))
      .flatMap((item) => treeOf(item.pid));
    for (const item of builders) signal(item, 'SIGKILL');
    await until(
      { what: 'an abandoned build to end', remedy: 'find processes in state D with: ps aux', timeoutMs: 20_000 },
      () => builders.every((item) => !isRunning(item)),
    );
    await unmountBelow(path);
    await removeTree(path);
  }
}

/** Removes bases that no lab lies on any more. */
export async function removeUnusedBases(used: ReadonlySet<string>): Promise<void> {
  if (!existsSync(LAB_ROOT)) return;
  for (const name of readdirSync(LAB_ROOT)) {
    const path = `${LAB_ROOT}/${name}`;
    if (/^base-[0-9a-f]+$/.test(name) && !used.has(path)) await removeTree(path);
  }
}
