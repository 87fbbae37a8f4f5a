import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { Command, ExecResult, HostFacts } from '../core/host-values.ts';

const VERSION_LIMIT = 200;
const INTERFACE_FOLDER = '/sys/class/net';
/** systemd(1) writes the first in every container it boots; the others are podman's and docker's. */
const CONTAINER_MARKS = ['/run/systemd/container', '/run/.containerenv', '/.dockerenv'];

/** Reads what this machine knows of itself. A version that cannot be read is left out: its package is not there. */
export async function readFacts(
  versions: Readonly<Record<string, Command>>,
  run: (command: Command) => Promise<ExecResult>,
): Promise<HostFacts> {
  const found = await Promise.all(
    Object.entries(versions).map(async ([name, command]) => [name, versionIn(await run(command))] as const),
  );
  return {
    hostname: hostname(),
    os: parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => '')),
    isContainer: CONTAINER_MARKS.some((path) => existsSync(path)),
    interfaces: await readInterfaces(),
    versions: Object.fromEntries(found.filter(([, version]) => version !== '')),
  };
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

/** All interfaces by name, also those without an address; addresses without prefix and zone, in a stable order. */
async function readInterfaces(): Promise<HostFacts['interfaces']> {
  const addresses = networkInterfaces();
  const names = await readdir(INTERFACE_FOLDER).catch(() => Object.keys(addresses));
  const found = await Promise.all(
    names.sort().map(async (name) => ({
      name,
      mac: await attributeOf(name, 'address'),
      addresses: (addresses[name] ?? []).map((item) => item.address).sort(),
      ...indexOf(await attributeOf(name, 'ifindex')),
      ...linkState(await attributeOf(name, 'flags'), await attributeOf(name, 'carrier')),
    })),
  );
  return found;
}

/** An attribute of an interface, '' when there is none: the kernel refuses to tell the carrier of one that is down. */
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
