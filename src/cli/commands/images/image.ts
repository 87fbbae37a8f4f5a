import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, showOf, changeOf } from '../base/plain.ts';
import type { Image } from '../../../contract/images/image.ts';
import { IMAGE_ARCHITECTURES, IMAGE_KINDS, isDigest, parseManifest } from '../../../model/images/image.ts';
import { isRejected } from '../../../core/errors.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { age, moment } from '../../format/when.ts';
import { need, text } from '../../values.ts';
import { syncCommand } from './sync.ts';
import { sendFile, untilWhole, uploadCommand } from './upload.ts';

const WHICH = { name: '<image>', help: 'its name (the newest of it), its digest, or the first digits of it' } as const;
const NEXT = { not_found: ['regent image list'], in_use: ['regent image set-default <other>', 'regent image list'] };
const MIB = 2 ** 20;

/** `regent image`. */
export const IMAGE: NounSpec = {
  noun: 'image',
  summary: 'images that machines boot: every region node has each one, racks keep what they serve',
  commands: [
    listOf<Image>(
      'image.list',
      {
        summary: 'list images, and on how many region nodes each one is whole',
        options: {
          kind: textOption('kind', 'only those', IMAGE_KINDS),
          architecture: textOption('architecture', 'only those', IMAGE_ARCHITECTURES),
        },
        examples: ['regent image list --watch', 'regent image list --kind micro'],
      },
      shapeOf,
    ),
    showOf(
      'image.show',
      'image',
      {
        summary: 'show an image, which region node has which file, and which rack fetched it beforehand',
        args: [WHICH],
        examples: ['regent image show 3f2a90'],
      },
      shapeOf,
    ),
    {
      verb: 'import',
      summary: 'import a folder that scripts/build-image made',
      args: [{ name: '<folder>', help: 'folder with manifest.json and the files that it names' }],
      options: [
        { flags: '--name <name>', help: 'its name; kind/kernel when left out' },
        { flags: '--default', help: 'machines of its architecture commission by it from now on' },
      ],
      examples: ['regent image import "$(scripts/build-image micro)" --default'],
      run: importFolder,
    },
    uploadCommand(async (call, image, isNew) => {
      const printer = printerOf(call);
      if (printer.format !== 'table' && printer.format !== 'wide') return printOne(printer, shapeOf(call), image);
      call.io.out.write(`${printable(importedText(image, isNew, 1))}\n`);
    }),
    syncCommand(),
    changeOf(
      'image.set-default',
      'image',
      {
        verb: 'set-default',
        summary: 'let machines of its architecture commission by the image',
        args: [WHICH],
        examples: ['regent image set-default 3f2a90'],
      },
      { shape: shapeOf, done: '', next: NEXT, describe: defaultText },
    ),
    changeOf(
      'image.delete',
      'image',
      {
        verb: 'delete',
        summary: 'delete an image; every region node removes its files',
        args: [WHICH],
        examples: ['regent image delete 3f2a90'],
      },
      { shape: shapeOf, done: 'deleted', next: NEXT },
    ),
  ],
};

/** Registers the image, then sends the files that no region node has. If it runs again, it continues the interrupted file. */
async function importFolder(call: Call): Promise<void> {
  const folder = need(call, 0).replace(/(?<=.)\/+$/, '');
  const manifest = await readManifest(call, folder);
  const files = await openFiles(call, folder, manifest);
  const { client } = await call.region();
  const base = folder.split('/').at(-1) ?? '';
  const digest = isDigest(base) ? { digest: base } : {};
  const { body } = await client.call('image.create', { body: { manifest, ...digest, ...text(call, 'name') } });
  const { image, isNew } = body;
  const lacking = image.files.filter(({ places }) => !places.some(({ state }) => state === 'there'));
  for (const { name } of lacking) {
    const content = files.get(name);
    if (content === undefined)
      throw new CliError(EXIT.error, `${folder} has no file ${name}, which its manifest names.`);
    await sendFile(call, client, { image: image.digest, file: name, content });
  }
  if (lacking.length > 0) await untilWhole(call, client, image.digest);
  const isDefault = call.options['default'] === true;
  if (isDefault) await client.call('image.set-default', { params: { image: image.digest } });
  const { body: now } = await client.call('image.show', { params: { image: image.digest } });
  const printer = printerOf(call);
  if (printer.format !== 'table' && printer.format !== 'wide') return printOne(printer, shapeOf(call), now);
  const lines = [importedText(now, isNew, lacking.length), ...(isDefault ? [defaultText(now)] : [])];
  call.io.out.write(lines.map((line) => `${printable(line)}\n`).join(''));
}

async function readManifest(call: Call, folder: string): Promise<string> {
  const manifest = await call.io.readFile(`${folder}/manifest.json`);
  if (manifest === null)
    throw usageError(`${folder} has no manifest.json.`, [
      'scripts/build-image makes such a folder and prints its name.',
    ]);
  return manifest;
}

/** The files that the manifest names. A wrong size is refused before anything is sent. */
async function openFiles(call: Call, folder: string, text: string) {
  const manifest = parseManifest(text);
  if (isRejected(manifest)) throw new CliError(EXIT.error, manifest.message);
  const files = new Map<string, NonNullable<Awaited<ReturnType<Call['io']['openFile']>>>>();
  for (const { name, size } of manifest.files) {
    const file = await call.io.openFile(`${folder}/${name}`);
    if (file === null) throw new CliError(EXIT.error, `${folder} has no file ${name}, which its manifest names.`);
    if (file.size !== size)
      throw new CliError(
        EXIT.error,
        `${folder}/${name} has ${file.size} bytes, and its manifest says ${size}. Build the image again.`,
      );
    files.set(name, file);
  }
  return files;
}

function importedText(image: Image, isNew: boolean, sent: number): string {
  const name = `image ${image.digest.slice(0, 12)} (${image.name})`;
  const where = `whole on ${placesText(image)} region nodes`;
  if (!isNew && sent === 0) return `${name} is there already; ${where}`;
  return `${name} ${isNew ? 'imported' : 'completed'}; ${where}`;
}

function defaultText({ architecture, digest, name }: Image): string {
  return `machines of ${architecture} commission by ${digest.slice(0, 12)} (${name}) from now on`;
}

function placesText({ wholeOn, regions }: Image): string {
  return `${wholeOn.length} of ${regions.length}`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function shapeOf(call: Call): Shape<Image> {
  const now = call.io.now();
  return {
    kind: 'image',
    name: ({ digest }) => digest,
    columns: [
      { header: 'digest', value: ({ digest }) => digest.slice(0, 12) },
      { header: 'name', value: ({ name }) => name },
      { header: 'kind', value: ({ kind }) => kind },
      { header: 'architecture', value: ({ architecture }) => architecture },
      { header: 'MiB', value: ({ size }) => mib(size) },
      { header: 'default', value: ({ isDefault }) => (isDefault ? 'yes' : '') },
      { header: 'whole on', value: placesText },
      { header: 'age', value: ({ createdAt }) => age(createdAt, now) },
      { header: 'kernel', wide: true, value: ({ kernel }) => kernel },
    ],
    details: (image) => [
      ['Digest', image.digest],
      ['Name', image.name],
      ['Kind', image.kind],
      ['Architecture', image.architecture],
      ['Kernel', image.kernel === '' ? 'not stated' : image.kernel],
      ...(image.content ? [['Root', rootText(image.content)] as const] : []),
      ['Size', `${mib(image.size)} MiB`],
      ['Default', image.isDefault ? `machines of ${image.architecture} commission by it` : 'no'],
      ['Imported', `${moment(image.createdAt, now)} by ${image.createdBy}`],
      [
        'Whole on',
        `${placesText(image)} region nodes${image.wholeOn.length === 0 ? '' : `: ${image.wholeOn.join(', ')}`}`,
      ],
      ['Files', image.files.map((file) => fileText(image, file, now))],
      ['Racks', rackTexts(image, now)],
    ],
  };
}

function rootText({ format, compression, bytes, cloudInit }: NonNullable<Image['content']>): string {
  const unpacked = bytes === null ? '' : `, ${mib(bytes)} MiB unpacked`;
  const packed = compression === 'none' ? '' : `, ${compression}`;
  return `${format === 'tar' ? 'files (tar' : 'a disk (raw'}${packed})${unpacked}, ${cloudInit ? 'with' : 'without'} cloud-init`;
}

/** What each rack has fetched beforehand. */
function rackTexts({ files }: Image, now: number): string[] {
  const rackCopies = files.flatMap(({ name, racks = [] }) => racks.map((rack) => ({ name, ...rack })));
  const texts = [...Map.groupBy(rackCopies, ({ node }) => node)].map(([node, copies]) => {
    const missing = copies.filter(({ isThere }) => !isThere);
    const there = copies.length - missing.length;
    const lacks = missing.map(({ name, since }) => `${name}: no region node gives it for ${age(since, now)}`);
    return [`${node}  ${there === files.length ? 'every file' : `${there} of ${files.length} files`}`, ...lacks].join(
      ', ',
    );
  });
  return texts.length === 0 ? ['each fetches a file when a machine asks for it'] : texts;
}

function fileText(image: Image, { name, size, places }: Image['files'][number], now: number): string {
  const elsewhere = image.regions.flatMap((node) => {
    const place = places.find((one) => one.node === node);
    if (place?.state === 'there') return [];
    return [place === undefined ? `${node}: not checked yet` : `${node}: ${place.state} for ${age(place.since, now)}`];
  });
  return `${name}  ${mib(size)} MiB  ${elsewhere.length === 0 ? 'everywhere' : elsewhere.join(', ')}`;
}
