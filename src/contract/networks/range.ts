import Type, { type Static } from 'typebox';
import { RANGE_KINDS } from '../../model/networks/ip-range.ts';
import { Id, listQuery, oneOf, strict, text } from '../base/common.ts';
import { textOption } from '../base/command-texts.ts';
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

const comment = textOption('text', 'a note for people');
const next = () => ({ in_use: ['regent vlan set VLAN --dhcp off, or: regent range create FIRST-LAST --kind dynamic'] });

/** The noun, its calls and its tables. */
export const RANGE = entry({
  noun: 'range',
  plural: 'ranges',
  one: 'a range of addresses',
  many: 'ranges of addresses',
  tables: ['ip_ranges'],
  file: { identity: ['first', 'last'], refersTo: { subnet: 'subnet' } },
  schemas: { answer: Range, params: RangeParams, query: RangeListQuery, create: RangeCreate, set: RangeSet },
  commands: {
    summary: 'ranges of addresses: dynamic ones for DHCP, reserved ones for nobody',
    which: 'FIRST-LAST or id',
    example: '10.10.20.100-10.10.20.199',
    title: ({ first, last }) => `${first}-${last}`,
    columns: ['range', 'kind', 'size', 'subnet', 'comment'],
    wide: ['id'],
    cells: { range: ({ first, last }) => `${first}-${last}` },
    list: {
      options: {
        subnet: textOption('subnet', 'only those of this subnet'),
        kind: textOption('kind', 'only those of this kind', RANGE_KINDS),
      },
      examples: ['regent range list --subnet 10.10.20.0/24'],
    },
    create: {
      summary: 'create a range; both ends belong to it',
      options: {
        kind: {
          ...textOption('kind', 'dynamic: DHCP gives it out; reserved: "auto" never takes of it', RANGE_KINDS),
          missing: 'dynamic (DHCP gives it out) or reserved (nobody gets it)',
        },
        subnet: textOption('subnet', 'its subnet; the one that holds the first address when left out'),
        comment,
      },
      examples: [
        'regent range create 10.10.20.100-10.10.20.199 --kind dynamic',
        "regent range create 10.10.20.1 10.10.20.19 --kind reserved --comment 'switches'",
      ],
      done: ({ kind, first, last, subnet, size }) => `${kind} range ${first}-${last} created in ${subnet} (${size})`,
    },
    set: {
      summary: "move a range's ends, or change its kind or its comment",
      options: {
        first: textOption('ip', 'new first address'),
        last: textOption('ip', 'new last address'),
        kind: textOption('kind', 'dynamic or reserved', RANGE_KINDS),
        comment,
      },
      examples: ['regent range set 10.10.20.100-10.10.20.199 --last 10.10.20.149 --dry-run'],
      next,
    },
    delete: { next },
  },
});
