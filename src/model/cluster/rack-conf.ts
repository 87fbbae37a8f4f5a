import { parseConfEntries } from '../../core/conf-file.ts';
import { isRejected, type Rejected, rejected, show } from '../../core/errors.ts';
import { parseRackUuid } from './rack.ts';

/** What `rack.conf` says: where the regions are (`http://HOST:PORT`), and which rack this is. Null or empty: not given. */
export type RackConf = { readonly urls: readonly string[]; readonly uuid: string | null };

/** The ports of the API, where MAAS_URL names none. */
const PORTS: Readonly<Record<string, string>> = { http: '5240', https: '5443' };
const URL_FORM =
  /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?(?:\/(?:MAAS\/?)?)?$/;
const URL_RULE = 'http://HOST[:PORT], with or without /MAAS behind it; several are separated by commas';

/** Reads `rack.conf` (`MAAS_URL=`, `CLUSTER_UUID=`; other keys are left alone). A refusal names the line. */
export function parseRackConf(name: string, text: string): RackConf | Rejected {
  const entries = parseConfEntries(name, text);
  if (isRejected(entries)) return entries;
  const url = entries.get('MAAS_URL');
  const uuid = entries.get('CLUSTER_UUID');
  const urls = (url?.value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(originOf);
  const bad = urls.find((item) => typeof item !== 'string');
  if (bad !== undefined) {
    const problem = `MAAS_URL: ${show(url?.value)} is not the address of a region. Rule: ${URL_RULE}.`;
    return rejected('invalid_value', `${name}, line ${url?.line}: ${problem}`);
  }
  const parsed = uuid === undefined || uuid.value === '' ? null : parseRackUuid(uuid.value, 'CLUSTER_UUID');
  if (isRejected(parsed)) return rejected('invalid_value', `${name}, line ${uuid?.line}: ${parsed.message}`);
  return { urls: urls.flatMap((item) => (item === null ? [] : [item])), uuid: parsed };
}

function originOf(text: string): string | null {
  const [, scheme = '', host = '', port] = URL_FORM.exec(text) ?? [];
  const number = port ?? PORTS[scheme.toLowerCase()];
  if (host === '' || number === undefined || Number(number) < 1 || Number(number) > 65_535) return null;
  return `${scheme}://${host}:${number}`;
}
