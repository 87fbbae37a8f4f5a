import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { HeldPart, ServiceState } from '../cluster/agent.ts';
import { Finding, Id, NodeDiff, nullable, oneOf, strict, Time, text } from '../base/common.ts';
import { ChangeParams } from './config.ts';
import { EVERYBODY, get, WATCHERS } from '../base/route-spec.ts';
import { WHAT_IF_EVENTS, WhatIf } from '../cluster/what-if.ts';

/** Whose addresses a run is, the most particular first. */
export const ADDRESS_USES = [
  'node',
  'gateway',
  'machine',
  'reservation',
  'dynamic',
  'reserved',
  'record',
  'lease',
] as const;
const AddressRun = strict({
  first: Type.String(),
  last: Type.String(),
  use: oneOf(ADDRESS_USES),
  what: Type.String({ description: 'as a text: name, MAC, comment' }),
  mac: nullable(Type.String()),
  until: nullable(Type.String({ format: 'date-time', description: 'end of a lease' })),
});
export const SubnetAddressParams = strict({ subnet: text(64, 'id, CIDR (with "/" written %2F) or name') });
/** Runs may lie in each other: a lease in its dynamic range. */
export const SubnetAddresses = strict({
  id: Id,
  cidr: Type.String(),
  runs: Type.Array(AddressRun),
  isCut: Type.Boolean({ description: 'there are more than 20,000 runs; these are the first' }),
});
export type SubnetAddresses = Static<typeof SubnetAddresses>;

const ServiceFile = strict({ target: Type.String({ description: 'path on the node' }), content: Type.String() });
export const ServiceFileParams = strict({
  node: text(64, 'id or name'),
  service: text(IDENTITY_MAX, 'its kind, or kind@key'),
});
export const ServiceFiles = strict({
  node: Type.String(),
  service: Type.String(),
  generation: Type.Integer(),
  publishedAt: Time,
  isApplied: Type.Boolean({ description: 'the node has this generation in force' }),
  files: Type.Array(ServiceFile),
});
export type ServiceFiles = Static<typeof ServiceFiles>;

/** `first`, `last`: the changes that were published to the node together. Null: what was published then is no longer stored. */
const ChangeOfNode = strict({
  ...NodeDiff.properties,
  generation: Type.Integer(),
  publishedAt: Time,
  first: Type.Integer(),
  last: Type.Integer(),
});
export const ChangeFiles = strict({
  id: Type.Integer(),
  nodes: Type.Array(ChangeOfNode),
  lost: Type.Array(Type.String(), { description: 'nodes whose files of that time are no longer stored' }),
});
export type ChangeFiles = Static<typeof ChangeFiles>;

/** Findings of either kind in one answer. */
export const PAST_FINDINGS_MAX = 1000;
export const PastFinding = strict({
  node: Type.String(),
  service: Type.String(),
  ...Finding.properties,
  isNew: Type.Boolean({ description: 'the compile before did not find it' }),
  untilAt: nullable(
    Type.String({ format: 'date-time', description: 'when a compile no longer found it; null: it stands' }),
  ),
});
export type PastFinding = Static<typeof PastFinding>;
const PastRefusal = strict({
  node: Type.String(),
  service: Type.String(),
  generation: Type.Integer(),
  state: ServiceState,
  why: Type.String({ description: 'the message of the checker' }),
  held: Type.Array(HeldPart, { description: 'what was left out; the rest is in force' }),
  at: Time,
});
/** What was found when a change was compiled: by the first compile that took it in, maybe with other changes. */
export const ChangeFindings = strict({
  id: Type.Integer(),
  state: oneOf(
    ['compiled', 'waiting', 'lost'],
    'waiting: it is not compiled yet; lost: what was found then is no longer stored',
  ),
  compiledAt: nullable(Time),
  first: nullable(Type.Integer({ description: 'the first change that was compiled together with it' })),
  last: nullable(Type.Integer()),
  items: Type.Array(PastFinding, { maxItems: PAST_FINDINGS_MAX }),
  gone: Type.Array(PastFinding, {
    maxItems: PAST_FINDINGS_MAX,
    description: 'what the compile before had found, and this one had not',
  }),
  isCut: Type.Boolean({ description: `there are more than ${PAST_FINDINGS_MAX} of either kind` }),
  refusals: Type.Array(PastRefusal, { description: 'what checkers of the nodes did not take of it' }),
});
export type ChangeFindings = Static<typeof ChangeFindings>;

export const WhatIfAll = strict({
  items: Type.Array(WhatIf),
  refused: Type.Array(strict({ node: Type.String(), event: oneOf(WHAT_IF_EVENTS), why: Type.String() }), {
    description: 'what cannot happen to a node',
  }),
});
export type WhatIfAll = Static<typeof WhatIfAll>;

/** Types of records that a lookup can request. */
export const LOOKUP_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type LookupType = (typeof LOOKUP_TYPES)[number];
export const LookupQuery = strict({
  name: text(254, 'full name; with PTR also an address'),
  type: Type.Optional(oneOf(LOOKUP_TYPES, 'A when left out; SOA has the serial number of a zone')),
});
const LookupAnswer = strict({
  node: Type.String(),
  address: Type.String({ description: 'of the server' }),
  code: Type.String({
    description: 'NOERROR, or the error of the server or of the network, such as NXDOMAIN, TIMEOUT',
  }),
  answers: Type.Array(Type.String(), { description: 'data of the records, in order of their text' }),
  serial: nullable(Type.Integer({ description: 'of the zone; null unless the type is SOA' })),
  ms: Type.Integer({ description: 'how long it took' }),
});
export type LookupAnswer = Static<typeof LookupAnswer>;
/** `agree`: those that answered say the same. */
export const Lookup = strict({
  name: Type.String(),
  type: oneOf(LOOKUP_TYPES),
  agree: Type.Boolean(),
  items: Type.Array(LookupAnswer),
});
export type Lookup = Static<typeof Lookup>;

/** Calls that gather for a screen what would be many calls. */
export const SCREEN_ROUTES = {
  'subnet.addresses': get('/subnets/{subnet}/addresses', 'Whose the addresses of a subnet are, as runs', {
    roles: EVERYBODY,
    params: SubnetAddressParams,
    response: SubnetAddresses,
  }),
  'service.files': get(
    '/services/{node}/{service}/files',
    'The files of a service as they are published, secrets masked',
    { roles: WATCHERS, params: ServiceFileParams, response: ServiceFiles },
  ),
  'config.files': get('/config/history/{change}/files', 'What a change did to the files of the nodes', {
    roles: WATCHERS,
    params: ChangeParams,
    response: ChangeFiles,
  }),
  'config.findings': get('/config/history/{change}/findings', 'What was found when a change was compiled', {
    roles: WATCHERS,
    params: ChangeParams,
    response: ChangeFindings,
  }),
  'dns.lookup': get('/dns/lookup', 'Ask every node that serves DNS for a name', {
    roles: EVERYBODY,
    query: LookupQuery,
    response: Lookup,
  }),
  'cluster.what-ifs': get('/cluster/what-ifs', 'What would come of each event at each node', {
    roles: EVERYBODY,
    response: WhatIfAll,
  }),
} as const;
