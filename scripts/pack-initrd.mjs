// Packs the initrd of an image: busybox, the files of scripts/image and some modules of the kernel, in the order in which they are loaded.
// Equal input gives equal bytes: no times, owners or numbers of this machine are in it (cpio "newc", gzip).
//
//   node scripts/pack-initrd.mjs --root UNPACKED --kernel VERSION --output FILE --file NAME=PATH … --module NAME …
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    kernel: { type: 'string' },
    output: { type: 'string' },
    file: { type: 'string', multiple: true, default: [] },
    module: { type: 'string', multiple: true, default: [] },
  },
});
const { root = '', kernel = '', output = '', file: files, module: wanted } = values;

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

const packed = new Map();
/** Those that it leans on come first; what the kernel has built in is no module. */
function add(name) {
  const path = modules.get(name);
  if (path === undefined || packed.has(name)) return;
  const bytes = load(path);
  const depends = /\0depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? '';
  for (const other of depends.split(',').filter(Boolean)) add(nameOf(other));
  packed.set(name, bytes);
}
for (const name of wanted) add(nameOf(name));

const entries = [];
const folderEntry = (name) => entries.push({ name, mode: 0o40755, bytes: Buffer.alloc(0) });
const fileEntry = (name, bytes, mode) => entries.push({ name, mode: 0o100000 | mode, bytes });
folderEntry('bin');
fileEntry('bin/busybox', readFileSync(join(root, 'usr/bin/busybox')), 0o755);
for (const pair of files) {
  const [name, path] = pair.split(/=(.*)/s);
  fileEntry(name, readFileSync(path), 0o755);
}
folderEntry('modules');
for (const [name, bytes] of packed) fileEntry(`modules/${name}.ko`, bytes, 0o644);
fileEntry('modules/order', Buffer.from([...packed.keys()].map((name) => `${name}.ko\n`).join('')), 0o644);

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
