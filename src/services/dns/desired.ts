import Type, { type Static } from 'typebox';
import { LOCAL_ZONE_KINDS, type LocalZoneKind } from '../../model/names/local-zones.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm } from '../../model/names/tsig-key.ts';
import { TTL_MAX, TTL_MIN } from '../../model/names/record.ts';
import { TXT_MAX } from '../../model/names/txt.ts';

/** Zones that a probe asks for, the most recently changed first. */
export const PROBED_ZONES = 5;

/** A name without final dot: labels of at most 63 characters, 253 in all; `*` may be the first, `_` may start one. */
const NAME_PATTERN = '^(?=.{1,253}$)(?:\\*\\.)?_?[a-z0-9][a-z0-9-]{0,62}(?:\\._?[a-z0-9][a-z0-9-]{0,62})*$';
const OWNER_PATTERN = `^@$|^\\*$|${NAME_PATTERN}`;
const ADDRESS_PATTERN = '^[0-9a-f.:]{2,45}$';
const NETWORK_PATTERN = '^[0-9a-f.:]{2,45}/[0-9]{1,3}$';

/** A host at the end of a datum with numbers, or the dot in place of one (`NOWHERE`). */
const HOST = '(?:\\.|[a-z0-9][a-z0-9-]{0,62}(?:\\.[a-z0-9][a-z0-9-]{0,62})*)';

const Name = Type.String({ pattern: NAME_PATTERN });
const Ttl = Type.Integer({ minimum: TTL_MIN, maximum: TTL_MAX });
const Serial = Type.Integer({ minimum: 1, maximum: 0xffff_ffff });
const Owner = Type.String({ pattern: OWNER_PATTERN });

/** A record of a zone. `name` is relative, `@` for the zone itself; `ttl` in seconds, the zone's when left out. */
export const ZoneRecord = Type.Union([
  Type.Object({
    name: Owner,
    type: Type.Union([Type.Literal('A'), Type.Literal('AAAA')]),
    data: Type.String({ pattern: ADDRESS_PATTERN }),
    ttl: Type.Optional(Ttl),
  }),
  Type.Object({
    name: Owner,
    type: Type.Union([Type.Literal('CNAME'), Type.Literal('NS'), Type.Literal('PTR')]),
    data: Name,
    ttl: Type.Optional(Ttl),
  }),
  Type.Object({
    name: Owner,
    type: Type.Literal('MX'),
    data: Type.String({ maxLength: 260, pattern: `^[0-9]{1,5} ${HOST}$` }),
    ttl: Type.Optional(Ttl),
  }),
  Type.Object({
    name: Owner,
    type: Type.Literal('SRV'),
    data: Type.String({ maxLength: 272, pattern: `^(?:[0-9]{1,5} ){3}${HOST}$` }),
    ttl: Type.Optional(Ttl),
  }),
  Type.Object({
    name: Owner,
    type: Type.Literal('SSHFP'),
    data: Type.String({ pattern: '^[1-6] [12] [0-9a-f]{40,64}$' }),
    ttl: Type.Optional(Ttl),
  }),
  Type.Object({
    name: Owner,
    type: Type.Literal('TXT'),
    data: Type.String({ pattern: `^[\\x20-\\x7e]{1,${TXT_MAX}}$` }),
    ttl: Type.Optional(Ttl),
  }),
]);
export type ZoneRecord = Static<typeof ZoneRecord>;

/** A zone. `primary` and `contact` are the SOA's names; `ttl` and `negativeTtl` (RFC 2308 §4) in seconds. */
export const Zone = Type.Object({
  name: Name,
  serial: Serial,
  ttl: Ttl,
  negativeTtl: Ttl,
  primary: Name,
  contact: Name,
  records: Type.Array(ZoneRecord),
});
export type Zone = Static<typeof Zone>;

/** A zone that has no serial yet. */
export type ZoneContent = Omit<Zone, 'serial'>;

/** A zone that named serves beside the site's own. Its kind says what it holds (`templates/dns/local.hbs`). */
export const LocalZone = Type.Object({
  name: Name,
  kind: Type.Unsafe<LocalZoneKind>(Type.Union(LOCAL_ZONE_KINDS.map((kind) => Type.Literal(kind)))),
});

const Address = Type.String({ pattern: ADDRESS_PATTERN });
const KeyName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });

/** A key of `keys.conf`: the one member of a desired state that is a secret (`maskDns`). */
const Key = Type.Object({
  name: KeyName,
  algorithm: Type.Unsafe<TsigAlgorithm>(Type.Union(TSIG_ALGORITHMS.map((name) => Type.Literal(name)))),
  secret: Type.String({ pattern: '^[A-Za-z0-9+/]{16,88}={0,2}$' }),
  number: Type.Integer({ minimum: 1 }),
});

/** On a region node: these racks get all zones and the list of zones (`catalog`). `key` signs that. */
const Racks = Type.Object({ key: KeyName, addresses: Type.Array(Address), catalog: Name });
export type Racks = Static<typeof Racks>;

/** On a region node: other servers that copy a zone, and the key that they need; null: their address is enough. */
const Transfer = Type.Object({ zone: Name, to: Type.Array(Address), key: Type.Union([KeyName, Type.Null()]) });
export type Transfer = Static<typeof Transfer>;

/**
 * On a rack: it copies every zone that the catalog names from these region nodes. `published`: the published serials of the zones that changed last;
 * `count`: number of all zones.
 */
const Copies = Type.Object({
  key: KeyName,
  primaries: Type.Array(Address, { minItems: 1 }),
  catalog: Name,
  published: Type.Array(Type.Object({ name: Name, serial: Serial })),
  count: Type.Integer({ minimum: 0 }),
});
export type Copies = Static<typeof Copies>;

/** A domain that other servers answer for: queries for it go only to these servers. */
const Forwarded = Type.Object({
  zone: Name,
  servers: Type.Array(Type.Object({ address: Address, port: Type.Integer({ minimum: 1, maximum: 65_535 }) }), {
    minItems: 1,
  }),
});
export type Forwarded = Static<typeof Forwarded>;

/** Desired state of BIND on a node. `clients`: networks that may ask for foreign names. */
export const DnsDesired = Type.Object({
  zones: Type.Array(Zone),
  /** Missing in states that were published before such zones existed. */
  local: Type.Optional(Type.Array(LocalZone)),
  clients: Type.Array(Type.String({ pattern: NETWORK_PATTERN })),
  forwarders: Type.Array(Type.String({ pattern: ADDRESS_PATTERN })),
  /** Left out: none. */
  forwarded: Type.Optional(Type.Array(Forwarded)),
  dnssecValidation: Type.Union([Type.Literal('auto'), Type.Literal('no')]),
  /** Answers per second to one network of unknown clients; 0: no limit. */
  rateLimit: Type.Integer({ minimum: 0, maximum: 1000 }),
  keys: Type.Optional(Type.Array(Key)),
  racks: Type.Optional(Racks),
  transfers: Type.Optional(Type.Array(Transfer)),
  /** Left out on a region node. */
  copies: Type.Optional(Copies),
});
export type DnsDesired = Static<typeof DnsDesired>;
