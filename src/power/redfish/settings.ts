import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { formatPlace, type PowerSetting, parsePlace } from '../../model/machines/power.ts';

export const HTTPS_PORT = 443;

/** MAAS's parameters of the power type redfish, and `certificate_fingerprint`, which is ours. */
export const SETTINGS: readonly PowerSetting[] = [
  {
    name: 'power_address',
    label: 'Redfish address',
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseAddressText,
  },
  { name: 'power_user', label: 'Redfish user', kind: 'text', scope: 'bmc', isRequired: true },
  { name: 'power_pass', label: 'Redfish password', kind: 'password', scope: 'bmc', isRequired: true, isSecret: true },
  { name: 'node_id', label: 'Node ID', kind: 'text', scope: 'machine', parse: parseNodeId },
  {
    name: 'certificate_fingerprint',
    label: "SHA-256 of the BMC's certificate; without it the first one that is seen is stored",
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    parse: parseFingerprint,
  },
];

/** A place, with `https://` before it or without; a password is never sent in clear. */
function parseAddressText(text: string, field: string): string | Rejected {
  if (/^http:/i.test(text)) return invalid(field, `${show(text)} is not encrypted`, 'https://…, or only an address');
  const bare = text.replace(/^https:\/\//i, '').replace(/(?:\/redfish(?:\/v1)?)?\/*$/i, '');
  // What other tools take as one address.
  const system = /^[^/]+\/redfish\/v1\/systems\/([^/]+)/i.exec(bare)?.[1];
  if (system !== undefined)
    return invalid(
      field,
      `${show(text)} also names a system`,
      `only an address; the system ${show(system)} goes into node_id`,
    );
  const place = parsePlace(bare, field, HTTPS_PORT);
  return isRejected(place) ? place : formatPlace(place, HTTPS_PORT);
}

function parseNodeId(text: string, field: string): string | Rejected {
  if (/^[\w.:-]{1,128}$/.test(text) && !/^\.+$/.test(text)) return text;
  return invalid(field, `${show(text)} is not the id of a system`, '1–128 of A–Z, a–z, 0–9, ".", "_", ":" and "-"');
}

function parseFingerprint(text: string, field: string): string | Rejected {
  const hex = text.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex)
    ? hex
    : invalid(field, `${show(text)} is not a SHA-256`, '64 hexadecimal digits, with ":" or without');
}
