import { type Range, RANGE as ENTRY } from '../../../contract/networks/range.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { collect, need, option } from '../../values.ts';
import { usualCommands, whichOf } from '../base/usual.ts';

const LAST = { name: '[last]', help: 'the last address, if the first is given without it' };

/** `regent range`. */
export const RANGE: NounSpec = usualCommands<Range>(ENTRY, {
  which: { args: [whichOf('range', ENTRY.commands.which), LAST], param: rangeOf },
  create: { args: [{ name: '<first-last>', help: 'such as 10.10.20.100-10.10.20.199' }, LAST], members: endsOf },
  set: { before: async (call) => (option(call, 'kind') === 'reserved' ? await warnOfLast(call) : undefined) },
  delete: { before: warnOfLast },
});

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
  const range = (await client.call('range.show', { params: { range: rangeOf(call) } })).body;
  if (range.kind !== 'dynamic') return null;
  const { vlanId } = (await client.call('subnet.show', { params: { subnet: range.subnet } })).body;
  const vlan = (await client.call('vlan.show', { params: { vlan: `id:${vlanId}` } })).body;
  if (!vlan.dhcpOn) return null;
  const subnets = await collect(client.all('subnet.list', { query: { vlan: `id:${vlanId}` } }));
  return subnets.reduce((sum, { dynamic }) => sum + dynamic, 0) > range.size ? null : vlan.name;
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
function rangeOf(call: Call): string {
  if (/^\d+$/.test(need(call, 0)) && call.args[1] === undefined) return need(call, 0);
  const { first, last } = endsOf(call);
  return `${first}-${last}`;
}
