import { isRejected, type Rejected } from '../../core/errors.ts';
import { parseNetwork } from '../../core/ip.ts';
import { proxyPlace } from './proxy-url.ts';
import type { SettingName } from './settings.ts';
import { checkServerAddress, checkServerName, checkSourceNetwork, checkSpecialName } from '../names/special-use.ts';

type SettingCheck = (text: string, field: string) => Rejected | null;

const CHECKS: Partial<Record<SettingName, SettingCheck>> = {
  default_domain: checkSpecialName,
  upstream_dns: checkServer,
  ntp_servers: checkServer,
  http_proxy: (text, field) => checkServer(proxyPlace(text)?.host ?? '', field),
  dns_trusted_acl: (text, field) => {
    const network = parseNetwork(text, field);
    return isRejected(network) ? network : checkSourceNetwork(network, field);
  },
};

/**
 * Refuses a new value of a setting that names what has a special use: a server at an address that no server has, clients that cannot
 * be, a domain that is no site's own. Parsing does not ask this: a value from before this law is read as it is.
 */
export function checkSettingUse(name: SettingName, value: unknown): Rejected | null {
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  const check = CHECKS[name];
  return check ? first(texts, (text) => check(text, name)) : null;
}

/** The first refusal of several values; null when all are fit. */
function first(texts: readonly string[], check: (text: string) => Rejected | null): Rejected | null {
  for (const text of texts) {
    const refusal = check(text);
    if (refusal) return refusal;
  }
  return null;
}

function checkServer(host: string, field: string): Rejected | null {
  return checkServerAddress(host, field) ?? checkServerName(host, field);
}
