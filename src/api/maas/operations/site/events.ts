import type { Event } from '../../../../contract/event.ts';
import { AGENT_NAME } from '../../../../model/nouns/annotation.ts';
import { RejectedError } from '../../../../core/errors.ts';
import { json } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { MAAS_PREFIX } from '../../prefix.ts';
import { wordsOf } from '../../objects/uri.ts';
import type { Site } from '../../site.ts';
import { badValue } from '../refusals.ts';

/** Events of a page, and most of one that can be asked for. */
const LIMIT = 100;
const LIMIT_MAX = 1000;
/** So many events are looked at for one page of few that pass the filters. */
const LOOKED_MAX = 20_000;
const LEVELS = ['AUDIT', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/** What happened, newest first. */
export const EVENT_HANDLERS: Handlers = { 'Events.query': query };

async function query(call: MaasCall) {
  const { site, args } = call;
  const limit = args.number('limit') ?? LIMIT;
  if (limit < 1 || limit > LIMIT_MAX) badValue('limit', `${limit} is out of range`, `1 to ${LIMIT_MAX}`);
  const level = (args.text('level') || 'INFO').toUpperCase();
  if (!LEVELS.includes(level)) badValue('level', `${level} is not known`, LEVELS.join(', '));
  const [before, after] = [args.number('before'), args.number('after')];
  const machines = await site.all('machine.list');
  const known = new Map(machines.map((machine) => [machine.fqdn, machine]));
  const passes = (event: Event) => {
    if (LEVELS.indexOf(levelOf(event)) < LEVELS.indexOf(level)) return false;
    const machine = known.get(event.subject);
    const is = (name: string, value: string | undefined) =>
      args.list(name).length === 0 || (value !== undefined && args.list(name).includes(value));
    const owner = args.list('owner');
    return (
      is('id', machine?.id) &&
      is('agent_name', machine?.annotations?.[AGENT_NAME]) &&
      is('hostname', machine?.hostname) &&
      is('zone', machine?.zone) &&
      is('pool', machine?.pool) &&
      is('domain', machine?.domain) &&
      (owner.length === 0 || owner.includes(event.who)) &&
      (args.list('mac_address').length === 0 ||
        (machine?.interfaces ?? []).some(({ mac }) => args.list('mac_address').includes(mac)))
    );
  };
  const found =
    after === undefined ? await newest(call, before, limit, passes) : await following(call, after, limit, passes);
  const events = found.map((event) => {
    const machine = known.get(event.subject);
    return {
      username: event.who,
      ...(machine ? { node: machine.id } : {}),
      hostname: machine?.hostname ?? '',
      id: event.id,
      level: levelOf(event),
      created: wordsOf(event.at),
      type: event.kind,
      description: event.subject,
    };
  });
  const page = (name: 'before' | 'after', id: number) => {
    const kept = args.entries().filter(([key]) => key !== 'before' && key !== 'after');
    const search = new URLSearchParams([
      ['op', 'query'],
      ...kept.map(([key, value]): [string, string] => [key, value]),
      [name, String(id)],
    ]);
    return `${MAAS_PREFIX}/events/?${search.toString()}`;
  };
  return json({
    count: events.length,
    events,
    next_uri: page('after', events[0]?.id ?? after ?? (before ?? 1) - 1),
    prev_uri: page('before', events.at(-1)?.id ?? before ?? (after ?? 0) + 1),
  });
}

/** What went wrong is graver; the rest is told for information. */
function levelOf({ kind }: Event): string {
  return /fail|lost|broken|rejected|revoked/.test(kind) ? 'WARNING' : 'INFO';
}

type Passes = (event: Event) => boolean;

/** The events after an id, the newest first. */
async function following({ site }: MaasCall, after: number, limit: number, passes: Passes): Promise<Event[]> {
  const found: Event[] = [];
  let at = after;
  for (let looked = 0; found.length < limit && looked < LOOKED_MAX; looked += LIMIT_MAX) {
    const { items } = await site.call('event.list', { query: { after: at, limit: LIMIT_MAX } });
    found.push(...items.filter(passes));
    if (items.length < LIMIT_MAX) break;
    at = items.at(-1)?.id ?? at;
  }
  return found.slice(0, limit).reverse();
}

/** The last events before an id, the newest first: API v1 goes forward, so pages are read from behind. */
async function newest({ site }: MaasCall, before: number | undefined, limit: number, passes: Passes): Promise<Event[]> {
  let page =
    before === undefined
      ? (await site.call('event.list', { query: { limit: LIMIT_MAX } })).items
      : await pageBefore(site, before);
  const found: Event[] = [];
  for (let looked = 0; looked < LOOKED_MAX && page.length > 0; looked += LIMIT_MAX) {
    found.push(...page.filter(passes).reverse());
    if (found.length >= limit) break;
    page = await pageBefore(site, page[0]?.id ?? 1);
  }
  return found.slice(0, limit);
}

/** The events right before an id, in order; none where they are not kept any more. */
async function pageBefore(site: Site, end: number): Promise<Event[]> {
  if (end <= 1) return [];
  const after = Math.max(0, end - 1 - LIMIT_MAX);
  try {
    const { items } = await site.call('event.list', { query: { after, limit: LIMIT_MAX } });
    return items.filter(({ id }) => id < end);
  } catch (error) {
    if (error instanceof RejectedError && error.rejected.code === 'invalid_value') return [];
    throw error;
  }
}
