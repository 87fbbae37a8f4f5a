import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { must } from '../command.ts';
import { execInHost, needInit } from '../exec.ts';
import { SHARED_INSIDE } from '../host.ts';
import { removeTree } from '../mounts.ts';
import { doStep, type ProductOrder } from './order.ts';

const INSTALL_TIMEOUT_MS = 300_000;
const UNPACK_TIMEOUT_MS = 60_000;

/** The version in an archive's name. Throws AppError `lab_product`. */
export function versionOf(archive: string): string {
  const match = /^regent-(.+)\.tar\.gz$/.exec(basename(archive));
  if (!match?.[1])
    throw new AppError('lab_product', `${archive} is not named regent-<version>.tar.gz. What to do: scripts/release`);
  return match[1];
}

/**
 * Runs scripts/install of the unpacked archive in hosts that have another version, all at once. It is unpacked once, in the folder
 * that hosts share, as from a medium that goes from host to host.
 */
export async function installRelease(order: ProductOrder, hosts: readonly string[]): Promise<void> {
  const version = versionOf(order.archive);
  const present = await Promise.all(hosts.map(async (host) => ({ host, have: await versionIn(order, host) })));
  const stale = present.filter(({ have }) => have !== version);
  if (stale.length === 0) return;
  const folder = await unpack(order, version);
  await Promise.all(
    stale.map(({ host, have }) => {
      order.progress(have === '' ? `install ${version} in ${host}` : `upgrade ${host} from ${have} to ${version}`);
      return doStep(order, {
        host,
        what: 'scripts/install',
        argv: [`${SHARED_INSIDE}/${folder}/scripts/install`],
        timeoutMs: INSTALL_TIMEOUT_MS,
        remedy: `see its output above; open a shell with scripts/lab exec ${host} -- bash`,
      });
    }),
  );
}

/** Empty without an installation. */
async function versionIn({ layout }: ProductOrder, host: string): Promise<string> {
  const argv = ['cat', '/opt/regent/current/VERSION'];
  return (await execInHost(needInit(layout, host), argv, { timeoutMs: 10_000 })).stdout.trim();
}

/** Unpacks the archive beside its place and renames it; older ones go. Returns the folder's name. */
async function unpack({ layout, archive }: ProductOrder, version: string): Promise<string> {
  const name = `regent-${version}`;
  const place = `${layout.shared}/${name}`;
  if (existsSync(place)) return name;
  for (const old of readdirSync(layout.shared)) {
    if (old.startsWith('regent-')) await removeTree(`${layout.shared}/${old}`);
  }
  mkdirSync(`${place}.new`);
  const argv = ['tar', '--extract', '--gzip', '--no-same-owner', '--strip-components=1', `--directory=${place}.new`];
  await must([...argv, `--file=${archive}`], { timeoutMs: UNPACK_TIMEOUT_MS });
  renameSync(`${place}.new`, place);
  return name;
}
