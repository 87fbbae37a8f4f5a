import { show } from '../../core/errors.ts';
import { usageError } from '../exit.ts';

/** Addresses of one site: the first to ask, and those to try in turn if it gives no answer. */
export type Addresses = { readonly url: string; readonly others: readonly string[] };

/** Reads addresses, separated by commas. `source` names their origin, for errors. */
export function readAddresses(text: string, source: string): Addresses {
  const [url = '', ...others] = text.split(',').map((address) => checkUrl(address.trim(), source));
  return { url, others: others.filter((other, index) => other !== url && others.indexOf(other) === index) };
}

function checkUrl(text: string, source: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw usageError(`${source}: ${show(text)} is not a region's address.`, ['Example: http://127.0.0.1:5240']);
  }
  if (url.username !== '' || url.password !== '')
    throw usageError(`${source}: the address must not hold a user or a password.`, ['Set REGENT_API_KEY instead.']);
  return url.origin + url.pathname.replace(/\/+$/, '');
}
