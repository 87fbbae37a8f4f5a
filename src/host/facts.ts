import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { Command, ExecResult, HostFacts } from '../core/host-values.ts';
import { bareAddress, compareAddressTexts } from '../core/ip.ts';

type RunCommand = (command: Command) => Promise<ExecResult>;

/** Facts that we ask for once, because a process for each question costs most. */
export interface FactsCache {
  /** A program's version by its command line, with the state of its file then. */
  readonly versions: Map<string, { readonly file: string; readonly version: string }>;
  /** The output of ip(8) at a time (monotonic, ms), and the values then of everything that needs no process. */
  addresses: { readonly sign: string; readonly at: number; readonly found: Addresses } | null;
}

type Addresses = ReadonlyMap<string, readonly string[]>;

const VERSION_LIMIT = 200;
const ADDRESSES_MS = 5_000;
/** New addresses of an interface without carrier show this late; all others show at once. */
const ADDRESSES_FRESH_MS = 60_000;
const INTERFACE_FOLDER = '/sys/class/net';
/** systemd(1) writes the first in every container it boots; the others are podman's and docker's. */
const CONTAINER_MARKS = ['/run/systemd/container', '/run/.containerenv', '/.dockerenv'];

/**
 * Reads this machine's facts. A version that cannot be read is left out, because its package is missing. `known` is read and written: a program with
 * the same file has the same version, and while Node and the kernel's files show no other interfaces, ip(8) runs once a minute.
 */
export async function readFacts(
  versions: Readonly<Record<string, Command>>,
  run: RunCommand,
  known: FactsCache = nothingKnown(),
): Promise<HostFacts> {
  const found: [name: string, version: string][] = [];
  // One after the other: the start of a process blocks this one's thread, on a busy host for a second, and others wait for their answers.
  for (const [name, command] of Object.entries(versions))
    found.push([name, await versionOf(command, run, known.versions)]);
  return {
    hostname: hostname(),
    os: parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => '')),
    isContainer: CONTAINER_MARKS.some((path) => existsSync(path)),
    interfaces: await readInterfaces(run, known),
    versions: Object.fromEntries(found.filter(([, version]) => version !== '')),
  };
}

/** To begin with. */
export function nothingKnown(): FactsCache {
  return { versions: new Map(), addresses: null };
}

async function versionOf(command: Command, run: RunCommand, known: FactsCache['versions']): Promise<string> {
  const [key, file] = 'argv' in command ? [command.argv.join(' '), await fileOf(command.argv[0])] : ['', null];
  const before = known.get(key);
  if (before !== undefined && before.file === file) return before.version;
  const version = versionIn(await run(command));
  if (file !== null && version !== '') known.set(key, { file, version });
  return version;
}

/** A text that changes when a program is replaced; null: there is none. */
async function fileOf(program = ''): Promise<string | null> {
  try {
    const { dev, ino, size, ctimeMs } = await stat(program);
    return [dev, ino, size, ctimeMs].join(' ');
  } catch {
    return null;
  }
}

function versionIn(answer: ExecResult): string {
  if (answer.code !== 0) return '';
  const lines = `${answer.stdout}\n${answer.stderr}`.split('\n').map((line) => line.trim());
  return (lines.find((line) => line !== '') ?? '').slice(0, VERSION_LIMIT);
}

/** `ID` and `VERSION_ID` of os-release(5). */
export function parseOsRelease(text: string): { id: string; version: string } {
  const value = (key: string) => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${key}=`));
    return (line ?? '')
      .slice(key.length + 1)
      .replace(/^(["'])(.*)\1$/, '$2')
      .slice(0, 64);
  };
  return { id: value('ID') || 'linux', version: value('VERSION_ID') };
}

/** All interfaces by name, also those without an address. Addresses without prefix and zone, in numeric order. */
async function readInterfaces(run: RunCommand, known: FactsCache): Promise<HostFacts['interfaces']> {
  const names = (await readdir(INTERFACE_FOLDER).catch(() => Object.keys(networkInterfaces()))).sort();
  const links = await Promise.all(
    names.map(async (name) => ({
      name,
      mac: await attributeOf(name, 'address'),
      ...indexOf(await attributeOf(name, 'ifindex')),
      ...linkState(await attributeOf(name, 'flags'), await attributeOf(name, 'carrier')),
    })),
  );
  const addresses = await readAddresses(run, known, links);
  return links.map((link) => ({ ...link, addresses: (addresses.get(link.name) ?? []).toSorted(compareAddressTexts) }));
}

/** From ip(8), because Node omits interfaces that are down or have no carrier, although they keep their addresses. */
async function readAddresses(run: RunCommand, known: FactsCache, links: readonly object[]): Promise<Addresses> {
  const own = networkInterfaces();
  const sign = JSON.stringify([links, own]);
  const at = performance.now();
  if (known.addresses?.sign === sign && at - known.addresses.at < ADDRESSES_FRESH_MS) return known.addresses.found;
  const answer = await run({ argv: ['ip', '-brief', 'address', 'show'], timeoutMs: ADDRESSES_MS });
  if (answer.code === 0 && answer.stdout.endsWith('\n')) {
    const found = parseAddresses(answer.stdout);
    known.addresses = { sign, at, found };
    return found;
  }
  return new Map(Object.entries(own).map(([name, list]) => [name, (list ?? []).map((item) => item.address)]));
}

/** Reads `ip -brief address`: name (`eth0@if5` for one end of a pair), state, then addresses with prefix, `peer` and `metric`. */
export function parseAddresses(text: string): Addresses {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [name = '', _state, ...fields] = line.trim().split(/\s+/);
      const own = fields.filter((field, at) => /[.:]/.test(field) && fields[at - 1] !== 'peer');
      return [name.split('@')[0] ?? name, own.map(bareAddress)];
    }),
  );
}

/** An attribute of an interface, '' if there is none: the kernel does not report the carrier of an interface that is down. */
async function attributeOf(name: string, attribute: string): Promise<string> {
  return (await readFile(`${INTERFACE_FOLDER}/${name}/${attribute}`, 'utf8').catch(() => '')).trim();
}

function indexOf(text: string): { index?: number } {
  return /^[0-9]{1,9}$/.test(text) ? { index: Number(text) } : {};
}

/** Reads sysfs's `flags` (hexadecimal, bit 0 is IFF_UP) and `carrier` (0 or 1) of an interface. */
export function linkState(flags: string, carrier: string): { isUp?: boolean; hasCarrier?: boolean } {
  if (!/^0x[0-9a-f]+$/.test(flags)) return {};
  const isUp = (Number.parseInt(flags, 16) & 1) === 1;
  return { isUp, hasCarrier: isUp && carrier === '1' };
}
