import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { must } from '../command.ts';
import { LAB_ROOT, type Layout } from '../layout.ts';
import { machinesFolder } from '../machines/places.ts';
import { removeTree } from '../mounts.ts';
import { identify, isRunning } from '../process.ts';
import type { Topology } from '../topology.ts';
import { disksOf } from './disks.ts';
import { tryLock } from './lab-lock.ts';
import { until } from './wait.ts';

/** What a lab at rest was made of: of another release, base or topology there is another one. `base`: its folder. */
export type SavedKey = { readonly release: string; readonly base: string; readonly topology: Topology };

/** What lies beside the files of the hosts. `name`: its folder's. `files`: digest of their names, modes, owners, sizes and times. */
interface SavedNote {
  readonly name: string;
  readonly release: string;
  readonly base: string;
  readonly seeded: readonly string[];
  readonly files: string;
}

/** Raise it when what is saved, or how, changes. */
const FORMAT = 1;
/** So many of each topology stay, those used last. */
const SAVED_MAX = 2;
const NOTE = 'saved.json';
/** In a host's folder: a link to the layer below its own files. */
const UNDER = 'under';
/** The machines' folder of the host that carries them. */
const MACHINES = 'machines';
const COPY = ['cp', '--sparse=always', '--reflink=auto'];
const COPY_MS = 120_000;
const SETTLE_MS = 60_000;
const POLL_MS = 1_000;
/** Somebody else brings a cluster up, saves it and restores it meanwhile. */
const HOLD_MS = 900_000;

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Where the lab of this key is saved. All of one topology begin alike. Longer than an instance's name may be, so none is met. */
export function savedFolder({ release, base, topology }: SavedKey): string {
  const key = digestOf({ FORMAT, release, base: basename(base), topology });
  return `${LAB_ROOT}/saved-${digestOf(topology).slice(0, 8)}-${key.slice(0, 12)}`;
}

/** Waits until nobody else makes, takes or removes this saved lab, and holds it. */
export async function holdSaved(folder: string): Promise<AsyncDisposable> {
  const what = `whoever makes ${folder}`;
  return await until({ what, remedy: 'find its process, then run this again.', timeoutMs: HOLD_MS }, () =>
    tryLock(socketOf(folder)),
  );
}

function socketOf(folder: string): string {
  return `\0regent-lab-${basename(folder)}`;
}

/** Is it there, of this key, and as it was saved? */
export async function isSaved(key: SavedKey): Promise<boolean> {
  const folder = savedFolder(key);
  const note = readNote(folder);
  if (note?.name !== basename(folder) || statSync(folder).uid !== 0) return false;
  return existsSync(`${folder}/members`) && note.files === (await digestFiles(folder));
}

/**
 * Takes the files of a lab that is down, so that they are never written again: the lab has none any more. Beside its place and renamed.
 * Older ones of the topology go. The caller holds it.
 */
export async function keepFiles(layout: Layout, key: SavedKey, seeded: readonly string[]): Promise<void> {
  const folder = savedFolder(key);
  const draft = `${folder}.build-${process.pid}-${identify(process.pid)?.start ?? '0'}`;
  await waitUntilDetached(layout);
  for (const host of key.topology.hosts) {
    const [from, to] = [layout.memberFolder(host.name), `${draft}/members/${host.name}`];
    mkdirSync(to, { recursive: true, mode: 0o700 });
    // Of the machines' host what belongs to the machines: the product knows the password of a BMC.
    if (host.machines) {
      renameSync(machinesFolder(layout), `${to}/${MACHINES}`);
      continue;
    }
    renameSync(`${from}/upper`, `${to}/upper`);
    for (const { image } of disksOf(layout, host)) {
      if (existsSync(image)) renameSync(image, `${to}/${basename(image)}`);
    }
  }
  const { release, base } = key;
  const note: SavedNote = { name: basename(folder), release, base, seeded, files: await settledDigest(draft) };
  writeFileSync(`${draft}/${NOTE}`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, folder);
  await removeSaved(folder);
}

/** Lays a lab that is not there on a saved one; returns the networks that its product knows. The caller holds it, and has written its state. */
export async function layOnSaved(layout: Layout, key: SavedKey): Promise<readonly string[]> {
  const folder = savedFolder(key);
  await Promise.all(
    key.topology.hosts.map(async (host) => {
      const [from, to] = [`${folder}/members/${host.name}`, layout.memberFolder(host.name)];
      mkdirSync(to, { recursive: true, mode: 0o755 });
      if (host.machines) {
        await must([...COPY, '--archive', `${from}/${MACHINES}`, machinesFolder(layout)], { timeoutMs: COPY_MS });
        return;
      }
      symlinkSync(`${from}/upper`, `${to}/${UNDER}`);
      for (const { image, mount } of disksOf(layout, host)) {
        if (!existsSync(`${from}/${basename(image)}`)) continue;
        mkdirSync(mount, { recursive: true, mode: 0o755 });
        await must([...COPY, `${from}/${basename(image)}`, image], { timeoutMs: COPY_MS });
      }
    }),
  );
  const now = new Date();
  utimesSync(`${folder}/${NOTE}`, now, now);
  return readNote(folder)?.seeded ?? [];
}

/** The layer below a host's own files, above the base; none for a host that was not restored, or has got a new disk. */
export function layerUnder(layout: Layout, host: string): string[] {
  const link = `${layout.memberFolder(host)}/${UNDER}`;
  return lstatSync(link, { throwIfNoEntry: false }) ? [readlinkSync(link)] : [];
}

/**
 * It must not be used again: the next lab that needs it makes it again. Labs that lie on it keep it until they are
 * gone.
 */
export function spoilSaved(folder: string): void {
  rmSync(`${folder}/${NOTE}`, { force: true });
}

/** Bases that saved labs lie on. */
export function savedBases(): string[] {
  return savedNames().flatMap((name) => readNote(`${LAB_ROOT}/${name}`)?.base ?? []);
}

/**
 * Removes what nobody uses: of all topologies all, or, with the folder of one, of its topology all but the newest. What a lab lies on stays, and
 * what somebody holds. Unfinished objects are also removed.
 */
export async function removeSaved(made?: string): Promise<void> {
  const kind = made === undefined ? 'saved-' : basename(made).slice(0, 'saved-12345678'.length);
  const usedAt = (name: string) => statSync(`${LAB_ROOT}/${name}/${NOTE}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const names = savedNames()
    .filter((name) => name.startsWith(kind))
    .toSorted((a, b) => usedAt(b) - usedAt(a));
  for (const name of names.slice(made === undefined ? 0 : SAVED_MAX)) await removeFree(`${LAB_ROOT}/${name}`);
  for (const name of existsSync(LAB_ROOT) ? readdirSync(LAB_ROOT) : []) {
    const match = /^saved-[0-9a-f-]+\.build-(\d+)-(\d+)$/.exec(name);
    if (match?.[1] && match[2] && !isRunning({ pid: Number(match[1]), start: match[2] }))
      await removeTree(`${LAB_ROOT}/${name}`);
  }
}

/** Throws a saved lab away that its caller holds. False: a lab lies on it, so it stays for as long, and is not to be used. */
export async function discardSaved(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return true;
  spoilSaved(folder);
  if (isLainOn(folder)) return false;
  await removeTree(folder);
  return true;
}

async function removeFree(folder: string): Promise<void> {
  await using held = await tryLock(socketOf(folder));
  if (held !== null && !isLainOn(folder)) await discardSaved(folder);
}

/** Does a lab of this machine lie on it? */
function isLainOn(folder: string): boolean {
  return readdirSync(LAB_ROOT).some((instance) => {
    const members = `${LAB_ROOT}/${instance}/members`;
    if (instance.startsWith('saved-') || !existsSync(members)) return false;
    return readdirSync(members).some((member) => {
      const link = `${members}/${member}/${UNDER}`;
      return lstatSync(link, { throwIfNoEntry: false }) !== undefined && readlinkSync(link).startsWith(`${folder}/`);
    });
  });
}

function savedNames(): string[] {
  return existsSync(LAB_ROOT)
    ? readdirSync(LAB_ROOT).filter((name) => /^saved-[0-9a-f]{8}-[0-9a-f]{12}$/.test(name))
    : [];
}

function readNote(folder: string): SavedNote | null {
  try {
    const value: SavedNote = JSON.parse(readFileSync(`${folder}/${NOTE}`, 'utf8'));
    return value;
  } catch {
    return null;
  }
}

/** A file system that was busy when it was unmounted is detached, and written, some time later: its loop device shows that. */
async function waitUntilDetached(layout: Layout): Promise<void> {
  const backing = (device: string) => {
    try {
      return readFileSync(`/sys/block/${device}/loop/backing_file`, 'utf8');
    } catch {
      return '';
    }
  };
  const isUsed = (device: string) => backing(device).startsWith(`${layout.folder}/`);
  await until(
    {
      what: `the disks of ${layout.instance} to be detached`,
      remedy: 'check with: losetup --list',
      timeoutMs: SETTLE_MS,
    },
    () => !readdirSync('/sys/block').some((name) => name.startsWith('loop') && isUsed(name)),
  );
}

/** The digest as soon as it is the same twice: nothing writes any more. */
async function settledDigest(folder: string): Promise<string> {
  let last = '';
  const wait = { what: `${folder} to be still`, remedy: 'find its users with: fuser -vm', timeoutMs: SETTLE_MS };
  return await until({ ...wait, everyMs: POLL_MS }, async () => {
    const before = last;
    await must(['sync', '--file-system', folder], { timeoutMs: COPY_MS });
    last = await digestFiles(folder);
    return last === before ? last : null;
  });
}

/** Not their contents: what is written to in place has another time. */
async function digestFiles(folder: string): Promise<string> {
  const script = `find . -printf '%P %y %m %U %G %s %T@ %l\\n' | LC_ALL=C sort | sha256sum`;
  const text = await must(['sh', '-c', `cd "$1" && ${script}`, 'sh', `${folder}/members`], { timeoutMs: COPY_MS });
  return text.slice(0, 64);
}
