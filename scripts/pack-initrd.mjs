// Packs the initrd of an image: busybox, the files of scripts/image and some modules of the kernel, in the order in which they are loaded.
// Equal input gives equal bytes: no times, owners or numbers of this machine are in it (cpio "newc", gzip).
// --module NAME: is loaded in any case. --choose NAME, --tree FOLDER (all modules below that folder of the kernel's): for modprobe to choose from by what the
// machine has; with their firmware, where the root has it. --program PATH: a program of the root with the libraries that it needs. --part NAME: not a whole
// initrd but what a loader puts behind one: no busybox, and the modules stand below NAME/, to be loaded when they are wanted.
//
//   node scripts/pack-initrd.mjs --root UNPACKED --kernel VERSION --output FILE --file NAME=PATH … --module NAME … [--choose NAME …] [--tree FOLDER …]
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { programFiles } from './lib/elf.mjs';

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    kernel: { type: 'string' },
    output: { type: 'string' },
    file: { type: 'string', multiple: true, default: [] },
    module: { type: 'string', multiple: true, default: [] },
    choose: { type: 'string', multiple: true, default: [] },
    tree: { type: 'string', multiple: true, default: [] },
    program: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', default: '' },
  },
});
const { root = '', kernel = '', output = '', file: files, module: wanted, choose: choices, tree: trees } = values;
const { program: programs, part } = values;

/** Modules of the kernel by name; the kernel takes `-` and `_` for the same. */
const nameOf = (path) =>
  basename(path)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_');
const folder = join(root, 'usr/lib/modules', kernel);
const modules = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ko(\.xz)?$/.test(path))
    .sort()
    .map((path) => [nameOf(path), join(folder, path)]),
);

/** A module's bytes as the kernel takes them. */
const load = (path) =>
  path.endsWith('.xz')
    ? execFileSync('xz', ['--decompress', '--stdout', path], { maxBuffer: 1 << 28 })
    : readFileSync(path);

/** What a module says of itself (modinfo), such as the names that it leans on, the devices that it is for, or its firmware. */
function saysOf(bytes, member) {
  const found = bytes.toString('latin1').matchAll(new RegExp(`\\0${member}=([^\\0]*)(?=\\0)`, 'g'));
  return [...found].map(([, value]) => value);
}
const leansOn = (bytes) =>
  saysOf(bytes, 'depends')
    .flatMap((names) => names.split(','))
    .filter(Boolean)
    .map(nameOf)
    .filter((name) => modules.has(name));

/** Adds a module to `to`. Those that it leans on come first; what the kernel has built in is no module. */
function add(name, to) {
  const path = modules.get(name);
  if (path === undefined || to.has(name)) return;
  const bytes = load(path);
  const needs = leansOn(bytes);
  for (const other of needs) add(other, to);
  to.set(name, { bytes, needs });
}
const packed = new Map();
const chosen = new Map();
for (const name of wanted) add(nameOf(name), packed);
for (const name of choices) add(nameOf(name), chosen);
for (const [name, path] of modules) {
  if (trees.some((tree) => path.startsWith(join(folder, 'kernel', tree, '/')))) add(name, chosen);
}

const entries = [];
const folderEntry = (name) => entries.push({ name, mode: 0o40755, bytes: Buffer.alloc(0) });
const fileEntry = (name, bytes, mode) => entries.push({ name, mode: 0o100000 | mode, bytes });
if (part === '') {
  folderEntry('bin');
  fileEntry('bin/busybox', readFileSync(join(root, 'usr/bin/busybox')), 0o755);
}
for (const pair of files) {
  const [name, path] = pair.split(/=(.*)/s);
  folderEntries(dirname(name));
  fileEntry(name, readFileSync(path), 0o755);
}
const modulesPlace = join(part, 'modules');
folderEntries(modulesPlace);
for (const [name, { bytes }] of packed) fileEntry(`${modulesPlace}/${name}.ko`, bytes, 0o644);
fileEntry(`${modulesPlace}/order`, Buffer.from([...packed.keys()].map((name) => `${name}.ko\n`).join('')), 0o644);
if (chosen.size > 0) packChosen();
for (const program of programs) {
  for (const [name, path] of programFiles(root, program)) {
    folderEntries(dirname(name));
    fileEntry(name, readFileSync(path), 0o755);
  }
}

/** A folder with those above it, each once. */
function folderEntries(path, made = new Set(entries.map(({ name }) => name))) {
  if (path === '.' || made.has(path)) return;
  folderEntries(dirname(path), made);
  folderEntry(path);
}

/** As depmod(8) lays them out: each module in its own file as it is, modules.dep with all that must be loaded before it, modules.alias with its devices. */
function packChosen() {
  const place = `lib/modules/${kernel}`;
  const file = (name) => basename(modules.get(name));
  folderEntries(place);
  for (const name of chosen.keys()) fileEntry(`${place}/${file(name)}`, readFileSync(modules.get(name)), 0o644);
  // modprobe loads from the end of the line: there stands what leans on nothing. So it is with `chosen`, from its end.
  const backwards = [...chosen.keys()].reverse();
  const before = (name) => {
    const needed = new Set(chosen.get(name).needs);
    for (const other of needed) for (const one of chosen.get(other).needs) needed.add(one);
    return backwards.filter((one) => needed.has(one));
  };
  const lines = (map) =>
    Buffer.from(
      [...chosen.keys()]
        .flatMap(map)
        .map((line) => `${line}\n`)
        .join(''),
    );
  fileEntry(
    `${place}/modules.dep`,
    lines((name) => [`${file(name)}: ${before(name).map(file).join(' ')}`.trim()]),
    0o644,
  );
  fileEntry(
    `${place}/modules.alias`,
    lines((name) => saysOf(chosen.get(name).bytes, 'alias').map((alias) => `alias ${alias} ${name}`)),
    0o644,
  );
  const firmware = new Set([...chosen.values()].flatMap(({ bytes }) => saysOf(bytes, 'firmware')));
  for (const name of [...firmware].sort((a, b) => (a < b ? -1 : 1))) {
    const path = ['', '.xz', '.zst']
      .map((end) => join(root, 'usr/lib/firmware', name + end))
      .find((one) => existsSync(one));
    if (path === undefined) continue;
    const target = `lib/firmware/${name}${path.slice(join(root, 'usr/lib/firmware', name).length)}`;
    folderEntries(dirname(target));
    fileEntry(target, readFileSync(path), 0o644);
  }
}

/** One entry of the archive (Documentation/driver-api/early-userspace/buffer-format.rst). */
function cpio({ name, mode, bytes }, inode) {
  const padded = (buffer) => Buffer.concat([buffer, Buffer.alloc(-buffer.length & 3)]);
  const numbers = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0];
  const head = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(head)), padded(bytes)]);
}
const trailer = { name: 'TRAILER!!!', mode: 0, bytes: Buffer.alloc(0) };
const archive = Buffer.concat([...entries, trailer].map((entry, index) => cpio(entry, index + 1)));
writeFileSync(output, gzipSync(archive, { level: 9 }));
