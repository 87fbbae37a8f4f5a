import type { Range } from '../../../contract/networks/range.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet, option, text } from '../../values.ts';

const SHAPE: Shape<Range> = {
  kind: 'range',
  name: (range) => `${range.first}-${range.last}`,
  columns: [
    { header: 'range', value: (range) => `${range.first}-${range.last}` },
    { header: 'kind', value: (range) => range.kind },
    { header: 'size', value: (range) => String(range.size) },
    { header: 'subnet', value: (range) => range.subnet },
    { header: 'comment', value: (range) => range.comment },
    { header: 'id', wide: true, value: (range) => String(range.id) },
  ],
};

const KINDS = ['dynamic', 'reserved'] as const;
const WHICH = [
  { name: '<range>', help: 'FIRST-LAST or id', complete: 'range' },
  { name: '[last]', help: 'the last address, where the first stands alone' },
] as const;
const COMMENT = { flags: '--comment <text>', help: 'a note for people' };

/** `regent range`. */
export const RANGE: NounSpec = {
  noun: 'range',
  summary: 'ranges of addresses: dynamic ones for DHCP, reserved ones for nobody',
  commands: [
    {
      verb: 'list',
      summary: 'list ranges of addresses',
      options: [
        { flags: '--subnet <subnet>', help: 'only those of this subnet' },
        { flags: '--kind <kind>', help: 'only those of this kind', values: KINDS },
      ],
      examples: ['regent range list --subnet 10.10.20.0/24'],
      run: async (call) => {
        const { client } = await call.region();
        const kind = kindOf(call);
        const query = { ...text(call, 'subnet'), ...(kind === undefined ? {} : { kind }) };
        await printList(printerOf(call), SHAPE, await collect(client.all('range.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a range',
      args: WHICH,
      examples: ['regent range show 10.10.20.100-10.10.20.199'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('range.show', { params: { range: whichOf(call) } });
        await printOne(printerOf(call), SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'create a range; both ends belong to it',
      args: [
        { name: '<first-last>', help: 'such as 10.10.20.100-10.10.20.199' },
        { name: '[last]', help: 'the last address, where the first stands alone' },
      ],
      options: [
        {
          flags: '--kind <kind>',
          help: 'dynamic: DHCP gives it out; reserved: "auto" never takes of it',
          values: KINDS,
        },
        { flags: '--subnet <subnet>', help: 'its subnet; the one that holds the first address when left out' },
        COMMENT,
      ],
      isChange: true,
      examples: [
        'regent range create 10.10.20.100-10.10.20.199 --kind dynamic',
        "regent range create 10.10.20.1 10.10.20.19 --kind reserved --comment 'switches'",
      ],
      run: createRange,
    },
    {
      verb: 'set',
      summary: "move a range's ends, or change its kind or its comment",
      args: WHICH,
      options: [
        { flags: '--first <ip>', help: 'new first address' },
        { flags: '--last <ip>', help: 'new last address' },
        { flags: '--kind <kind>', help: 'dynamic or reserved', values: KINDS },
        COMMENT,
      ],
      isChange: true,
      examples: ['regent range set 10.10.20.100-10.10.20.199 --last 10.10.20.149 --dry-run'],
      run: async (call) => {
        const kind = kindOf(call);
        if (kind === 'reserved') await warnOfLast(call);
        const body = {
          ...text(call, 'first'),
          ...text(call, 'last'),
          ...(kind === undefined ? {} : { kind }),
          ...text(call, 'comment'),
        };
        nothingToSet(body, '--first, --last, --kind or --comment');
        return runChange(call, {
          route: 'range.set',
          input: { params: { range: whichOf(call) }, body },
          shape: SHAPE,
          done: 'changed',
          next: { in_use: KEEP_ONE },
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a range',
      args: WHICH,
      isChange: true,
      examples: ['regent range delete 10.10.20.100-10.10.20.199'],
      run: async (call) => {
        await warnOfLast(call);
        return runChange(call, {
          route: 'range.delete',
          input: { params: { range: whichOf(call) } },
          shape: SHAPE,
          done: 'deleted',
          next: { in_use: KEEP_ONE },
        });
      },
    },
  ],
};

const KEEP_ONE = ['regent vlan set VLAN --dhcp off, or: regent range create FIRST-LAST --kind dynamic'];

/** Warns before the last dynamic range of a VLAN that serves DHCP goes: nobody unknown gets an address there then. */
async function warnOfLast(call: Call): Promise<void> {
  // What cannot be read is no reason to refuse: the call itself says what is wrong.
  const vlan = await vlanOfLast(call).catch(() => null);
  if (vlan === null) return;
  call.io.err.write(
    `Warning: ${vlan} serves DHCP, and this is its last dynamic range. Only interfaces with a fixed address get one then.\n`,
  );
}

/** The VLAN whose last dynamic range it is while DHCP is on there; null: none. */
async function vlanOfLast(call: Call): Promise<string | null> {
  const { client } = await call.region();
  const range = (await client.call('range.show', { params: { range: whichOf(call) } })).body;
  if (range.kind !== 'dynamic') return null;
  const { vlanId } = (await client.call('subnet.show', { params: { subnet: range.subnet } })).body;
  const vlan = (await client.call('vlan.show', { params: { vlan: `id:${vlanId}` } })).body;
  if (!vlan.dhcpOn) return null;
  const subnets = await collect(client.all('subnet.list', { query: { vlan: `id:${vlanId}` } }));
  return subnets.reduce((sum, { dynamic }) => sum + dynamic, 0) > range.size ? null : vlan.name;
}

function createRange(call: Call) {
  const { first, last } = endsOf(call);
  const kind = kindOf(call);
  if (kind === undefined)
    throw usageError('--kind is missing: dynamic (DHCP gives it out) or reserved (nobody gets it).');
  return runChange(call, {
    route: 'range.create',
    input: { body: { first, last, kind, ...text(call, 'subnet'), ...text(call, 'comment') } },
    shape: SHAPE,
    done: 'created',
    describe: (range) => `${range.kind} range ${SHAPE.name(range)} created in ${range.subnet} (${range.size})`,
  });
}

/** One line about a range for the screen of its subnet. */
export function rangeLine(range: Range): string {
  return `${range.first}-${range.last}  ${range.kind}, ${range.size}${range.comment === '' ? '' : `  ${range.comment}`}`;
}

/** `FIRST-LAST` or `FIRST LAST`; a single address alone is a range of one. */
function endsOf(call: Call): { first: string; last: string } {
  const given = need(call, 0);
  const [first = '', last, ...more] = given.split('-').map((part) => part.trim());
  const second = call.args[1];
  const isBad =
    more.length > 0 || first === '' || last === '' || second === '' || (last !== undefined && second !== undefined);
  if (isBad)
    throw usageError(`"${[given, second].filter(Boolean).join(' ')}" is not a range. Rule: FIRST-LAST or FIRST LAST.`);
  return { first, last: second ?? last ?? first };
}

/** The range that the arguments name, as the API's path wants it: an id as it is. */
function whichOf(call: Call): string {
  if (/^\d+$/.test(need(call, 0)) && call.args[1] === undefined) return need(call, 0);
  const { first, last } = endsOf(call);
  return `${first}-${last}`;
}

function kindOf(call: Call): (typeof KINDS)[number] | undefined {
  const kind = option(call, 'kind');
  return KINDS.find((known) => known === kind);
}
