import type { Range } from '../../contract/networks/range.ts';
import { accept, invalid, refuse } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import {
  type AddressClaim,
  checkRangeAlone,
  checkRangeUnclaimed,
  type IpRange,
  parseRange,
  sizeOfSpan,
  spanOf,
} from '../../model/networks/ip-range.ts';
import { claimsBetween, ownAddressesBetween } from '../../store/queries/networks/address-users.ts';
import * as ranges from '../../store/queries/networks/ranges.ts';
import { findSubnet, lockSubnet, type SubnetRow } from '../../store/queries/networks/subnets.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { autocommitReading, target, writing } from '../base/use-case.ts';
import { rangeByRef, subnetByRef, subnetCidrs } from './network-refs.ts';

type RangeRow = ranges.RangeRow;

function view(row: RangeRow): Range {
  const { id, subnet, subnetId, kind, first, last, comment } = row;
  return { id, subnet, subnetId, kind, first, last, size: sizeOfSpan(spanOf(row)), comment };
}

function nameOf({ first, last }: Pick<RangeRow, 'first' | 'last'>): string {
  return `${first}-${last}`;
}

/** The subnet that a request names, or the one that holds the address. `field`: where the address stands. */
export async function subnetOf(
  tx: Tx,
  wanted: { subnet?: string | undefined; address: string; field: string },
): Promise<SubnetRow> {
  if (wanted.subnet !== undefined) return await subnetByRef(tx, wanted.subnet);
  const address = accept(parseAddress(wanted.address, wanted.field));
  const holder = await findSubnet(tx, { holds: formatAddress(address) });
  if (holder) return holder;
  const known = (await subnetCidrs(tx)).slice(0, 10).join(', ') || 'none: create a subnet first';
  refuse(
    invalid(
      wanted.field,
      `${wanted.address} is outside every subnet`,
      `an address lies inside its subnet, one of ${known}`,
    ),
  );
}

/** The cluster's own addresses in a range, as claims. */
async function ownClaims(tx: Tx, range: { readonly first: string; readonly last: string }): Promise<AddressClaim[]> {
  const own = await ownAddressesBetween(tx, range);
  return own.map(({ address, words: owner }) => ({
    what: `${address}, ${owner}`,
    span: spanOf({ first: address, last: address }),
  }));
}

/** Judges a range beside what is there. Holds the subnet, so that two rivals do not both find the place free. */
async function readRange(
  tx: Tx,
  subnet: SubnetRow,
  wanted: Pick<IpRange, 'kind' | 'first' | 'last'> & { readonly id?: number },
): Promise<{ first: string; last: string }> {
  const parsed = accept(parseRange(wanted, subnet));
  accept(await lockSubnet(tx, { key: subnet.id }));
  const all = await ranges.rangesOf(tx, subnet.id);
  const others = all.filter((range) => range.id !== wanted.id);
  accept(checkRangeAlone(parsed.span, others));
  if (wanted.kind === 'dynamic') {
    const claims = (await claimsBetween(tx, parsed)).filter((claim) => claim.source !== 'ip_ranges');
    accept(checkRangeUnclaimed(parsed.span, claims));
    const old = all.find((range) => range.id === wanted.id);
    const isSame = old?.kind === wanted.kind && old.first === parsed.first && old.last === parsed.last;
    // A node may have come after the range: that is a finding, and the range can still be changed in everything else.
    accept(isSame ? null : checkRangeUnclaimed(parsed.span, await ownClaims(tx, parsed)));
  }
  return { first: parsed.first, last: parsed.last };
}

export const rangeCases = {
  'range.list': autocommitReading('range.list', async (tx, { query }) => {
    const subnet = query?.subnet === undefined ? undefined : await subnetByRef(tx, query.subnet);
    const { limit, cursor, sort, kind } = query ?? {};
    return pageBody(await ranges.listRanges(tx, { limit, cursor, sort, kind, subnetId: subnet?.id }), view, query);
  }),

  'range.show': autocommitReading('range.show', async (tx, { params }) => {
    const row = await rangeByRef(tx, params.range);
    return { body: view(row), version: row.version };
  }),

  'range.create': writing(
    'range.create',
    ({ body }) => `range create ${body.kind} ${body.first}-${body.last}`,
    async (tx, { body }) => {
      const { kind, comment } = body;
      const subnet = await subnetOf(tx, { subnet: body.subnet, address: body.first, field: 'first' });
      const range = await readRange(tx, subnet, body);
      const row = await ranges.createRange(tx, { ...range, subnetId: subnet.id, kind, comment });
      tx.emit({ kind: 'range.created', subject: nameOf(row), data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'range.set': writing(
    'range.set',
    ({ params }) => `range set ${params.range}`,
    async (tx, { params, body }, context) => {
      const old = await rangeByRef(tx, params.range);
      const subnet = (await findSubnet(tx, { id: old.subnetId })) ?? refuse(noSuch('subnet', old.subnet));
      const { id } = old;
      const kind = body.kind ?? old.kind;
      const range = await readRange(tx, subnet, {
        id,
        kind,
        first: body.first ?? old.first,
        last: body.last ?? old.last,
      });
      const row = accept(
        await ranges.updateRange(tx, target(old.id, context), { ...range, kind, comment: body.comment }),
      );
      tx.emit({ kind: 'range.changed', subject: nameOf(row), data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'range.delete': writing(
    'range.delete',
    ({ params }) => `range delete ${params.range}`,
    async (tx, { params }, context) => {
      const old = await rangeByRef(tx, params.range);
      const row = accept(await ranges.deleteRange(tx, target(old.id, context)));
      tx.emit({ kind: 'range.deleted', subject: nameOf(row), data: { ...view(row) } });
      return { body: view(row) };
    },
  ),
};
