import { formatCount } from '../../../core/count-text.ts';
import type { Pairing, PairingChange } from '../../../contract/networks/pairing.ts';
import { type Change, printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { waitForServers } from '../../waiting/serving.ts';

const SHAPE: Shape<PairingChange> = {
  kind: 'change of a pair',
  name: ({ vlan }) => vlan,
  columns: [
    { header: 'vlan', value: ({ vlan }) => vlan },
    { header: 'primary', value: ({ before, after }) => moveText(before.primary, after.primary) },
    { header: 'secondary', value: ({ before, after }) => moveText(before.secondary, after.secondary) },
    { header: 'why', value: ({ why }) => why },
  ],
};

/** The same for a whole proposal; its name is the digest. */
const WHOLE: Shape<Pairing> = { kind: 'pairing', name: ({ digest }) => digest, columns: [] };

/** `regent pairing`. */
export const PAIRING: NounSpec = {
  noun: 'pairing',
  summary: 'which racks serve DHCP on which VLANs: a primary and a secondary one for each',
  commands: [
    {
      verb: 'propose',
      summary: 'propose pairs for all VLANs with DHCP, with the reason of each change; it changes nothing',
      examples: ['regent pairing propose', 'regent pairing propose -o json'],
      run: propose,
    },
    {
      verb: 'diff',
      summary: 'show what the proposal would change in the real files of all nodes; it changes nothing',
      examples: ['regent pairing diff'],
      run: async (call) => {
        const proposal = await read(call);
        if (proposal.changes.length === 0) return isGood(call);
        return runChange({ ...call, change: { ...call.change, dryRun: true } }, changeOf(call, proposal));
      },
    },
    {
      verb: 'apply',
      summary: 'apply the proposal as one change; regent config rollback takes it back',
      isChange: true,
      waitsFor: 'servers',
      examples: ['regent pairing apply --dry-run', 'regent pairing apply --wait'],
      run: async (call) => {
        const proposal = await read(call);
        if (proposal.changes.length === 0) return isGood(call);
        return runChange(call, changeOf(call, proposal));
      },
    },
  ],
};

async function read(call: Call): Promise<Pairing> {
  const { client } = await call.region();
  return (await client.call('pairing.propose', {})).body;
}

/** Applies exactly the proposal that was read. */
function changeOf(call: Call, { digest }: Pairing): Change<'pairing.apply'> {
  return {
    route: 'pairing.apply',
    input: { body: { digest } },
    shape: WHOLE,
    done: 'applied',
    describe: (done) =>
      [
        ...linesOf(done),
        '',
        `${formatCount(done.changes.length, 'VLAN')} changed. Back: regent config history, then rollback.`,
      ].join('\n'),
    waitFor: ({ changes }) =>
      waitForServers(
        call,
        changes.map(({ vlan }) => vlan),
      ),
    next: { conflict: ['The present proposal: regent pairing propose'] },
  };
}

function isGood(call: Call): ExitCode {
  call.io.err.write('There is nothing to change: see regent pairing propose.\n');
  return EXIT.ok;
}

async function propose(call: Call): Promise<void> {
  const proposal = await read(call);
  const printer = printerOf(call);
  if (await printData(printer, proposal)) return;
  if (printer.format !== 'table' && printer.format !== 'wide') await printList(printer, SHAPE, proposal.changes);
  else call.io.out.write(`${screenOf(proposal).map(printable).join('\n')}\n`);
}

function screenOf(proposal: Pairing): string[] {
  const { changes, stays, left, racks, limit } = proposal;
  const loads = racks.map(({ name, primary, primaryAfter, secondary, secondaryAfter }) => [
    name,
    moveText(String(primary), String(primaryAfter)),
    moveText(String(secondary), String(secondaryAfter)),
  ]);
  return [
    ...(changes.length === 0 ? ['Nothing is to be changed.'] : linesOf(proposal)),
    '',
    `${formatCount(stays.length, 'VLAN')} ${stays.length === 1 ? 'stays' : 'stay'} as ${stays.length === 1 ? 'it is' : 'they are'}.`,
    ...(left.length === 0
      ? []
      : [
          '',
          ...tableLines(
            ['left as it is', 'why'],
            left.map(({ vlan, why }) => [vlan, why]),
          ),
        ]),
    ...(racks.length === 0
      ? []
      : [
          '',
          ...tableLines(['rack', 'primary of', 'secondary of'], loads),
          `At most ${limit} is each rack's share and one.`,
        ]),
    ...(changes.length === 0 ? [] : ['', 'The real files: regent pairing diff. Do it: regent pairing apply.']),
  ];
}

function linesOf({ changes }: Pairing): string[] {
  return tableLines(
    SHAPE.columns.map(({ header }) => header),
    changes.map((row) => SHAPE.columns.map((column) => column.value(row))),
  );
}

function moveText(before: string | null, after: string | null): string {
  return before === after ? (after ?? 'none') : `${before ?? 'none'} → ${after ?? 'none'}`;
}
