import type { Event } from '../../../../contract/site/event.ts';
import { AGENT_NAME } from '../../../../model/site/annotation.ts';
import { json } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { MAAS_PREFIX } from '../../prefix.ts';
import { formatMoment } from '../../objects/base/uri.ts';
import { MAC } from '../machines/node-filters.ts';
import { refuse } from '../base/refusals.ts';

/** Events of a page by default, and at most. */
const LIMIT = 100;
const LIMIT_MAX = 1000;
/** So many events are searched for one page if few pass the filters. */
const SEARCHED_MAX = 20_000;
const LEVELS = ['AUDIT', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/** What happened, newest first. */
export const EVENT_HANDLERS: Handlers = { 'Events.query': query };

/** What events are about. */
type Subject = { readonly id: string; readonly hostname: string; readonly passes: boolean };

async function query(call: MaasCall) {
  const { args } = call;
  const limit = Math.max(1, args.number('limit') ?? LIMIT);
  if (limit > LIMIT_MAX)
    refuse('bad_request', `Requested number of events ${limit} is greater than limit: ${LIMIT_MAX}`);
  const level = (args.text('level') || 'INFO').toUpperCase();
  if (!LEVELS.includes(level)) refuse('bad_request', `Unrecognised log level: ${args.text('level') ?? ''}`);
  const [before, after] = [args.number('before'), args.number('after')];
  if (before !== undefined && after !== undefined)
    refuse('bad_request', 'There is undetermined behaviour when both `after` and `before` are specified.');
  const subjects = await readSubjects(call);
  const owner = args.text('owner');
  const passes = (event: Event) => {
    const isGrave = level === 'AUDIT' ? false : LEVELS.indexOf(levelOf(event)) >= LEVELS.indexOf(level);
    return isGrave && subjects.get(event.subject)?.passes === true && (!owner || event.who === owner);
  };
  const wanted = [...subjects].filter(([, subject]) => subject.passes).map(([name]) => name);
  // For one machine only its events are read, however long ago they were.
  const subject = wanted.length === 1 ? wanted[0] : undefined;
  const search = { limit, passes, subject };
  const found =
    wanted.length === 0 || level === 'AUDIT'
      ? []
      : after === undefined
        ? await newest(call, before, search)
        : await following(call, after, search);
  const events = found.map((event) => {
    const about = subjects.get(event.subject);
    return {
      username: event.who,
      node: about?.id ?? '',
      hostname: about?.hostname ?? '',
      id: event.id,
      level: levelOf(event),
      created: formatMoment(event.at),
      type: event.kind,
      description: event.subject,
    };
  });
  const page = (more: Readonly<Record<string, number>>) => {
    const given = args.entries().filter(([key]) => key !== 'before' && key !== 'after');
    const parameters = new URLSearchParams([
      ['op', 'query'],
      ...given.map(([key, value]): [string, string] => [key, value]),
      ...Object.entries(more).map(([key, value]): [string, string] => [key, String(value)]),
    ]);
    return `${MAAS_PREFIX}/events/?${parameters.toString()}`;
  };
  const [first, last] = [events[0], events.at(-1)];
  const empty = {
    next: before === undefined ? page({}) : page({ after: before - 1 }),
    prev: after === undefined ? null : page({ before: after + 1 }),
  };
  return json({
    count: events.length,
    events,
    next_uri: first ? page({ after: first.id }) : empty.next,
    prev_uri: last ? page({ before: last.id }) : empty.prev,
  });
}

/** Machines, racks and region nodes by the subject of their events, and whether the filters let them pass. Devices have no events in MAAS. */
async function readSubjects({ site, lists, args }: MaasCall): Promise<ReadonlyMap<string, Subject>> {
  const macs = args.list('mac_address').map((mac) => mac.toLowerCase().replaceAll('-', ':'));
  const bad = macs.filter((mac) => !MAC.test(mac));
  if (bad.length > 0) refuse('bad_request', `Invalid MAC address(es): ${bad.join(', ')}`);
  const is = (name: string, value: string | undefined) =>
    args.list(name).length === 0 || (value !== undefined && args.list(name).includes(value));
  const machines = (await site.all('machine.list')).map((machine): [string, Subject] => {
    const { id, hostname, zone, pool, domain, interfaces, annotations = {} } = machine;
    const passes =
      is('id', id) &&
      is('agent_name', annotations[AGENT_NAME]) &&
      is('hostname', hostname) &&
      is('zone', zone) &&
      is('pool', pool) &&
      is('domain', domain) &&
      (macs.length === 0 || interfaces.some(({ mac }) => macs.includes(mac)));
    return [machine.fqdn, { id, hostname, passes }];
  });
  const isOfMachines = ['agent_name', 'zone', 'pool', 'domain', 'mac_address'].some((name) => args.text(name));
  const nodes = (await lists.nodes()).map(({ id, name }): [string, Subject] => {
    return [name, { id, hostname: name, passes: !isOfMachines && is('id', id) && is('hostname', name) }];
  });
  return new Map([...nodes, ...machines]);
}

/** Failures are warnings; all other events are for information. */
function levelOf({ kind }: Event): string {
  return /fail|lost|broken|rejected|revoked/.test(kind) ? 'WARNING' : 'INFO';
}

interface Search {
  readonly limit: number;
  readonly passes: (event: Event) => boolean;
  /** The only subject that passes; undefined: there are several. */
  readonly subject: string | undefined;
}

/** The events after an id, the newest first. */
async function following({ site }: MaasCall, after: number, search: Search): Promise<Event[]> {
  const { limit, passes, subject } = search;
  const found: Event[] = [];
  const { items: last } = await site.call('event.list', { query: { sort: '-id', limit: 1 } });
  const { items: oldest } = await site.call('event.list', { query: { after: 0, limit: 1 } });
  if (after >= (last[0]?.id ?? 0)) return [];
  // From 0 on means all that are stored: events from long ago are not any more.
  let at = after + 1 < (oldest[0]?.id ?? 1) ? 0 : Math.max(0, after);
  for (let searched = 0; found.length < limit && searched < SEARCHED_MAX; searched += LIMIT_MAX) {
    const { items } = await site.call('event.list', { query: { after: at, limit: LIMIT_MAX, subject } });
    found.push(...items.filter(passes));
    if (items.length < LIMIT_MAX) break;
    at = items.at(-1)?.id ?? at;
  }
  return found.slice(0, limit).reverse();
}

/** The last events before an id, the newest first. */
async function newest({ site }: MaasCall, before: number | undefined, search: Search): Promise<Event[]> {
  const { limit, passes, subject } = search;
  const found: Event[] = [];
  let at = before;
  for (let searched = 0; found.length < limit && searched < SEARCHED_MAX; searched += LIMIT_MAX) {
    // No event has an id below 1.
    if (at !== undefined && at < 1) break;
    const query = { before: at, sort: '-id', limit: LIMIT_MAX, subject } as const;
    const { items } = await site.call('event.list', { query });
    found.push(...items.filter(passes));
    if (items.length < LIMIT_MAX) break;
    at = items.at(-1)?.id;
  }
  return found.slice(0, limit);
}
