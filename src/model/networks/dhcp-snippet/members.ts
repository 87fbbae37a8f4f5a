/** What a value of a snippet may be. A list has at most this many elements of one kind. */
export type MemberRule =
  | { readonly kind: 'text'; readonly max: number; readonly pattern?: RegExp }
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  | { readonly kind: 'fraction' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'list'; readonly of: MemberRule; readonly max: number }
  | { readonly kind: 'object'; readonly members: Members };

/** Members that an object may have. */
export type Members = Readonly<Record<string, MemberRule>>;

const text = (max: number): MemberRule => ({ kind: 'text', max });
const whole = (least: number, most: number): MemberRule => ({ kind: 'whole', least, most });
const listOf = (of: MemberRule, max = 256): MemberRule => ({ kind: 'list', of, max });
const flag: MemberRule = { kind: 'flag' };
const seconds = whole(0, 4_294_967_295);
const address: MemberRule = { kind: 'text', max: 15, pattern: /^\d{1,3}(?:\.\d{1,3}){3}$/ };
const className: MemberRule = { kind: 'text', max: 128, pattern: /^[A-Za-z0-9_.-]+$/ };

const OPTION_DATA: MemberRule = listOf({
  kind: 'object',
  members: {
    name: text(128),
    code: whole(1, 254),
    space: text(128),
    data: text(4096),
    'csv-format': flag,
    'always-send': flag,
    'never-send': flag,
  },
});

const OPTION_DEF: MemberRule = listOf({
  kind: 'object',
  members: {
    name: text(128),
    code: whole(1, 254),
    type: text(64),
    array: flag,
    'record-types': text(1024),
    space: text(128),
    encapsulate: text(128),
  },
});

/** As long as the setting may be. */
const LEASE: Members = { 'valid-lifetime': whole(60, 604_800) };

const BOOT: Members = { 'server-hostname': text(63), 'boot-file-name': text(127) };

const LIFETIMES: Members = { 'min-valid-lifetime': seconds, 'max-valid-lifetime': seconds, 'offer-lifetime': seconds };

const TIMERS: Members = {
  'renew-timer': seconds,
  'rebind-timer': seconds,
  'calculate-tee-times': flag,
  't1-percent': { kind: 'fraction' },
  't2-percent': { kind: 'fraction' },
  ...LIFETIMES,
};

/** Members of a client class. */
export const CLASS_MEMBERS: Members = {
  name: className,
  test: text(4096),
  'template-test': text(4096),
  'only-if-required': flag,
  'option-data': OPTION_DATA,
  'option-def': OPTION_DEF,
  'next-server': address,
  'valid-lifetime': seconds,
  ...LIFETIMES,
  ...BOOT,
};

const CLASS: MemberRule = { kind: 'object', members: CLASS_MEMBERS };

/** What a snippet may hold, by its scope (Kea 2.6's reference manual, "DHCPv4 Server"). */
export const SNIPPET_MEMBERS = {
  global: {
    'option-data': OPTION_DATA,
    'option-def': OPTION_DEF,
    'client-classes': listOf(CLASS),
    'echo-client-id': flag,
    ...LEASE,
    ...TIMERS,
    ...BOOT,
  },
  subnet: {
    'option-data': OPTION_DATA,
    'client-class': className,
    'require-client-classes': listOf(className, 64),
    allocator: { kind: 'text', max: 16, pattern: /^(?:iterative|random)$/ },
    ...LEASE,
    ...TIMERS,
    ...BOOT,
  },
  host: { 'option-data': OPTION_DATA, 'client-classes': listOf(className, 64), 'next-server': address, ...BOOT },
} as const satisfies Readonly<Record<string, Members>>;

/** Members of Kea that people expect in a snippet, and why they are not there. */
export const NO_MEMBERS: Readonly<Record<string, string>> = {
  'hooks-libraries': 'a library would run inside of Kea',
  'control-socket': "Regent's agent asks Kea there",
  'control-sockets': "Regent's agent asks Kea there",
  loggers: 'Regent writes where Kea logs to',
  'lease-database': 'Regent sets where leases are stored',
  'hosts-database': 'static leases are machines and reservations',
  'hosts-databases': 'static leases are machines and reservations',
  'interfaces-config': 'VLANs and racks say where Kea listens',
  'server-tag': 'Regent knows the running configuration by it',
  'user-context': 'Regent writes it',
  'config-control': 'Regent writes the configuration',
  'dhcp-ddns': 'Regent publishes names itself',
  'ddns-send-updates': 'Regent publishes names itself',
  subnet4: 'subnets are nouns: regent subnet',
  'shared-networks': 'VLANs are nouns: regent vlan',
  subnet: 'subnets are nouns: regent subnet',
  id: 'Regent numbers subnets',
  interface: 'VLANs and racks say where Kea listens',
  relay: 'VLANs say where their relay is: regent vlan set --relay-vlan',
  pools: 'ranges are nouns: regent range',
  reservations: 'static leases are machines and reservations',
  'hw-address': 'the scope of the snippet says whom it is for',
  'ip-address': 'static leases are machines and reservations',
  hostname: 'names are those of machines and reservations',
  'valid-lifetime': 'a snippet for all, or for a subnet, has it',
  'next-server': 'set --boot-server of the subnet',
  authoritative: 'Regent writes it',
  'match-client-id': 'Regent writes it',
  'multi-threading': 'Regent writes it',
};
