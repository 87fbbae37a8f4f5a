import type { StandingMute, EndedFinding, StandingFinding } from '../../../contract/cluster/finding.ts';
import type { RouteOutput } from '../../../contract/routes.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { age, stamp } from '../../format/when.ts';
import { need, option, untilOf } from '../../values.ts';
import { changeOf } from '../base/plain.ts';

/** A mute for people: until when, by whom, why, and what it does not cover. */
export function muteText({ until, by, reason, isInForce, covers }: StandingMute): string {
  const nodes = covers === null || covers.nodes.length === 0 ? '' : ` of ${covers.nodes.join(', ')}`;
  const gap = isInForce || covers === null ? '' : ` Not in force: it covers only ${covers.state}${nodes}.`;
  return `until ${stamp(until)} by ${by}: ${reason.replace(/\.?$/, '.')}${gap}`;
}

type MutedFinding = RouteOutput<'finding.mute'>;
const MUTED: Shape<MutedFinding> = {
  kind: 'finding',
  name: ({ id }) => id,
  columns: [
    { header: 'finding', value: ({ id }) => id },
    { header: 'muted', value: ({ mute }) => muteText(mute) },
  ],
};

const standing = (now: number): Shape<StandingFinding> => ({
  kind: 'finding',
  name: ({ id }) => id,
  columns: [
    { header: 'finding', value: ({ id }) => id },
    { header: 'state', value: ({ state }) => state },
    { header: 'for', value: ({ since }) => age(since, now) },
    { header: 'found', value: ({ detail }) => detail },
    { header: 'muted', value: ({ mute }) => (mute === null ? '' : muteText(mute)) },
    { header: 'risk', wide: true, value: ({ risk }) => risk },
    { header: 'remedy', wide: true, value: ({ remedy }) => remedy },
  ],
});

const PAST: Shape<EndedFinding> = {
  kind: 'past finding',
  name: ({ id }) => id,
  columns: [
    { header: 'finding', value: ({ id }) => id },
    { header: 'state', value: ({ state }) => state },
    { header: 'since', value: ({ since }) => stamp(since) },
    { header: 'ended', value: ({ endedAt }) => stamp(endedAt) },
    { header: 'because', value: ({ endReason }) => (endReason === 'muted' ? 'it was muted' : 'it holds') },
    { header: 'announced', value: ({ announcedAt }) => (announcedAt === null ? 'no' : stamp(announcedAt)) },
    { header: 'found', wide: true, value: ({ detail }) => detail },
  ],
};

const WHICH = { name: '<finding>', help: 'its id: regent finding list, or regent doctor' } as const;

async function list(call: Call): Promise<void> {
  const { client } = await call.region();
  const printer = printerOf(call);
  if (call.options['past'] === true)
    return printList(printer, PAST, (await client.call('finding.past', {})).body.items);
  const { body } = await client.call('finding.list', {});
  if (await printData(printer, body)) return undefined;
  await printList(printer, standing(call.io.now()), body.items);
  if (printer.format === 'table' || printer.format === 'wide')
    for (const { id, mute } of body.mutes) call.io.out.write(`${printable(`${id} holds. Muted ${muteText(mute)}`)}\n`);
  return undefined;
}

/** `regent finding`. */
export const FINDING: NounSpec = {
  noun: 'finding',
  summary: 'what the doctor finds: since when, what is at risk, what to do; and what raises no alarm',
  commands: [
    {
      verb: 'list',
      summary: 'list the findings that stand, the worst first, and all mutes',
      options: [{ flags: '--past', help: 'those that have ended instead, the newest first' }],
      examples: ['regent finding list', 'regent finding list -o wide', 'regent finding list --past'],
      run: list,
    },
    {
      verb: 'mute',
      summary: 'raise no alarm of a finding until a date; it stays visible, and alarms if it gets worse',
      args: [WHICH],
      options: [
        { flags: '--until <time>', help: 'when it returns: a span such as 2h or 7d, or a moment; at most 366 days' },
        { flags: '--reason <text>', help: 'why; everybody reads it' },
      ],
      isChange: true,
      examples: ["regent finding mute backup-drill --until 7d --reason 'the store moves on Sunday'"],
      run: (call) => {
        const [until, reason] = [option(call, 'until'), option(call, 'reason')];
        if (until === undefined || reason === undefined) throw usageError('Give both --until and --reason.');
        const body = { until: untilOf(until, call.io.now()), reason };
        return runChange(call, {
          route: 'finding.mute',
          input: { params: { finding: need(call, 0) }, body },
          shape: MUTED,
          done: 'muted',
          describe: ({ id, mute }) => `finding ${id} is muted ${muteText(mute)}`,
        });
      },
    },
    changeOf(
      'finding.unmute',
      'finding',
      { verb: 'unmute', summary: 'end the mute of a finding', args: [WHICH] },
      { shape: MUTED, done: 'unmuted' },
    ),
  ],
};
