import { chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import type { Progress } from './base.ts';
import { execInHost, needInit } from './exec.ts';
import type { Layout } from './layout.ts';
import type { ProcessId } from './process.ts';
import { labStatus } from './status.ts';
import { addressOf } from './topology.ts';
import { needState, writeState } from './state.ts';

/** A release for a host of the lab. `contextFile`: gets address and key for the CLI. `random`: for calls of the API. */
export interface ProductOrder {
  readonly layout: Layout;
  readonly host: string;
  readonly archive: string;
  readonly random: Random;
  readonly contextFile: string;
  readonly progress: Progress;
}

/** A host that runs the product. `isNewKey`: the key was made just now and has not been shown before. */
export interface ProductResult {
  readonly url: string;
  readonly version: string;
  readonly apiKey: string;
  readonly isNewKey: boolean;
}

const INSTALL_TIMEOUT_MS = 300_000;
/** Longer than init's own deadline of 180 s, so that init itself says what is missing. */
const INIT_TIMEOUT_MS = 200_000;
/** Where scripts/install runs from inside the host; removed afterwards. */
const UNPACKED = '/var/tmp/regent-release';

/**
 * What a person does on a real host, done in a lab's: unpack the archive, `scripts/install`, `regent init --single`. Then the
 * outer checkout gets its context, and the served networks their rows. Any number of times; only what differs is done.
 */
export async function installProduct(order: ProductOrder): Promise<ProductResult> {
  const { layout, host, progress } = order;
  const init = needInit(layout, host);
  const wanted = versionOf(order.archive);
  const have = (await inside(init, ['cat', '/opt/regent/current/VERSION'], 10_000)).stdout.trim();
  if (have !== wanted) {
    progress(have === '' ? `install ${wanted} in ${host}` : `upgrade ${host} from ${have} to ${wanted}`);
    await install(order, init);
  }
  const result = await initialise(order, init);
  const url = labStatus(layout).hosts.find((item) => item.name === host)?.url;
  if (!url) throw new AppError('lab_product', `The API of ${host} is not offered outside. What to do: sudo scripts/up`);
  const apiKey = writeContext(order.contextFile, url, result.apiKey ?? (await keyInside(init)));
  await ensureNetworks(order, url, apiKey);
  return { url, version: wanted, apiKey, isNewKey: result.apiKey !== undefined };
}

/** The version in an archive's name. */
function versionOf(archive: string): string {
  const match = /^regent-(.+)\.tar\.gz$/.exec(basename(archive));
  if (!match?.[1])
    throw new AppError('lab_product', `${archive} is not named regent-<version>.tar.gz. What to do: scripts/release`);
  return match[1];
}

async function inside(init: ProcessId, argv: readonly string[], timeoutMs: number) {
  return execInHost(init, argv, { timeoutMs });
}

async function install(order: ProductOrder, init: ProcessId): Promise<void> {
  const target = `${order.layout.rootOf(order.host)}/var/tmp/${basename(order.archive)}`;
  copyFileSync(order.archive, target);
  // Only the scripts are unpacked here; scripts/install unpacks the rest beside its place.
  const script = [
    'set -e; rm -rf "$2"; mkdir "$2"',
    'tar --extract --gzip --no-same-owner --strip-components=1 --directory="$2" --file="$1" --wildcards "regent-*/scripts"',
    '"$2/scripts/install" "$1"; rm -rf "$2" "$1"',
  ].join('\n');
  const inner = `/var/tmp/${basename(order.archive)}`;
  const result = await execInHost(init, ['sh', '-c', script, 'sh', inner, UNPACKED], {
    timeoutMs: INSTALL_TIMEOUT_MS,
    onStderrLine: (line) => order.progress(`  ${line.replace(/^\[ *\d+ s\] /, '')}`),
  });
  rmSync(target, { force: true });
  if (result.code === 0) return;
  const ended = result.isTimeout ? `did not end within ${INSTALL_TIMEOUT_MS / 1000} s` : `ended with ${result.code}`;
  throw new AppError(
    'lab_product',
    `scripts/install in ${order.host} ${ended}. What to do: see its words above; look in with scripts/lab exec ${order.host} -- bash`,
  );
}

/** What `regent init --json` prints. */
interface InitResult {
  readonly apiKey?: string;
  readonly already: boolean;
}

async function initialise(order: ProductOrder, init: ProcessId): Promise<InitResult> {
  const { layout, host, progress } = order;
  const nic = needState(layout).topology.hosts.find((item) => item.name === host)?.nics[0];
  const address = nic ? ['--address', addressOf(nic)] : [];
  progress(`set ${host} up (regent init --single)`);
  const argv = ['/usr/local/bin/regent', 'init', '--single', '--name', host, ...address, '--json'];
  const result = await execInHost(init, argv, {
    timeoutMs: INIT_TIMEOUT_MS,
    onStderrLine: (line) => progress(`  ${line}`),
  });
  if (result.code === 0) {
    const value: unknown = JSON.parse(result.stdout);
    if (typeof value === 'object' && value !== null) {
      const key = 'apiKey' in value && typeof value.apiKey === 'string' ? { apiKey: value.apiKey } : {};
      return { ...key, already: 'already' in value && value.already === true };
    }
  }
  const ended = result.isTimeout ? `did not end within ${INIT_TIMEOUT_MS / 1000} s` : `ended with ${result.code}`;
  throw new AppError(
    'lab_product',
    `regent init in ${host} ${ended}. What to do: see its words above, and scripts/lab logs ${host} regent-regiond; then run this again.`,
  );
}

/** The key that `regent init` left for root of the host: for a checkout that has lost its own context. */
async function keyInside(init: ProcessId): Promise<string | null> {
  const result = await inside(init, ['cat', '/root/.config/regent/config.json'], 10_000);
  return result.code === 0 ? apiKeyIn(result.stdout) : null;
}

function apiKeyIn(text: string): string | null {
  try {
    return keyOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The key of a context, or of the current one of a file of several (src/cli/README.md). */
function keyOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if ('apiKey' in value && typeof value.apiKey === 'string') return value.apiKey;
  const isFile = 'contexts' in value && typeof value.contexts === 'object' && value.contexts !== null;
  if (!isFile || !('current' in value) || typeof value.current !== 'string') return null;
  return keyOf(new Map<string, unknown>(Object.entries(value.contexts as object)).get(value.current));
}

/** Writes address and key, readable by the owner of the folder above alone. Without a new key the one in the file stays. */
function writeContext(file: string, url: string, newKey: string | null): string {
  const apiKey = newKey ?? apiKeyIn(readText(file));
  if (!apiKey) {
    throw new AppError(
      'lab_product',
      'No API key is known any more. What to do: scripts/down --purge, then sudo scripts/up.',
    );
  }
  const folder = dirname(file);
  const owner = statSync(dirname(folder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, owner.uid, owner.gid);
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ url, apiKey }, null, 2)}\n`, { mode: 0o600 });
  chownSync(file, owner.uid, owner.gid);
  return apiKey;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Tells the product of the networks that it is to serve, each once. */
async function ensureNetworks(order: ProductOrder, url: string, apiKey: string): Promise<void> {
  const state = needState(order.layout);
  const seeded = state.seeded ?? [];
  const wanted = state.topology.networks.filter((network) => network.served && !seeded.includes(network.name));
  if (wanted.length === 0) return;
  // Loaded only here: every other verb does without the API's schemas.
  const { seedNetwork } = await import('./seed.ts');
  for (const network of wanted) {
    order.progress(`VLAN, subnet and DHCP of ${network.name} (${network.cidr})`);
    await seedNetwork({ url, apiKey, random: order.random }, network);
    const now = needState(order.layout);
    writeState(order.layout, { ...now, seeded: [...(now.seeded ?? []), network.name] });
  }
}

/** What `scripts/up` says at its end. The key is shown only when it is new. */
export function productText(order: ProductOrder, result: ProductResult): string {
  const client = needState(order.layout).topology.clients[0]?.name ?? 'vlan10';
  const key = result.isNewKey
    ? [
        `  admin's key ${result.apiKey}`,
        `              (shown this once; bin/regent reads it from ${order.contextFile})`,
      ]
    : [`  admin's key as before, in ${order.contextFile}`];
  return [
    '',
    `Regent ${result.version} runs in ${order.host}, a whole Debian 13 host in a container.`,
    '',
    `  API         ${result.url}`,
    ...key,
    '  running     regiond, agent and its root helper, private PostgreSQL and its watch; BIND, chrony, Kea, Squid',
    '',
    'Try next:',
    '  bin/regent status',
    '  bin/regent record create www.regent.internal A 10.10.10.50',
    `  sudo scripts/lab client ${client} -- dig +short www.regent.internal`,
    `  sudo scripts/lab client ${client} --dhcp           (a machine with a real DHCP client)`,
    '  bin/regent lease list',
    '',
    'Stop it with sudo scripts/down; sudo scripts/down --purge removes it without a trace.',
    '',
  ].join('\n');
}
