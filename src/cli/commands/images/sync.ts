import type { Client } from '../../../contract/client.ts';
import type { ImageSync } from '../../../contract/images/image-sync.ts';
import { printerOf } from '../../change.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { EXIT } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printList, type Shape } from '../../format/output.ts';
import { relative } from '../../format/when.ts';
import { collect } from '../../values.ts';

const MIB = 2 ** 20;
const POLL_MS = 2000;

/** `regent image sync`. */
export function syncCommand(): CommandSpec {
  return {
    verb: 'sync',
    summary: 'fetch what is new of boot sources: of those that are named, else of all; prints how far each one is',
    args: [{ name: '[source...]', help: 'names of boot sources' }],
    options: [
      { flags: '--show', help: 'only print how far each one is' },
      { flags: '--follow', help: 'wait until all have ended, and print their progress' },
    ],
    examples: ['regent image sync ours --follow', 'regent image sync --show'],
    run: async (call) => {
      const { client } = await call.region();
      const names = await listSourceNames(call, client);
      if (call.options['show'] !== true)
        for (const source of names) await client.call('image-sync.create', { params: { source } });
      const isWanted = ({ source }: ImageSync) => names.includes(source);
      const readSyncs = async () => (await collect(client.all('image-sync.list', {}))).filter(isWanted);
      const found = call.options['follow'] === true ? await followUntilEnd(call, readSyncs) : await readSyncs();
      await printList(printerOf(call), shapeOf(call), found);
      return found.some(({ state }) => state === 'failed') ? EXIT.error : 0;
    },
  };
}

async function listSourceNames(call: Call, client: Client): Promise<readonly string[]> {
  const named = call.args.filter((name) => name !== undefined);
  if (named.length > 0) return named;
  return (await collect(client.all('boot-source.list', {}))).map(({ name }) => name);
}

/** Until each has ended; each change is a line. */
async function followUntilEnd({ io }: Call, readSyncs: () => Promise<ImageSync[]>): Promise<ImageSync[]> {
  let printedLines = '';
  for (;;) {
    const found = await readSyncs();
    const under = found.filter(({ endedAt }) => endedAt === null);
    const lines = under.map((sync) => `regent: ${printable(sync.source)}: ${progressText(sync)}\n`).join('');
    if (lines !== printedLines) io.err.write(lines);
    printedLines = lines;
    if (under.length === 0) return found;
    await io.sleep(POLL_MS, io.interrupted);
  }
}

function progressText({ state, images, fetched, file, received, size, node }: ImageSync): string {
  if (state === 'waiting') return 'waits for a region node';
  const bytes = file === '' ? '' : `, ${file} ${(received / MIB).toFixed(1)} of ${(size / MIB).toFixed(1)} MiB`;
  return `${fetched} of ${images} images${bytes} (by ${node})`;
}

function shapeOf({ io }: Call): Shape<ImageSync> {
  const now = io.now();
  return {
    kind: 'image-sync',
    name: ({ source }) => source,
    columns: [
      { header: 'source', value: ({ source }) => source },
      { header: 'state', value: ({ state }) => state },
      { header: 'images', value: ({ fetched, images }) => `${fetched} of ${images}` },
      { header: 'now', value: (sync) => (sync.state === 'running' ? progressText(sync) : '') },
      { header: 'requested', value: ({ askedAt }) => relative(askedAt, now) },
      { header: 'problem', value: ({ problem }) => problem },
    ],
    details: (sync) => [
      ['Source', sync.source],
      ['State', sync.state],
      ['Problem', sync.problem],
    ],
  };
}
