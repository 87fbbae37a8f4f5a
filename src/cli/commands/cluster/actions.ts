import type { NodeAction } from '../../../contract/cluster/action.ts';
import { printerOf } from '../../change.ts';
import type { CommandSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, type Shape } from '../../format/output.ts';
import { integer, option, text } from '../../values.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DEFAULT_SINCE = '1h';

const SHAPE: Shape<NodeAction> = {
  kind: 'action in this time',
  name: (row) => `${row.at} ${row.node}/${row.service}`,
  columns: [
    { header: 'at', value: (row) => timeOf(row.at) },
    { header: 'node', value: (row) => row.node },
    { header: 'service', value: (row) => row.service },
    { header: 'action', value: (row) => row.kind },
    { header: 'trigger', value: (row) => row.trigger },
    { header: 'why', value: (row) => row.why.split('\n')[0] ?? '' },
  ],
};

/** `regent service actions`: what agents did at a failover or a change, over all nodes. */
export const ACTIONS: CommandSpec = {
  verb: 'actions',
  summary: 'list what agents did to services and why, oldest first: every reload and restart',
  options: [
    {
      flags: '--since <time>',
      help: `how long ago (90s, 10m, 2h, 7d) or a moment in ISO 8601 (${DEFAULT_SINCE} when left out)`,
    },
    { flags: '--node <node>', help: 'only on this node' },
    { flags: '--service <service>', help: 'only of this service' },
    { flags: '--limit <number>', help: 'the newest so many, at most 1000' },
  ],
  examples: ['regent service actions --since 10m', 'regent service actions --node r2 --service dns -o json'],
  run: async (call) => {
    const limit = integer(option(call, 'limit') ?? '1000', '--limit');
    const since = sinceOf(option(call, 'since') ?? DEFAULT_SINCE, call.io.now());
    const { client } = await call.region();
    const query = { since, limit, ...text(call, 'node'), ...text(call, 'service') };
    await printList(printerOf(call), SHAPE, (await client.call('service.actions', { query })).body.items);
  },
};

/** A span before `now` (ms), or a moment, as ISO 8601. */
function sinceOf(value: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  if (count !== undefined) return new Date(now - Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
  const moment = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(moment))
    throw usageError(`--since: "${value}" is neither a span such as 10m nor a moment such as 2026-03-01T10:00:00Z.`);
  return new Date(moment).toISOString();
}

/** To a tenth of a second, because the order matters in a failover. */
function timeOf(iso: string): string {
  const moment = Date.parse(iso);
  return Number.isFinite(moment) ? `${new Date(moment).toISOString().slice(0, 21).replace('T', ' ')}Z` : iso;
}
