import { hidingZones, LOCAL_ZONE_KINDS, type LocalZoneKind } from '../../model/names/local-zones.ts';
import { NOWHERE } from '../../model/names/record.ts';
import { txtStrings } from '../../model/names/txt.ts';
import { textDigest } from '../../core/stable-json.ts';
import type { FileSpec } from '../kit/contract.ts';
import type { DnsDesired, Forwarded, Zone, ZoneRecord } from './desired.ts';
import { KEYS_GRAMMAR, LOCAL_CONF_GRAMMAR, LOCAL_GRAMMAR, NAMED_GRAMMAR, ZONE_GRAMMAR } from './grammar.ts';
import { type GivenView, givenView, type TakenView, takenView } from './view-copies.ts';

/** Regent's own folder of BIND; Debian's AppArmor profile lets named read it and write nothing in it. */
export const FOLDER = '/etc/bind/regent';
/** BIND's main file. */
export const NAMED_CONF = `${FOLDER}/named.conf`;
/** Keys for transfers. Only root and named may read them. */
export const KEYS_CONF = `${FOLDER}/keys.conf`;
/** A rack's local zones, in a file of their own. named sees only at its start that the catalog has a zone with one of these names. */
export const LOCAL_CONF = `${FOLDER}/local.conf`;
/** A copy of the main file for its checker, with keys and local zones in it. The installed ones may be older, or missing. */
export const NAMED_CHECK = `${FOLDER}/check/named.conf`;
const LOCAL = `${FOLDER}/local`;
const ZONES = `${FOLDER}/zones`;
/** How long a resolver remembers an answer of a local zone (RFC 6303 §3), or that an address has no name, seconds. */
const LOCAL_TTL = 10_800;
const UNNAMED_TTL = 60;
/** Journals that named writes of changed zones, for transfers of the difference. They are removed when it starts (systemd/named.service.d). */
const JOURNAL = '/var/cache/bind/ixfr-';
/** A file name has at most 255 bytes, and the installation adds to it for a moment. */
const FILE_NAME_MAX = 200;

interface ConfView {
  readonly clients: readonly string[];
  readonly hasForwarders: boolean;
  readonly forwarders: readonly string[];
  readonly hasForwarded: boolean;
  readonly forwarded: readonly Forwarded[];
  readonly dnssecValidation: string;
  readonly disabledZones: readonly string[];
  readonly hasRateLimit: boolean;
  readonly rateLimit: number;
  readonly isEmptyZoneMaker: boolean;
  readonly hasKeys: boolean;
  /** The keys stand in this file itself. */
  readonly isForCheck: boolean;
  readonly keys: readonly KeyView[];
  readonly keysFile: string;
  /** On a rack. */
  readonly isCopy: boolean;
  readonly copies: TakenView;
  readonly localFile: string;
  readonly hasZones: boolean;
  readonly zones: readonly ConfZone[];
}

type KeyView = { readonly name: string; readonly algorithm: string; readonly secret: string };

/** A zone of named.conf. */
type ConfZone = GivenView & { readonly name: string; readonly file: string; readonly journal: string };

type ZoneView = Omit<Zone, 'records'> & { readonly records: readonly RecordView[] };

interface RecordView {
  readonly name: string;
  readonly hasTtl: boolean;
  readonly ttl: number;
  readonly type: string;
  readonly isText: boolean;
  /** The character-strings of TXT data. */
  readonly texts: readonly string[];
  readonly data: string;
  readonly hasWords: boolean;
  readonly words: readonly string[];
}

interface LocalView {
  readonly kind: LocalZoneKind;
  readonly negativeTtl: number;
  readonly isHost: boolean;
  readonly isLoopback4: boolean;
  readonly isLoopback6: boolean;
}

/** What the templates of `dns` see. */
export interface DnsView {
  readonly conf: ConfView;
  readonly zones: readonly ZoneView[];
  readonly local: readonly LocalView[];
}

const BIND = { mode: 0o640, owner: 'root', group: 'bind' } as const;

/**
 * One file per zone, one per kind of local zone, the keys, then named.conf, which names them, and its copy: installed in this order. root owns them,
 * named may read them.
 */
export const DNS_FILES: readonly FileSpec<DnsView>[] = [
  {
    template: 'zone.hbs',
    grammar: ZONE_GRAMMAR,
    comment: ';',
    ...BIND,
    instances: (view) => view.zones.map((zone) => ({ target: zoneFile(zone.name), view: zone })),
  },
  {
    template: 'local.hbs',
    grammar: LOCAL_GRAMMAR,
    comment: ';',
    ...BIND,
    instances: (view) => view.local.map((item) => ({ target: localFile(item.kind), view: item })),
  },
  {
    template: 'keys.conf.hbs',
    grammar: KEYS_GRAMMAR,
    comment: '//',
    ...BIND,
    instances: (view) => (view.conf.hasKeys ? [{ target: KEYS_CONF, view: view.conf }] : []),
  },
  {
    template: 'local.conf.hbs',
    grammar: LOCAL_CONF_GRAMMAR,
    comment: '//',
    ...BIND,
    instances: ({ conf }) => (conf.isCopy ? [{ target: LOCAL_CONF, view: conf }] : []),
  },
  {
    template: 'named.conf.hbs',
    grammar: NAMED_GRAMMAR,
    comment: '//',
    ...BIND,
    instances: ({ conf }) => [
      { target: NAMED_CONF, view: conf },
      ...(conf.hasKeys
        ? [{ target: NAMED_CHECK, view: { ...conf, isForCheck: true, hasZones: true }, isCopy: true }]
        : []),
    ],
  },
];

/** Path of a zone's file. A name that is too long for a file name becomes a folder and a file. */
export function zoneFile(zone: string): string {
  if (zone.length <= FILE_NAME_MAX) return `${ZONES}/db.${zone}`;
  return `${ZONES}/long/${zone.slice(0, FILE_NAME_MAX)}/_${zone.slice(FILE_NAME_MAX)}`;
}

/** Path of the file that all local zones of a kind share. It contains no zone's name. */
export function localFile(kind: LocalZoneKind): string {
  return `${LOCAL}/${kind}`;
}

/** A zone name with which to check the file of a kind of local zones; null for any other file. */
export function localZoneOfFile(path: string): string | null {
  const kind = LOCAL_ZONE_KINDS.find((item) => localFile(item) === path);
  if (kind === undefined) return null;
  return kind === 'localhost' ? 'localhost' : 'local.in-addr.arpa';
}

/** The zone whose file this is; null for any other file. */
export function zoneOfFile(path: string): string | null {
  const name = path.startsWith(`${ZONES}/`) ? path.slice(ZONES.length + 1) : '';
  const zone = name.startsWith('db.') ? name.slice(3) : name.replace('long/', '').replace('/_', '');
  return zoneFile(zone) === path ? zone : null;
}

/** Makes the templates' view of a desired state. */
export function viewDns(desired: DnsDesired): DnsView {
  const local = desired.local ?? [];
  const { keys = [], forwarded = [], copies } = desired;
  return {
    conf: {
      clients: desired.clients,
      hasForwarders: desired.forwarders.length > 0,
      forwarders: desired.forwarders,
      hasForwarded: forwarded.length > 0,
      forwarded,
      dnssecValidation: desired.dnssecValidation,
      disabledZones: hidingZones(new Set(desired.zones.map((zone) => zone.name))),
      hasRateLimit: desired.rateLimit > 0,
      rateLimit: desired.rateLimit,
      // named's own empty zones would block a zone that the catalog names.
      isEmptyZoneMaker: copies === undefined,
      hasKeys: keys.length > 0,
      isForCheck: false,
      keys,
      keysFile: KEYS_CONF,
      isCopy: copies !== undefined,
      copies: takenView(copies),
      localFile: LOCAL_CONF,
      hasZones: copies === undefined,
      zones: [
        ...desired.zones.map((zone) => confZone(zone.name, zoneFile(zone.name), givenView(desired, zone.name))),
        ...local.map((zone) => confZone(zone.name, localFile(zone.kind), givenView(desired, null))),
      ],
    },
    zones: desired.zones.map((zone) => ({ ...zone, records: zone.records.map((record) => viewRecord(record, zone)) })),
    local: LOCAL_ZONE_KINDS.filter((kind) => local.some((zone) => zone.kind === kind)).map(viewLocal),
  };
}

function confZone(name: string, file: string, given: GivenView): ConfZone {
  return { name, file, journal: `${JOURNAL}${textDigest(name).slice(0, 40)}`, ...given };
}

function viewLocal(kind: LocalZoneKind): LocalView {
  return {
    kind,
    negativeTtl: kind === 'unnamed' ? UNNAMED_TTL : LOCAL_TTL,
    isHost: kind === 'localhost',
    isLoopback4: kind === 'loopback4',
    isLoopback6: kind === 'loopback6',
  };
}

function viewRecord(record: ZoneRecord, zone: Zone): RecordView {
  const fields = fieldsOf(record);
  const isName = record.type === 'CNAME' || record.type === 'NS' || record.type === 'PTR';
  return {
    name: record.name,
    hasTtl: record.ttl !== undefined,
    ttl: record.ttl ?? zone.ttl,
    type: record.type,
    isText: record.type === 'TXT',
    texts: record.type === 'TXT' ? txtStrings(record.data) : [],
    data: isName ? `${record.data}.` : record.data,
    hasWords: fields.length > 0,
    words: fields,
  };
}

/**
 * The fields of a datum that has several; a host among them is the last one, and ends with a dot; a single dot is no
 * host.
 */
function fieldsOf({ type, data }: ZoneRecord): readonly string[] {
  if (type !== 'MX' && type !== 'SRV' && type !== 'SSHFP') return [];
  return `${data}${type === 'SSHFP' || data.endsWith(NOWHERE) ? '' : '.'}`.split(' ');
}
