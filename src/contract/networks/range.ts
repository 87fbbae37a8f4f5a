import Type, { type Static } from 'typebox';
import { RANGE_KINDS } from '../../model/networks/ip-range.ts';
import { Id, listQuery, oneOf, strict, text } from '../base/common.ts';
import { entry } from '../base/entry.ts';

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

const RangeCreate = strict({
  subnet: Type.Optional(text(64, 'id, CIDR or name; the one that holds `first` when left out')),
  kind: Kind,
  first: text(64),
  last: text(64),
  comment: Type.Optional(Comment),
});
export type RangeCreate = Static<typeof RangeCreate>;

const RangeSet = strict({
  kind: Type.Optional(Kind),
  first: Type.Optional(text(64)),
  last: Type.Optional(text(64)),
  comment: Type.Optional(Comment),
});
export type RangeSet = Static<typeof RangeSet>;

const RangeParams = strict({ range: text(128, 'id, or FIRST-LAST') });
const RangeListQuery = listQuery({ subnet: Type.Optional(text(64, 'id, CIDR or name')), kind: Type.Optional(Kind) }, [
  'id',
  'first',
]);

/** The noun, its calls and its tables. */
export const RANGE = entry({
  noun: 'range',
  plural: 'ranges',
  one: 'a range of addresses',
  many: 'ranges of addresses',
  component: 'Range',
  tables: ['ip_ranges'],
  schemas: { answer: Range, params: RangeParams, query: RangeListQuery, create: RangeCreate, set: RangeSet },
  names: (items) => items.map(({ first, last }) => `${first}-${last}`),
});
