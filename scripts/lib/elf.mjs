// What a program needs besides itself: its loader and its libraries, as its file says (System V ABI, "Program Loading and Dynamic Linking"; 64 bits, little end first).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [LOAD, DYNAMIC, INTERPRETER] = [1, 2, 3];
const [NEEDED, STRINGS] = [1n, 5n];

/** `loader`: the path of its loader; `names`: of the libraries that it names itself. Throws with the path where the file is none of this kind. */
export function needsOf(path) {
  const bytes = readFileSync(path);
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    throw new Error(`${path} is no program of 64 bits`);
  const first = Number(bytes.readBigUInt64LE(32));
  const headers = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = first + index * bytes.readUInt16LE(54);
    const number = (offset) => Number(bytes.readBigUInt64LE(at + offset));
    return { type: bytes.readUInt32LE(at), offset: number(8), address: number(16), size: number(32) };
  });
  const textAt = (offset) => bytes.toString('latin1', offset, bytes.indexOf(0, offset));
  const interpreter = headers.find(({ type }) => type === INTERPRETER);
  const dynamic = headers.find(({ type }) => type === DYNAMIC);
  const entries = Array.from({ length: Math.floor((dynamic?.size ?? 0) / 16) }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: bytes.readBigUInt64LE(at), value: Number(bytes.readBigUInt64LE(at + 8)) };
  });
  const strings = entries.find(({ tag }) => tag === STRINGS)?.value ?? 0;
  const load = headers.find(
    ({ type, address, size }) => type === LOAD && address <= strings && strings < address + size,
  );
  const table = load === undefined ? 0 : strings - load.address + load.offset;
  return {
    loader: interpreter === undefined ? null : textAt(interpreter.offset),
    names: entries.filter(({ tag }) => tag === NEEDED).map(({ value }) => textAt(table + value)),
  };
}

/** Files for a program to run where nothing else is: by the path there, the path in `root`. Libraries are searched where Debian has them. */
export function programFiles(root, program) {
  const files = new Map([[program, join(root, program)]]);
  const places = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((triplet) => `usr/lib/${triplet}`);
  const add = (path) => {
    const { loader, names } = needsOf(path);
    // The loader of a program of the root may be a link beside it.
    if (loader !== null) addLibrary(loader.slice(1), loader.split('/').at(-1));
    // The loader itself is among what libc names.
    for (const name of names.filter((one) => !one.startsWith('ld-'))) addLibrary(`lib/${name}`, name);
  };
  const addLibrary = (target, name) => {
    const place = places.find((one) => existsSync(join(root, one, name)));
    if (place === undefined) throw new Error(`${root} has no ${name}, which ${program} needs`);
    const to =
      target.startsWith('lib/ld-') || target.startsWith('lib64/') ? target : `${place.replace('usr/', '')}/${name}`;
    if (files.has(to)) return;
    files.set(to, join(root, place, name));
    add(join(root, place, name));
  };
  add(join(root, program));
  return files;
}
