// Builds the web UI: dist/ui, or FOLDER. index.html and boot.js have stable names; what is in assets/ is named by its content. Beside each file stand its .br and
// .gz, and licences.txt has those of what is built in. Plain JavaScript, as build-cli.mjs is.
//
//   node scripts/build-ui.mjs [FOLDER]
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { licencesOf } from './lib/licences.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'ui');
const target = process.argv[2] ?? join(root, 'dist', 'ui');
// Written beside and renamed: a server that reads meanwhile has whole files.
const fresh = `${target}.${process.pid}`;

/** What may be built in. Schemas of the API weigh more than all of it: they stay out. */
const PACKAGES = ['preact', '@preact/signals', '@preact/signals-core'];
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg']);
/** Bytes by gzip that a browser may have to take; `main`: for its first page, `rest`: after it. */
const BUDGET = { main: 60_000, rest: 90_000, worker: 8000, style: 15_000 };

const moduleIds = [];
const judge = {
  name: 'judge',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.moduleIds ?? []) {
        moduleIds.push(id);
        const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1];
        if (name !== undefined && !PACKAGES.includes(name)) throw new Error(`${id} may not be part of the web UI`);
      }
    }
  },
};

// Vite takes it from the environment, where a test sets another one: a release is the same whoever makes it.
process.env.NODE_ENV = 'production';
mkdirSync(dirname(target), { recursive: true });
try {
  await build({
    root: source,
    base: './',
    configFile: false,
    logLevel: 'warn',
    plugins: [judge],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    worker: { format: 'es', plugins: () => [judge] },
    build: {
      outDir: fresh,
      emptyOutDir: true,
      target: 'es2023',
      assetsInlineLimit: 0,
      modulePreload: false,
      cssCodeSplit: false,
      reportCompressedSize: false,
    },
  });
  writeBoot(fresh);
  writeFileSync(join(fresh, 'licences.txt'), licencesOf(moduleIds));
  compress(fresh);
  say(fresh);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/**
 * While two releases run side by side, the answer to a request for a file may come from the release that has not got it. So index.html asks for boot.js alone, which
 * asks for its own release's files until it gets them.
 */
function writeBoot(folder) {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const script = /<script type="module"[^>]* src="([^"]+)"><\/script>/.exec(html);
  const style = /<link rel="stylesheet"[^>]* href="([^"]+)">/.exec(html);
  const [worker, rest] = ['worker', 'later'].map((name) =>
    filesOf(folder).find((path) => path.startsWith(join(folder, 'assets', `${name}-`)) && path.endsWith('.js')),
  );
  if (!script || !style || !worker || !rest)
    throw new Error('index.html names no script or no style, or there is no worker or no rest');
  const parts = filesOf(folder).filter((path) => path.endsWith('.js') && dirname(path) === join(folder, 'assets'));
  // A part that boot.js does not know would not be requested again.
  if (parts.length !== 3) throw new Error(`the program is in ${parts.length} parts: ${parts.join(', ')}`);
  const page = html.replace(style[0], '').replace(script[0], '<script type="module" src="./boot.js"></script>');
  writeFileSync(join(folder, 'index.html'), page);
  const boot = readFileSync(join(source, 'boot.js'), 'utf8')
    .replaceAll('SCRIPT', script[1])
    .replaceAll('WORKER', `./${relative(folder, worker)}`)
    .replaceAll('REST', `./${relative(folder, rest)}`)
    .replaceAll('STYLE', style[1]);
  writeFileSync(join(folder, 'boot.js'), boot);
}

function compress(folder) {
  for (const path of filesOf(folder)) {
    if (!COMPRESSED.has(extname(path))) continue;
    const bytes = readFileSync(path);
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  }
}

/** Says what a browser has to take, and refuses more than the budget. */
function say(folder) {
  const sizes = { main: 0, rest: 0, worker: 0, style: 0 };
  for (const path of filesOf(folder).filter((name) => name.endsWith('.gz'))) {
    const size = readFileSync(path).length;
    if (path.endsWith('.css.gz')) sizes.style += size;
    else if (/\/worker-[^/]+\.js\.gz$/.test(path)) sizes.worker += size;
    else if (/\/later-[^/]+\.js\.gz$/.test(path)) sizes.rest += size;
    else if (path.endsWith('.js.gz')) sizes.main += size;
  }
  for (const [part, size] of Object.entries(sizes)) {
    process.stdout.write(
      `${part.padEnd(7)} ${(size / 1000).toFixed(1).padStart(5)} kB gz, at most ${BUDGET[part] / 1000}\n`,
    );
    if (size === 0 || size > BUDGET[part]) throw new Error(`${part}: ${size} bytes by gzip, at most ${BUDGET[part]}`);
  }
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
