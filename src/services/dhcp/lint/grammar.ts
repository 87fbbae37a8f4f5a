import { CLASS_MEMBERS, SNIPPET_MEMBERS } from '../../../model/networks/dhcp-snippet/members.ts';
import { TRUST_FILES } from '../../../model/cluster/trust-files.ts';
import type { FileGrammar } from '../../kit/grammar/grammar.ts';
import { type JsonRule, textRule } from '../../kit/grammar/json.ts';
import { ADDRESS, HOST, INTERFACE } from '../../kit/grammar/patterns.ts';
import { KEY_PATTERN, type KeaPlaces } from '../places.ts';

const MANY = 1_000_000;

const exactly = (value: unknown): JsonRule => ({ kind: 'exactly', value });
const object = (members: Readonly<Record<string, JsonRule>>): JsonRule => ({ kind: 'object', members });
const listOf = (of: JsonRule, max = MANY): JsonRule => ({ kind: 'list', of, max });
const whole = (most = 4_294_967_295): JsonRule => ({ kind: 'whole', least: 0, most });
const text = (pattern: string, max = 300) => textRule(pattern, max);
const flag: JsonRule = { kind: 'flag' };
/** A sentence, an expression, a name: Kea reads it and opens nothing. */
const freeText: JsonRule = { kind: 'text', max: 4096 };

const { global, subnet, host } = SNIPPET_MEMBERS;

const NETWORKS = listOf(
  object({
    name: text('vlan-[0-9]{1,10}(?:-subnet-[0-9]{1,10})?'),
    interface: text(INTERFACE),
    authoritative: flag,
    'require-client-classes': listOf(freeText),
    subnet4: listOf(
      object({
        ...subnet,
        allocator: text('iterative|random|flq'),
        id: whole(),
        subnet: text('[0-9./]{9,18}'),
        'next-server': text('[0-9.]{0,15}'),
        'require-client-classes': listOf(freeText),
        'user-context': object({ 'ha-server-name': text(HOST) }),
        pools: listOf(object({ pool: text('[0-9.]{7,15}-[0-9.]{7,15}'), 'client-class': exactly('KNOWN') })),
        'reservations-global': exactly(false),
        reservations: listOf(
          object({
            ...host,
            'hw-address': text('[0-9a-f]{2}(?::[0-9a-f]{2}){5}'),
            'ip-address': text('[0-9.]{7,15}'),
            hostname: freeText,
          }),
        ),
      }),
    ),
  }),
);

const LOGGERS = [
  ['kea-dhcp4', 'INFO'],
  ['kea-dhcp4.dhcpsrv', 'ERROR'],
  ['kea-dhcp4.packets', 'WARN'],
  ['kea-dhcp4.commands', 'WARN'],
].map(([name, severity]) => ({ name, severity, output_options: [{ output: 'stdout', pattern: '%-5p %m\n' }] }));

const BUNDLE = TRUST_FILES.pairBundle.path;
const URL = 'https?://(?:[0-9.]{7,15}|\\[[0-9a-f:.]{2,45}\\]):[0-9]{1,5}/';

const ha = ({ partner }: KeaPlaces) =>
  object({
    library: exactly('libdhcp_ha.so'),
    parameters: object({
      'high-availability': listOf(
        object({
          'this-server-name': text(HOST),
          mode: exactly('hot-standby'),
          'heartbeat-delay': exactly(500),
          'max-response-delay': exactly(1000),
          'max-ack-delay': exactly(1000),
          'max-unacked-clients': exactly(0),
          'sync-timeout': exactly(10_000),
          'sync-page-limit': exactly(2000),
          'send-lease-updates': exactly(true),
          'sync-leases': exactly(true),
          'restrict-commands': exactly(true),
          // Of the checker's copy: the rack's own.
          'trust-anchor': { kind: 'oneOf', rules: [exactly(partner), exactly(BUNDLE)] },
          'cert-file': exactly(BUNDLE),
          'key-file': exactly(BUNDLE),
          'require-client-certs': exactly(true),
          'multi-threading': object({
            'enable-multi-threading': flag,
            'http-dedicated-listener': flag,
            'http-listener-threads': exactly(2),
            'http-client-threads': exactly(2),
          }),
          peers: listOf(
            object({
              name: text(HOST),
              url: text(URL),
              role: text('primary|standby'),
              'auto-failover': exactly(false),
            }),
            2,
          ),
        }),
        1,
      ),
    }),
  });

const librariesOf = (places: KeaPlaces): JsonRule =>
  listOf(
    {
      kind: 'oneOf',
      rules: [exactly({ library: 'libdhcp_lease_cmds.so' }), exactly({ library: 'libdhcp_stat_cmds.so' }), ha(places)],
    },
    3,
  );

/** Kea would load any library and log to any file: libraries, sockets, the lease file and loggers are the template's. */
export function keaGrammar(places: KeaPlaces): FileGrammar {
  const name = places.conf.slice(places.folder.length + 1).replaceAll('.', '\\.');
  const members: Readonly<Record<string, JsonRule>> = {
    ...global,
    'server-tag': text('[0-9a-f]{32}t?'),
    'user-context': object({
      'generated-by': exactly('Regent; do not edit: it is written anew'),
      links: listOf(freeText),
    }),
    'interfaces-config': object({
      interfaces: listOf(text(`${INTERFACE}/[0-9.]{7,15}`)),
      're-detect': exactly(true),
      'service-sockets-max-retries': exactly(4_294_967_295),
      'service-sockets-retry-wait-time': exactly(500),
    }),
    'control-socket': exactly({ 'socket-type': 'unix', 'socket-name': places.socket }),
    'lease-database': object({
      type: exactly('memfile'),
      persist: flag,
      name: exactly(places.leases),
      'lfc-interval': exactly(3600),
    }),
    'sanity-checks': exactly({ 'lease-checks': 'fix' }),
    'multi-threading': exactly({ 'enable-multi-threading': true }),
    'dhcp-queue-control': exactly({ 'enable-queue': false }),
    'reservations-lookup-first': exactly(true),
    'reservations-global': exactly(true),
    'reservations-in-subnet': exactly(true),
    reservations: listOf(object({ ...host, 'hw-address': text('[0-9a-f]{2}(?::[0-9a-f]{2}){5}'), hostname: freeText })),
    'hooks-libraries': librariesOf(places),
    authoritative: exactly(true),
    'match-client-id': exactly(false),
    'host-reservation-identifiers': exactly(['hw-address']),
    'valid-lifetime': whole(604_800),
    'decline-probation-period': exactly(900),
    'ddns-send-updates': exactly(false),
    'hostname-char-set': exactly('[^A-Za-z0-9.-]'),
    'hostname-char-replacement': exactly('-'),
    'client-classes': listOf(object({ ...CLASS_MEMBERS, name: freeText, test: freeText })),
    'shared-networks': NETWORKS,
    subnet4: exactly([]),
    loggers: exactly(LOGGERS),
  };
  return { names: `(?:check/)?${name}`, json: object({ Dhcp4: object(members) }) };
}

const port: JsonRule = { kind: 'whole', least: 1024, most: 65_535 };
const peer = object({ name: text(HOST), address: text(ADDRESS) });

/** `ha/dhcp` reads it as root: names, addresses, ports. */
export const PAIR_GRAMMAR: FileGrammar = {
  names: 'pair\\.json',
  members: {
    text: object({
      key: text(KEY_PATTERN),
      role: text('primary|standby'),
      self: text(HOST),
      primary: text(HOST),
      standby: text(HOST),
      address: text(ADDRESS),
      partner: peer,
      haPort: port,
      partnerPort: port,
      regions: listOf(peer),
      isDrained: flag,
      vlans: listOf(freeText),
      interfaces: listOf(text(INTERFACE)),
    }),
  },
};
