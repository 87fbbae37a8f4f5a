/** How the value of a DHCP option is written. */
export const OPTION_TYPES = [
  'ipv4-address',
  'uint8',
  'uint16',
  'uint32',
  'int32',
  'boolean',
  'string',
  'fqdn',
  'binary',
  'routes',
] as const;
export type OptionType = (typeof OPTION_TYPES)[number];

/** An option that operators may set by its name. `isList`: several values, separated by commas. */
export type KnownOption = { readonly code: number; readonly type: OptionType; readonly isList: boolean };

const one = (code: number, type: OptionType): KnownOption => ({ code, type, isList: false });
const many = (code: number, type: OptionType): KnownOption => ({ code, type, isList: true });

/**
 * Options by the names that Kea 2.6 has for them (src/lib/dhcp/std_option_defs.h; IANA's registry of BOOTP and DHCP parameters). Not here:
 * what Regent or Kea itself writes (`TAKEN_OPTIONS`), and what only clients send.
 */
export const KNOWN_OPTIONS: Readonly<Record<string, KnownOption>> = {
  'time-offset': one(2, 'int32'),
  'time-servers': many(4, 'ipv4-address'),
  'name-servers': many(5, 'ipv4-address'),
  'log-servers': many(7, 'ipv4-address'),
  'cookie-servers': many(8, 'ipv4-address'),
  'lpr-servers': many(9, 'ipv4-address'),
  'impress-servers': many(10, 'ipv4-address'),
  'resource-location-servers': many(11, 'ipv4-address'),
  'boot-size': one(13, 'uint16'),
  'merit-dump': one(14, 'string'),
  'domain-name': one(15, 'fqdn'),
  'swap-server': one(16, 'ipv4-address'),
  'root-path': one(17, 'string'),
  'extensions-path': one(18, 'string'),
  'ip-forwarding': one(19, 'boolean'),
  'non-local-source-routing': one(20, 'boolean'),
  'policy-filter': many(21, 'ipv4-address'),
  'max-dgram-reassembly': one(22, 'uint16'),
  'default-ip-ttl': one(23, 'uint8'),
  'path-mtu-aging-timeout': one(24, 'uint32'),
  'path-mtu-plateau-table': many(25, 'uint16'),
  'interface-mtu': one(26, 'uint16'),
  'all-subnets-local': one(27, 'boolean'),
  'broadcast-address': one(28, 'ipv4-address'),
  'perform-mask-discovery': one(29, 'boolean'),
  'mask-supplier': one(30, 'boolean'),
  'router-discovery': one(31, 'boolean'),
  'router-solicitation-address': one(32, 'ipv4-address'),
  'static-routes': many(33, 'ipv4-address'),
  'trailer-encapsulation': one(34, 'boolean'),
  'arp-cache-timeout': one(35, 'uint32'),
  'ieee802-3-encapsulation': one(36, 'boolean'),
  'default-tcp-ttl': one(37, 'uint8'),
  'tcp-keepalive-interval': one(38, 'uint32'),
  'tcp-keepalive-garbage': one(39, 'boolean'),
  'nis-domain': one(40, 'string'),
  'nis-servers': many(41, 'ipv4-address'),
  'ntp-servers': many(42, 'ipv4-address'),
  'vendor-encapsulated-options': one(43, 'binary'),
  'netbios-name-servers': many(44, 'ipv4-address'),
  'netbios-dd-server': many(45, 'ipv4-address'),
  'netbios-node-type': one(46, 'uint8'),
  'netbios-scope': one(47, 'string'),
  'font-servers': many(48, 'ipv4-address'),
  'x-display-manager': many(49, 'ipv4-address'),
  'nwip-domain-name': one(62, 'string'),
  'nisplus-domain-name': one(64, 'string'),
  'nisplus-servers': many(65, 'ipv4-address'),
  'tftp-server-name': one(66, 'string'),
  'boot-file-name': one(67, 'string'),
  'mobile-ip-home-agent': many(68, 'ipv4-address'),
  'smtp-server': many(69, 'ipv4-address'),
  'pop-server': many(70, 'ipv4-address'),
  'nntp-server': many(71, 'ipv4-address'),
  'www-server': many(72, 'ipv4-address'),
  'finger-server': many(73, 'ipv4-address'),
  'irc-server': many(74, 'ipv4-address'),
  'streettalk-server': many(75, 'ipv4-address'),
  'streettalk-directory-assistance-server': many(76, 'ipv4-address'),
  'nds-servers': many(85, 'ipv4-address'),
  'nds-tree-name': one(86, 'string'),
  'nds-context': one(87, 'string'),
  'bcms-controller-names': many(88, 'fqdn'),
  'bcms-controller-address': many(89, 'ipv4-address'),
  'uap-servers': one(98, 'string'),
  pcode: one(100, 'string'),
  tcode: one(101, 'string'),
  'v6-only-preferred': one(108, 'uint32'),
  'netinfo-server-address': many(112, 'ipv4-address'),
  'netinfo-server-tag': one(113, 'string'),
  'v4-captive-portal': one(114, 'string'),
  'auto-config': one(116, 'uint8'),
  'name-service-search': many(117, 'uint16'),
  'domain-search': many(119, 'fqdn'),
  'classless-static-route': many(121, 'routes'),
  'capwap-ac-v4': many(138, 'ipv4-address'),
  // Kea has no name for it: RFC 5859, what telephones ask for.
  'tftp-server-address': many(150, 'ipv4-address'),
};

/** Options that Regent or Kea writes, and what an operator sets instead. */
export const TAKEN_OPTIONS: Readonly<Record<number, { readonly name: string; readonly instead: string }>> = {
  1: { name: 'subnet-mask', instead: "the subnet's own prefix makes it" },
  3: { name: 'routers', instead: 'set the gateway of the subnet (--gateway)' },
  6: { name: 'domain-name-servers', instead: 'set the resolvers of the subnet (--resolver)' },
  12: { name: 'host-name', instead: 'the name of the machine or reservation makes it' },
  50: { name: 'dhcp-requested-address', instead: 'only clients send it' },
  51: { name: 'dhcp-lease-time', instead: 'set the lease time (--lease-time, or the setting dhcp_lease_time)' },
  52: { name: 'dhcp-option-overload', instead: 'Kea writes it' },
  53: { name: 'dhcp-message-type', instead: 'Kea writes it' },
  54: { name: 'dhcp-server-identifier', instead: 'Kea writes it' },
  55: { name: 'dhcp-parameter-request-list', instead: 'only clients send it' },
  56: { name: 'dhcp-message', instead: 'Kea writes it' },
  57: { name: 'dhcp-max-message-size', instead: 'only clients send it' },
  58: { name: 'dhcp-renewal-time', instead: 'the lease time makes it (--lease-time)' },
  59: { name: 'dhcp-rebinding-time', instead: 'the lease time makes it (--lease-time)' },
  60: { name: 'vendor-class-identifier', instead: 'network boot needs it' },
  61: { name: 'dhcp-client-identifier', instead: 'only clients send it' },
  82: { name: 'dhcp-agent-options', instead: 'relays write it' },
};

/** Codes that a site may give a meaning of its own (RFC 3942). */
export const OWN_CODES = { first: 224, last: 254 } as const;

/** What else Kea 2.6 knows by name: what clients and relays send, and what needs more than a value. */
const KEA_OPTIONS =
  'associated-ip authenticate base-time client-last-transaction-time client-ndi client-system data-source dhcp-agent-options dhcp-client-identifier dhcp-lease-time dhcp-max-message-size dhcp-message dhcp-message-type dhcp-option-overload dhcp-parameter-request-list dhcp-rebinding-time dhcp-renewal-time dhcp-requested-address dhcp-server-identifier dhcp-state fqdn geoconf-civic nwip-suboptions option-6rd pana-agent query-end-time query-start-time rdnss-selection start-time-of-state status-code subnet-selection user-class uuid-guid v4-access-domain v4-dnr v4-lost v4-portparams v4-sztp-redirect vendor-class-identifier vendor-encapsulated-options virtual-subnet-select virtual-subnet-select-ctrl vivco-suboptions vivso-suboptions'.split(
    ' ',
  );
const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(KNOWN_OPTIONS),
  ...Object.values(TAKEN_OPTIONS).map(({ name }) => name),
  ...KEA_OPTIONS,
]);

/** Does Kea know an option by this name without a definition? */
export const isKeaOption = (name: string): boolean => NAMES.has(name);
