import { needInit } from '../../../lab/exec.ts';
import type { ClusterEvent } from '../../../judge/timeline.ts';
import { racksOf, regionsOf, type Environment } from '../environment.ts';
import { type HostWatch, keepRunning } from './keep.ts';

/** What the cluster did by itself, from the journals of all nodes. Times are absolute ms. */
export interface ClusterEventsWatch {
  readonly events: readonly ClusterEvent[];
  readonly watches: ReadonlyMap<string, HostWatch>;
}

/** Messages of a journal and what they mean. Versions whose messages these are: Patroni 4.0, keepalived 2.3, systemd 257, ha/. */
const JOURNAL_PATTERNS: readonly (readonly [string, RegExp, ClusterEvent['kind']])[] = [
  ['patroni', /promoted self to leader/, 'promotion'],
  ['patroni', /\bdemot(ing|ed) self\b/, 'demotion'],
  // It says everything twice: to the journal, and with a date on its standard output.
  ['keepalived', /^\(\w+\) Entering (MASTER|BACKUP|FAULT) STATE/, 'vip'],
  ['regent-keeper', /\bfenc(ed|ing)\b/, 'fencing'],
  ['regent-keeper', /\breleas(ed|ing)\b/, 'release'],
  ['systemd', /Scheduled restart job/, 'restart'],
];
const FIELDS = 'MESSAGE,SYSLOG_IDENTIFIER,UNIT';

/** Follows the journals of all nodes. */
export function watchClusterEvents(environment: Environment): ClusterEventsWatch {
  const events: ClusterEvent[] = [];
  const hosts = [...new Set([...regionsOf(environment.topology), ...racksOf(environment.topology)])];
  const watches = hosts.map((host): [string, HostWatch] => {
    const argv = (isBoot: boolean) => {
      try {
        const enter = ['nsenter', `--target=${needInit(environment.layout, host).pid}`, '--all', '--'];
        // After a boot all of it: much has happened before the watch starts.
        const since = isBoot ? ['--boot', '--lines=all'] : ['--lines=0'];
        return [...enter, 'journalctl', '--follow', '--output=json', `--output-fields=${FIELDS}`, ...since];
      } catch {
        return null;
      }
    };
    const onLine = (line: string) => {
      const event = clusterEventOf(host, line);
      if (
        event !== null &&
        !events.some((known) => known.host === host && known.at === event.at && known.text === event.text)
      )
        events.push(event);
    };
    return [host, keepRunning({ environment, argv, onLine })];
  });
  return { events, watches: new Map(watches) };
}

/** A line of `journalctl --output=json` as an event; null when it is none of them. */
export function clusterEventOf(host: string, line: string): ClusterEvent | null {
  const entry = parse(line);
  const text = entry['MESSAGE'];
  if (typeof text !== 'string') return null;
  const name = entry['SYSLOG_IDENTIFIER'];
  const identifier = typeof name === 'string' ? name.toLowerCase() : '';
  const found = JOURNAL_PATTERNS.find(([name, pattern]) => identifier.startsWith(name) && pattern.test(text));
  if (found === undefined) return null;
  return { at: Number(entry['__MONOTONIC_TIMESTAMP']) / 1000, host, kind: found[2], text: text.slice(0, 200) };
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}
