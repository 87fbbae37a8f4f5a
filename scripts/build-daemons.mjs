// Builds what runs on hosts, each as one file: FOLDER/regiond.mjs, agent.mjs, helper.mjs, host-cli.mjs and the thread of renewals;
// licences.txt has the licences of what is built in.
// One file loads sooner and takes some 30 MB less than hundreds of modules with their types. Plain JavaScript, as build-cli.mjs is.
//
//   node scripts/build-daemons.mjs FOLDER     FOLDER lies beside src, as dist does
import { writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licencesOf } from './lib/licences.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node scripts/build-daemons.mjs FOLDER');

const ENTRIES = {
  regiond: 'src/main/regiond.ts',
  agent: 'src/main/agent.ts',
  helper: 'src/main/helper.ts',
  'host-cli': 'src/main/host-cli.ts',
  'renewal-worker': 'src/main/region/renewal/worker.ts',
};
const WORKER = "new URL('./worker.ts', import.meta.url)";

// Files that a module reads lie beside its source, and a release has the sources: a module's place stays what it was.
const places = {
  name: 'places',
  transform(code, id) {
    if (!id.startsWith(join(root, 'src')) || !code.includes('import.meta')) return null;
    const path = relative(root, id);
    return code
      .replaceAll(WORKER, "new URL('./renewal-worker.mjs', import.meta.url)")
      .replaceAll('import.meta.dirname', `new URL(${JSON.stringify(`../${dirname(path)}`)}, import.meta.url).pathname`)
      .replaceAll(/new URL\(('[^']+'|`[^`]+`), import\.meta\.url\)/g, (text, target) =>
        target === "'./renewal-worker.mjs'"
          ? text
          : `new URL(${target}, new URL(${JSON.stringify(`../${path}`)}, import.meta.url))`,
      );
  },
};

const moduleIds = [];
for (const [name, entry] of Object.entries(ENTRIES)) {
  const bundle = await rolldown({ input: join(root, entry), cwd: root, platform: 'node', plugins: [places] });
  try {
    const { output } = await bundle.write({
      dir: folder,
      format: 'esm',
      // Names stay, so that a stack trace shows where it was.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: false } },
      entryFileNames: `${name}.mjs`,
      chunkFileNames: `${name}-[name].mjs`,
      comments: { legal: false, annotation: false, jsdoc: false },
      // One letter beyond Latin-1 anywhere, and V8 keeps the whole file with two bytes for each letter.
      charset: 'ascii',
    });
    moduleIds.push(...output.flatMap((chunk) => chunk.moduleIds ?? []));
  } finally {
    await bundle.close();
  }
}

writeFileSync(join(folder, 'licences.txt'), licencesOf(moduleIds));
