import type { Event } from '../../../contract/site/event.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable, safeJson } from '../../format/escape.ts';
import { printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { integer, option, sinceOf, text } from '../../values.ts';

const SHAPE: Shape<Event> = {
  kind: 'event',
  name: (event) => String(event.id),
  columns: [
    { header: 'id', value: (event) => String(event.id) },
    { header: 'at', value: (event) => stamp(event.at) },
    { header: 'kind', value: (event) => event.kind },
    { header: 'subject', value: (event) => event.subject },
    { header: 'who', value: (event) => event.who },
    { header: 'revision', wide: true, value: (event) => String(event.revision) },
    { header: 'data', wide: true, value: (event) => safeJson(event.data, 0) },
  ],
};

/** `regent event`. */
export const EVENTS: NounSpec = {
  noun: 'event',
  alias: 'events',
  summary: 'what happened on the site',
  commands: [
    {
      verb: '',
      summary: 'list events, oldest first, or follow them',
      options: [
        {
          flags: '-f, --follow',
          help: 'print events as they happen, without a gap over broken connections, until interrupted',
        },
        { flags: '--after <id>', help: 'only events after this one; 0 for all stored ones' },
        { flags: '--kind <kind>', help: 'only this kind: a noun such as record, or noun.verb such as record.created' },
        { flags: '--newest', help: 'without --follow: newest first' },
        { flags: '--subject <name>', help: 'without --follow: only what happened to this' },
        { flags: '--since <when>', help: 'without --follow: a span such as 2h or 7d, or a moment' },
        { flags: '--limit <number>', help: 'without --follow: how many, at most 1000 (100 when left out)' },
      ],
      examples: ['regent event --follow', 'regent event --after 0 --kind record -o json'],
      run: (call) => (call.options['follow'] === true ? follow(call) : list(call)),
    },
  ],
};

async function list(call: Call): Promise<void> {
  const { client } = await call.region();
  const after = afterOf(call);
  const limit = integer(option(call, 'limit') ?? '100', '--limit');
  const query = {
    limit,
    ...(after === null ? {} : { after }),
    ...(call.options['newest'] === true ? { sort: '-id' as const } : {}),
    ...text(call, 'kind'),
    ...text(call, 'subject'),
    ...sinceOf(call),
  };
  await printList(printerOf(call), SHAPE, (await client.call('event.list', { query })).body.items);
}

/** One line per event as it comes. JSON lines for `-o json`, so that a reader need not wait for the end. */
async function follow(call: Call): Promise<void> {
  const { client } = await call.region();
  const { format } = printerOf(call);
  if (format === 'csv' || format === 'yaml') throw usageError(`--follow prints lines; it cannot print ${format}.`);
  const kind = option(call, 'kind');
  for await (const event of client.events(afterOf(call), call.io.interrupted)) {
    if (kind !== undefined && event.kind !== kind && !event.kind.startsWith(`${kind}.`)) continue;
    call.io.out.write(`${eventLine(event, format)}\n`);
  }
}

function eventLine(event: Event, format: string): string {
  if (format === 'json') return safeJson(event, 0);
  if (format === 'name') return String(event.id);
  const cells = [String(event.id), stamp(event.at), event.kind, event.subject, event.who];
  if (format === 'wide') cells.push(safeJson(event.data, 0));
  return cells.map(printable).join('  ');
}

function afterOf(call: Call): number | null {
  const value = option(call, 'after');
  if (value === undefined) return null;
  const id = integer(value, '--after');
  if (id < 0) throw usageError('--after: an id is not negative.');
  return id;
}
