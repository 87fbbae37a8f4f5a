import type { Client } from '../contract/client.ts';
import type { DrillRound } from '../contract/cluster/drill.ts';
import type { NounEntry } from '../contract/base/entry.ts';
import { ENTRIES, type EntryNoun } from '../contract/entries.ts';
import { complete } from './completion.ts';
import type { NameKind, NounSpec } from './command-spec.ts';
import { declaredNames, isDeclared } from './commands/base/declared.ts';
import { shapeOf } from './commands/base/usual.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { printable } from './format/escape.ts';
import type { CliIo } from './io.ts';
import { connect } from './region.ts';

/** Somebody waits at a prompt: no names are better than late ones. */
const PATIENCE = { deadlineMs: 1500, refusedMs: 0 };
const NAMES_MAX = 1000;

/** `regent __complete -- WORDS`: prints the candidates for the last argument, one per line. Never fails and prints nothing else. */
export async function printCompletions(
  io: CliIo,
  argv: readonly string[],
  nouns: readonly NounSpec[],
): Promise<ExitCode> {
  const { candidates: fixed, kind } = complete(argv, nouns);
  const current = argv.at(-1) ?? '';
  const names = kind === null ? [] : await liveNames(io, kind);
  // Names that a shell would have to quote are not offered, because their text comes from others.
  const usable = [...fixed, ...names].filter(
    (candidate) => candidate.startsWith(current) && /^[\w.:/@*,=+-]+$/.test(candidate),
  );
  io.out.write([...new Set(usable)].map((candidate) => `${printable(candidate)}\n`).join(''));
  return EXIT.ok;
}

async function liveNames(io: CliIo, kind: NameKind): Promise<string[]> {
  try {
    const silent = { ...io, err: { ...io.err, write: () => undefined }, askSecret: async () => null };
    const { client } = await connect(silent, {}, PATIENCE);
    return await namesOf(client, kind);
  } catch {
    return [];
  }
}

async function namesOf(client: Client, kind: NameKind): Promise<string[]> {
  const query = { limit: NAMES_MAX };
  if (isDeclared(kind)) return declaredNames(client, kind, NAMES_MAX);
  if (isEntry(kind)) return entryNames(client, kind);
  switch (kind) {
    case 'lease':
      return (await client.call('lease.list', { query })).body.items.map((item) => item.address);
    case 'setting':
      return (await client.call('setting.list', {})).body.items.map((item) => item.name);
    case 'node':
      return (await client.call('node.list', { query })).body.items.map((item) => item.name);
    case 'rack':
      return (await client.call('rack.list', { query })).body.items.map((item) => item.uuid ?? item.name);
    case 'service':
      return (await client.call('service.list', { query })).body.items.map((item) => item.service);
    case 'user':
      return (await client.call('user.list', { query })).body.items.map((item) => item.name);
    case 'drill':
      return (await roundsOf(client)).map((item) => String(item.id));
    case 'job':
      return (await client.call('job.list', { query: { fields: 'id' } })).body.items.map((item) => String(item.id));
    case 'command':
      return (await client.call('command.list', { query: { fields: 'id' } })).body.items.map((item) => String(item.id));
    case 'hazard':
      return (await roundsOf(client)).map((item) => item.hazard);
  }
}

/** The newest rounds of drills: the ones that people want to see. */
async function roundsOf(client: Client): Promise<readonly Pick<DrillRound, 'id' | 'hazard'>[]> {
  return (await client.call('drill.list', { query: { fields: 'id,hazard' } })).body.items;
}

const isEntry = (kind: NameKind): kind is EntryNoun => ENTRIES.some(({ noun }) => noun === kind);

async function entryNames(client: Client, noun: EntryNoun): Promise<string[]> {
  const { body } = await client.call(`${noun}.list`, { query: { limit: NAMES_MAX } });
  const entry: NounEntry | undefined = ENTRIES.find((known) => known.noun === noun);
  if (entry === undefined) return [];
  return entry.names?.(body.items) ?? body.items.map(shapeOf(entry).name);
}
