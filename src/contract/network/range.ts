import Type, { type Static } from 'typebox';
import { RANGE_KINDS } from '../../model/ip-range.ts';
import { Id, listQuery, oneOf, page, strict, text } from '../common.ts';

const Kind = oneOf(RANGE_KINDS, 'dynamic: given out by DHCP; reserved: given to nobody by Regent itself');
const Comment = Type.String({ maxLength: 200 });

/** A range of addresses of a subnet, both ends included. */
export const Range = strict({
  id: Id,
  subnet: Type.String({ description: 'CIDR' }),
  subnetId: Id,
  kind: Kind,
  first: Type.String(),
  last: Type.String(),
  size: Type.Integer({ description: 'addresses in it; at most 2^53' }),
  comment: Type.String(),
});
export type Range = Static<typeof Range>;

export const RangeCreate = strict({
  subnet: Type.Optional(text(64, 'id, CIDR or name; the one that holds `first` when left out')),
  kind: Kind,
  first: text(64),
  last: text(64),
  comment: Type.Optional(Comment),
});
export type RangeCreate = Static<typeof RangeCreate>;

export const RangeSet = strict({
  first: Type.Optional(text(64)),
  last: Type.Optional(text(64)),
  comment: Type.Optional(Comment),
});
export type RangeSet = Static<typeof RangeSet>;

export const RangeParams = strict({ range: text(128, 'id, or FIRST-LAST') });
export const RangeListQuery = listQuery(
  { subnet: Type.Optional(text(64, 'id, CIDR or name')), kind: Type.Optional(Kind) },
  ['id', 'first'],
);
export const RangePage = page(Range);
