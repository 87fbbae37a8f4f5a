import Type, { type Static } from 'typebox';
import { LOCAL_ZONE_KINDS, type LocalZoneKind } from '../../model/special/local-zones.ts';
import { TTL_MAX, TTL_MIN, TXT_MAX } from '../../model/record.ts';

/** A name without final dot: labels of at most 63 characters, 253 in all; `*` may be the first, `_` may start one. */
const NAME_PATTERN = '^(?=.{1,253}$)(?:\\*\\.)?_?[a-z0-9][a-z0-9-]{0,62}(?:\\._?[a-z0-9][a-z0-9-]{0,62})*$';
const OWNER_PATTERN = `^@$|^\\*$|${NAME_PATTERN}`;
const ADDRESS_PATTERN = '^[0-9a-f.:]{2,45}$';
const NETWORK_PATTERN = '^[0-9a-f.:]{2,45}/[0-9]{1,3}$';

const Name = Type.String({ pattern: NAME_PATTERN });
const Ttl = Type.Integer({ minimum: TTL_MIN, maximum: TTL_MAX });
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
    type: Type.Literal('TXT'),
    data: Type.String({ pattern: `^[\\x20-\\x7e]{1,${TXT_MAX}}$` }),
    ttl: Type.Optional(Ttl),
  }),
]);
export type ZoneRecord = Static<typeof ZoneRecord>;

/** A zone. `primary` and `contact` are the SOA's names; `ttl` and `negativeTtl` (RFC 2308 §4) in seconds. */
export const Zone = Type.Object({
  name: Name,
  serial: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }),
  ttl: Ttl,
  negativeTtl: Ttl,
  primary: Name,
  contact: Name,
  records: Type.Array(ZoneRecord),
});
export type Zone = Static<typeof Zone>;

/** A zone that has no serial yet. */
export type ZoneContent = Omit<Zone, 'serial'>;

/** A zone that named serves beside the site's own: what it holds is known by its kind (`templates/dns/local.hbs`). */
export const LocalZone = Type.Object({
  name: Name,
  kind: Type.Unsafe<LocalZoneKind>(Type.Union(LOCAL_ZONE_KINDS.map((kind) => Type.Literal(kind)))),
});

/** What BIND is to be on a node. `clients`: networks that may ask for names that are not ours. */
export const DnsDesired = Type.Object({
  zones: Type.Array(Zone),
  /** Left out in what was published before there were any. */
  local: Type.Optional(Type.Array(LocalZone)),
  clients: Type.Array(Type.String({ pattern: NETWORK_PATTERN })),
  forwarders: Type.Array(Type.String({ pattern: ADDRESS_PATTERN })),
  dnssecValidation: Type.Union([Type.Literal('auto'), Type.Literal('no')]),
  /** Answers per second to one stranger's network; 0: no limit. */
  rateLimit: Type.Integer({ minimum: 0, maximum: 1000 }),
});
export type DnsDesired = Static<typeof DnsDesired>;
