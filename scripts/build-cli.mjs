// Builds dist/regent.mjs: the CLI as one file that needs no package. Plain JavaScript, so that the Node of any build
// machine that rolldown takes (20.19 or newer) can run it before the pinned runtime is there.
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licencesOf } from './lib/licences.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = join(root, 'dist', 'regent.mjs');
// Written beside and renamed: a `regent` that starts meanwhile runs a whole file, and two builds do not mix.
const fresh = join(root, 'dist', `.regent.${process.pid}.mjs`);

mkdirSync(dirname(target), { recursive: true });
// The client reads methods and paths of the table of calls; the schemas in it are the server's. Building them would cost
// more than a whole call, so every schema is this one object here, which answers any use.
const NO_SCHEMAS =
  'const any = new Proxy(() => any, { get: (_, key) => (key === Symbol.toPrimitive ? () => "" : any), apply: () => any });' +
  ' export default any;';
// An ordinary import of these evaluates every export, among them getters that load half of Node: 15 ms a start.
// commander wants child_process for commands that are programs of their own, which Regent has none of.
const LIGHT = {
  typebox: NO_SCHEMAS,
  'node:child_process': 'export default {};',
  'node:process': 'export default globalThis.process;',
  'node:fs':
    "const fs = process.getBuiltinModule('node:fs'); export default fs; export const { existsSync, readFileSync } = fs;",
  // A support bundle is encrypted to X25519 recipients: the other kinds of age are two thirds of its code.
  '@noble/post-quantum/hybrid.js': 'export const MLKEM768P256 = {}; export const MLKEM768X25519 = {};',
  '@noble/curves/nist.js': 'export const p256 = {};',
  'node:util':
    "export const stripVTControlCharacters = (text) => process.getBuiltinModule('node:util').stripVTControlCharacters(text);",
};
const light = {
  name: 'light',
  resolveId: (source) => (Object.hasOwn(LIGHT, source) ? `\0${source}` : null),
  load: (id) => (id.startsWith('\0') ? (LIGHT[id.slice(1)] ?? null) : null),
};

const bundle = await rolldown({
  input: join(root, 'src', 'main', 'cli.ts'),
  cwd: root,
  platform: 'node',
  plugins: [light],
  // The wire's table names types of records by the model, which brings address maths that no command uses.
  treeshake: { moduleSideEffects: [{ test: /node_modules\/ipaddr\.js\//, sideEffects: false }] },
  transform: { define: { REGENT_VERSION: JSON.stringify(version) } },
});
try {
  const { output } = await bundle.write({
    file: fresh,
    format: 'esm',
    minify: false,
    codeSplitting: false,
    comments: { legal: true, annotation: false, jsdoc: false },
    // One letter beyond Latin-1 anywhere, and V8 keeps and reads the whole file with two bytes for each letter.
    charset: 'ascii',
    banner: `// Regent ${version}, command line. Built by scripts/build-cli.mjs; do not edit.`,
  });
  // One file that is copied alone: the licences are in it.
  appendFileSync(fresh, comment(licencesOf(output.flatMap((chunk) => chunk.moduleIds ?? []))));
  renameSync(fresh, target);
} finally {
  rmSync(fresh, { force: true });
  await bundle.close();
}

/** A text as a comment, in ASCII. */
function comment(text) {
  const ascii = text
    .replaceAll('\u00a9', '(c)')
    .replaceAll(/[\u201c\u201d]/g, '"')
    .replaceAll('*/', '* /');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
  if (/[^\x00-\x7f]/.test(ascii)) throw new Error('a licence is not in ASCII');
  return `/*\nLicences of what is built in:\n\n${ascii}*/\n`;
}
