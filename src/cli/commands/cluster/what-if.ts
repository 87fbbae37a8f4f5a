import type { Handover, PredictedOutage, WhatIf, WhatIfEvent } from '../../../contract/cluster/what-if.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { need } from '../../values.ts';

/** As in the contract, whose schemas are not loaded at every start. */
const EVENTS: readonly WhatIfEvent[] = ['dies', 'drains', 'is-cut-off'];

const SHAPE: Shape<PredictedOutage> = {
  kind: 'outage',
  name: (row) => row.probe,
  columns: [
    { header: 'service', value: (row) => row.probe },
    { header: 'out for', value: rangeText },
    { header: 'why', value: (row) => row.why },
  ],
};

/** `regent what-if`. */
export const WHAT_IF: NounSpec = {
  noun: 'what-if',
  summary: 'what would follow from the loss of a node now; it changes nothing',
  commands: [
    {
      verb: 'node',
      summary: 'predict who takes over, how long services are out, and what is left',
      args: [
        { name: '<node>', help: 'name or id', complete: 'node' },
        { name: '<event>', help: 'dies, drains or is-cut-off', values: EVENTS },
      ],
      examples: ['regent what-if node r2 dies', 'regent what-if node k1 is-cut-off -o json'],
      run: predict,
    },
  ],
};

async function predict(call: Call): Promise<void> {
  const node = need(call, 0);
  const event = EVENTS.find((one) => one === need(call, 1));
  if (event === undefined) throw usageError(`"${need(call, 1)}" is not an event. Rule: ${EVENTS.join(', ')}.`);
  const { client } = await call.region();
  const { body } = await client.call('cluster.what-if', { query: { node, event } });
  const printer = printerOf(call);
  if (await printData(printer, body)) return;
  if (printer.format === 'table') call.io.out.write(`${screenOf(body).join('\n')}\n`);
  else await printList(printer, SHAPE, body.outages);
}

function screenOf(answer: WhatIf): string[] {
  const { redundancy, vlans, risks } = answer;
  const labelled: readonly (readonly [string, string])[] = [
    ['Source', answer.source === 'database' ? '' : 'memory of the regions, since the database is away'],
    ['VIP', answer.vip === null ? '' : moveText(answer.vip)],
    ['Primary', moveText(answer.primary)],
    ['Can lose', `now ${redundancy.before}, then ${redundancy.after}: ${redundancy.why.join(', ')}`],
    ...vlans.map(({ vlan, before, after, why }) => ['DHCP', `${vlan}: ${dhcpText(before, after)} (${why})`] as const),
  ];
  return [
    printable(answer.summary),
    '',
    ...labelled.flatMap(([label, value]) => (value === '' ? [] : [printable(`${label.padEnd(10)}${value}`)])),
    '',
    ...tableLines(
      ['service', 'out for', 'why'],
      answer.outages.map((row) => [row.probe, rangeText(row), row.why]),
    ),
    ...(risks.length === 0 ? [] : ['', ...risks.map((risk) => printable(`Risk: ${risk}`))]),
  ];
}

function dhcpText(before: string | null, after: string | null): string {
  return before === after && after !== null ? `stays on ${after}` : `${before ?? 'nobody'} → ${after ?? 'nobody'}`;
}

function moveText({ before, after, candidates }: Handover): string {
  if (before !== null && before === after) return `stays on ${before}`;
  const others = candidates.slice(1);
  const or = others.length === 0 ? '' : ` (or ${others.join(', ')})`;
  return `${before ?? 'nobody'} → ${after ?? 'nobody'}${or}`;
}

function rangeText({ leastMs, mostMs }: PredictedOutage): string {
  if (mostMs === null) return 'until it is back';
  if (mostMs === 0) return 'not at all';
  return `${leastMs / 1000} to ${mostMs / 1000} s`;
}
