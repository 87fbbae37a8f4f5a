import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import { formatPlace, type PowerSetting, parsePlace } from '../../model/machines/power.ts';

/** UDP port of RMCP (DMTF DSP0136). */
export const RMCP_PORT = 623;

/** What MAAS's parameter `workaround_flags` takes: names of FreeIPMI. Those that ipmitool has as `-o` are in `workarounds` of `ipmitool.ts`. */
const FLAGS = [
  'opensesspriv',
  'authcap',
  'idzero',
  'unexpectedauth',
  'forcepermsg',
  'endianseq',
  'intel20',
  'supermicro20',
  'sun20',
  'nochecksumcheck',
  'integritycheckvalue',
  'ipmiping',
];

/** IPMI 2.0 takes 20 bytes at most (table 22-30 of the specification). */
const PASSWORD_MAX = 20;

/** MAAS's parameters of the power type ipmi. Cipher suites without encryption or authentication, such as 0, are not among the choices. */
export const SETTINGS: readonly PowerSetting[] = [
  {
    name: 'power_driver',
    label: 'Power driver',
    kind: 'choice',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    choices: [
      { value: 'LAN', label: 'LAN [IPMI 1.5]' },
      { value: 'LAN_2_0', label: 'LAN_2_0 [IPMI 2.0]' },
    ],
    default: 'LAN_2_0',
  },
  {
    name: 'power_boot_type',
    label: 'Power boot type',
    kind: 'choice',
    scope: 'bmc',
    choices: [
      { value: 'auto', label: 'Automatic' },
      { value: 'legacy', label: 'Legacy boot' },
      { value: 'efi', label: 'EFI boot' },
    ],
    default: 'auto',
  },
  {
    name: 'power_address',
    label: 'IP address',
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseAddressText,
  },
  {
    name: 'power_user',
    label: 'Power user',
    kind: 'text',
    scope: 'bmc',
    parse: (text, field) => parseShort(text, field, 16),
  },
  {
    name: 'power_pass',
    label: 'Power password',
    kind: 'password',
    scope: 'bmc',
    isSecret: true,
    parse: (text, field) => parseShort(text, field, PASSWORD_MAX),
  },
  { name: 'k_g', label: 'K_g BMC key', kind: 'password', scope: 'bmc', isSecret: true, parse: parseKey },
  {
    name: 'cipher_suite_id',
    label: 'Cipher Suite ID',
    kind: 'choice',
    scope: 'bmc',
    choices: [
      { value: '17', label: '17 - HMAC-SHA256::HMAC_SHA256_128::AES-CBC-128' },
      { value: '3', label: '3 - HMAC-SHA1::HMAC-SHA1-96::AES-CBC-128' },
      { value: '', label: 'the best one that the BMC takes' },
      { value: '8', label: '8 - HMAC-MD5::HMAC-MD5-128::AES-CBC-128' },
      { value: '12', label: '12 - HMAC-MD5::MD5-128::AES-CBC-128' },
    ],
    default: '',
  },
  {
    name: 'privilege_level',
    label: 'Privilege Level',
    kind: 'choice',
    scope: 'bmc',
    choices: [
      { value: 'USER', label: 'User' },
      { value: 'OPERATOR', label: 'Operator' },
      { value: 'ADMIN', label: 'Administrator' },
    ],
    default: 'OPERATOR',
  },
  {
    name: 'workaround_flags',
    label: 'Workaround Flags',
    kind: 'several',
    scope: 'bmc',
    choices: FLAGS.map((value) => ({ value, label: value })),
    default: ['opensesspriv'],
  },
  { name: 'mac_address', label: 'Power MAC', kind: 'text', scope: 'machine', parse: parseMac },
  {
    name: 'power_off_mode',
    label: 'Power off mode',
    kind: 'choice',
    scope: 'bmc',
    choices: [
      { value: 'hard', label: 'hard' },
      { value: 'soft', label: 'soft' },
    ],
    default: 'hard',
  },
];

function parseAddressText(text: string, field: string): string | Rejected {
  const place = parsePlace(text, field, RMCP_PORT);
  return isRejected(place) ? place : formatPlace(place, RMCP_PORT);
}

function parseShort(text: string, field: string, most: number): string | Rejected {
  if (Buffer.byteLength(text) <= most) return text;
  return invalid(field, 'it is too long', `at most ${most} bytes (IPMI 2.0)`);
}

/** The BMC's key goes to ipmitool as text: what is no text cannot be given. */
function parseKey(text: string, field: string): string | Rejected {
  const isHex = /^0x(?:[0-9a-f]{2})+$/i.test(text);
  const key = isHex ? Buffer.from(text.slice(2), 'hex').toString('latin1') : text;
  if (/^[\x20-\x7e]+$/.test(key) && key.length <= PASSWORD_MAX) return key;
  return invalid(
    field,
    'it is not usable',
    `1 to ${PASSWORD_MAX} printable ASCII characters, also as 0x and hexadecimal digits`,
  );
}

function parseMac(text: string, field: string): string | Rejected {
  const mac = text.toLowerCase().replaceAll('-', ':');
  return /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)
    ? mac
    : invalid(field, 'it is not a MAC address', 'six bytes, as 52:54:00:00:00:01');
}
