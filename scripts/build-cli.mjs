// Builds dist/regent.mjs: the CLI as one file that needs no package. Plain JavaScript, so that the Node of any build
// machine that rolldown takes (20.19 or newer) can run it before the pinned runtime is there.
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = join(root, 'dist', 'regent.mjs');
// Written beside and renamed: a `regent` that starts meanwhile runs a whole file, and two builds do not mix.
const fresh = join(root, 'dist', `.regent.${process.pid}.mjs`);

mkdirSync(dirname(target), { recursive: true });
// Importing these the ordinary way evaluates every export, among them getters that load half of Node: 15 ms a start.
// commander wants child_process for commands that are programs of their own, which Regent has none of.
const LIGHT = {
  'node:child_process': 'export default {};',
  'node:process': 'export default globalThis.process;',
  'node:fs':
    "const fs = process.getBuiltinModule('node:fs'); export default fs; export const { existsSync, readFileSync } = fs;",
  'node:util':
    "export const stripVTControlCharacters = (text) => process.getBuiltinModule('node:util').stripVTControlCharacters(text);",
};
const lightBuiltins = {
  name: 'light-builtins',
  resolveId: (source) => (Object.hasOwn(LIGHT, source) ? `\0${source}` : null),
  load: (id) => (id.startsWith('\0node:') ? LIGHT[id.slice(1)] : null),
};

const bundle = await rolldown({
  input: join(root, 'src', 'main', 'cli.ts'),
  cwd: root,
  platform: 'node',
  plugins: [lightBuiltins],
  transform: { define: { REGENT_VERSION: JSON.stringify(version) } },
});
try {
  await bundle.write({
    file: fresh,
    format: 'esm',
    minify: false,
    codeSplitting: false,
    comments: { legal: true, annotation: false, jsdoc: false },
    banner: `// Regent ${version}, command line. Built by scripts/build-cli.mjs; do not edit.`,
  });
  renameSync(fresh, target);
} finally {
  rmSync(fresh, { force: true });
  await bundle.close();
}
