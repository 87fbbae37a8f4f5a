import type { Event } from '../../../contract/site/event.ts';
import { eventSentence } from '../../../contract/site/wire/event-sentence.ts';
import { askHistory } from '../../../contract/site/wire/older.ts';
import { plainSentence } from '../../../contract/site/wire/sentence.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable, safeJson } from '../../format/escape.ts';
import type { Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { HISTORY_OPTIONS, historyQuery, printHistory } from '../base/history-options.ts';
import { integer, option, sinceOf, text } from '../../values.ts';

const SHAPE: Shape<Event> = {
  kind: 'event',
  name: (event) => String(event.id),
  columns: [
    { header: 'id', value: (event) => String(event.id) },
    { header: 'at', value: (event) => stamp(event.at) },
    { header: 'what', value: (event) => whatOf(event) },
    { header: 'kind', wide: true, value: (event) => event.kind },
    { header: 'subject', wide: true, value: (event) => event.subject },
    { header: 'who', wide: true, value: (event) => event.who },
    { header: 'revision', wide: true, value: (event) => String(event.revision) },
    { header: 'data', wide: true, value: (event) => safeJson(event.data, 0) },
  ],
};

const whatOf = (event: Event): string => plainSentence(eventSentence(event));

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
        ...HISTORY_OPTIONS,
        { flags: '--who <name>', help: 'without --follow: only what this user, node or machine did' },
        { flags: '--limit <number>', help: 'without --follow: how many, at most 1000 (100 when left out)' },
      ],
      examples: [
        'regent event --follow',
        'regent event --newest --by people',
        'regent event --after 0 --kind record -o json',
      ],
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
    ...text(call, 'who'),
    ...historyQuery(call),
  };
  const page = await askHistory(
    query,
    async (sent) => (await client.call('event.list', { query: sent })).body,
    (event) => ({ text: `${whatOf(event)} ${event.kind} ${event.subject}`, who: event.who, at: event.at }),
  );
  await printHistory(call, SHAPE, page);
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
  const cells = [String(event.id), stamp(event.at), whatOf(event)];
  if (format === 'wide') cells.push(event.kind, event.subject, event.who, safeJson(event.data, 0));
  return cells.map(printable).join('  ');
}

function afterOf(call: Call): number | null {
  const value = option(call, 'after');
  if (value === undefined) return null;
  const id = integer(value, '--after');
  if (id < 0) throw usageError('--after: an id is not negative.');
  return id;
}
