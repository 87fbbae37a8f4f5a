import type { SiteNames } from '../../../core/node-identity.ts';
import { covers } from '../../../model/cluster/site-names.ts';
import type { ShownCertificate } from '../trust/port.ts';

const DAY_MS = 86_400_000;
/** An operator's own certificate is renewed by people, who need a month's notice. */
export const OWN_DAYS = 30;
/** Regent's names in its own domain say nothing to browsers elsewhere. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

/** What is doubtful about an operator's own certificate, though it can be shown: sentences. */
export function warningsOf(
  shown: ShownCertificate,
  site: SiteNames & { readonly vip: string | null },
  now: number,
): string[] {
  const warnings: string[] = [];
  const names = site.dnsNames.filter((name) => name.includes('.') && !LOCAL_NAMES.includes(name));
  const found = [...(site.vip === null ? [] : [site.vip]), ...names];
  if (found.length > 0 && !found.some((host) => covers(shown, host)))
    warnings.push(
      `The certificate covers neither the floating address (${site.vip ?? 'there is none'}) nor a name of it: a browser accepts the certificate only under another name that leads there. ` +
        `It names ${listed([...shown.dnsNames, ...shown.addresses])}.`,
    );
  else if (site.vip !== null && !covers(shown, site.vip))
    warnings.push(
      `The certificate does not cover the floating address ${site.vip}: https://${urlHost(site.vip)}:5443 is not taken by it.`,
    );
  const { end, isSelfSigned } = shown;
  if (isSelfSigned)
    warnings.push('The certificate is self-signed: add the certificate to the trust store of each browser.');
  else if (!end.isRoot)
    warnings.push(
      `The chain ends with ${end.subject}, which ${end.issuer} signed: a browser takes it where it knows that one. Certificates between them belong into the file.`,
    );
  const days = (shown.notAfter - now) / DAY_MS;
  if (days <= OWN_DAYS) warnings.push(days <= 0 ? 'It has ended.' : `It ends in ${Math.floor(days)} days.`);
  return warnings;
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
