import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { formatAddress, parseAddress as parseIp } from '../../core/ip.ts';
import { closedAddress } from '../machines/bmc-hosts.ts';
import { parseAddress } from '../people/contact.ts';
import { checkServerName } from '../names/special-use.ts';

/** Where messages go. */
export type AlertPlace =
  | { readonly kind: 'webhook'; readonly url: string; readonly authority?: string }
  | {
      readonly kind: 'mail';
      readonly server: string;
      readonly port: number;
      readonly security: 'tls' | 'starttls' | 'none';
      readonly user?: string;
      readonly sender: string;
      readonly recipients: readonly string[];
      readonly authority?: string;
    };

const URL_RULE = 'https://… or http://…, without a user name and a password';
const HOST_RULE = 'a host outside of the cluster: no loopback, link-local, multicast or reserved address';
const CLEAR_RULE = 'https:// with a secret; http:// only without one';
const BOUND_RULE = 'a stored secret is sent only to the address for which it was entered; give the secret again';

/** Parses where messages go; a refusal names the member below `settings`. Pure. */
export function parseAlertPlace(place: AlertPlace): AlertPlace | Rejected {
  const parsed = place.kind === 'webhook' ? parseWebhook(place) : parseMail(place);
  if (isRejected(parsed)) return parsed;
  const wrong = refuseHost(hostOfPlace(parsed), parsed.kind === 'webhook' ? 'settings/url' : 'settings/server');
  if (wrong) return wrong;
  const { authority } = parsed;
  if (authority !== undefined && !/^-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----\s*$/.test(authority))
    return invalid('settings/authority', 'it is no certificate', 'one or more certificates, PEM');
  return parsed;
}

function parseWebhook(place: AlertPlace & { kind: 'webhook' }): AlertPlace | Rejected {
  if (!URL.canParse(place.url)) return invalid('settings/url', `${show(place.url)} is not a URL`, URL_RULE);
  const url = new URL(place.url);
  // The text is not repeated: it holds the password.
  if (url.username !== '' || url.password !== '')
    return invalid('settings/url', 'it holds a user name or a password', URL_RULE);
  if (!['http:', 'https:'].includes(url.protocol))
    return invalid('settings/url', `${show(url.protocol)} is another protocol`, URL_RULE);
  return { ...place, url: url.href };
}

function parseMail(place: AlertPlace & { kind: 'mail' }): AlertPlace | Rejected {
  const sender = parseAddress(place.sender, 'settings/sender');
  if (isRejected(sender)) return sender;
  const recipients: string[] = [];
  for (const [index, text] of place.recipients.entries()) {
    const recipient = parseAddress(text, `settings/recipients/${index}`);
    if (isRejected(recipient)) return recipient;
    recipients.push(recipient);
  }
  if (place.user !== undefined && place.security === 'none')
    return invalid('settings/user', 'a password would be sent unencrypted', 'security tls or starttls with a user');
  return { ...place, sender, recipients };
}

/** The host that gets the messages: a name, or an address without brackets. Pure. */
export function hostOfPlace(place: AlertPlace): string {
  return place.kind === 'webhook' ? new URL(place.url).hostname.replace(/^\[|\]$/g, '') : place.server;
}

function refuseHost(host: string, field: string): Rejected | null {
  const address = parseIp(host);
  if (isRejected(address)) return checkServerName(host, field);
  const why = closedAddress(host);
  return why === null ? null : invalid(field, `${formatAddress(address)} ${why}`, HOST_RULE);
}

/** Would a secret go there in clear? Pure. */
export const isClear = (place: AlertPlace): boolean =>
  place.kind === 'webhook' ? place.url.startsWith('http:') : place.security === 'none';

/** To whom a secret was given: if this changes, the secret does not go along. Pure. */
export function boundTo(place: AlertPlace): string {
  if (place.kind === 'webhook') return JSON.stringify([place.kind, new URL(place.url).origin, place.authority ?? '']);
  const { kind, server, port, security, user, authority } = place;
  return JSON.stringify([kind, server.toLowerCase(), port, security, user ?? '', authority ?? '']);
}

/** Null, or the refusal of this secret for this place. `secret` null: there is none. Pure. */
export function refuseAlertSecret(place: AlertPlace, secret: string | null): Rejected | null {
  if (secret !== null && isClear(place))
    return invalid('secret', 'it would be sent, or used, without encryption', CLEAR_RULE);
  if (place.kind === 'mail' && place.user !== undefined && secret === null)
    return invalid('secret', 'the password of the user is missing', BOUND_RULE);
  if (place.kind === 'mail' && place.user === undefined && secret !== null)
    return invalid('secret', 'there is no user whose password it could be', 'a user with a password, or neither');
  return null;
}

/** What a message says of a finding. Moments ISO 8601. */
export interface AlertMessage {
  readonly id: string;
  readonly kind: 'opened' | 'closed' | 'test';
  readonly site: string;
  readonly at: string;
  readonly finding: {
    readonly id: string;
    readonly state: string;
    readonly title: string;
    readonly detail: string;
    readonly risk: string;
    readonly remedy: string;
    readonly since: string;
    readonly endReason: string | null;
  };
}

/** Subject and text of a mail. Pure. */
export function mailText({ kind, site, at, finding }: AlertMessage): {
  readonly subject: string;
  readonly text: string;
} {
  const { id, state, title, detail, risk, remedy, since, endReason } = finding;
  const ends = endReason === 'muted' ? 'muted' : 'over';
  const head = kind === 'opened' ? state : kind === 'closed' ? ends : 'test';
  const line = (label: string, text: string) => (text === '' ? [] : [`${label}: ${text}`]);
  return {
    subject: `[Regent ${site}] ${head}: ${id}`.replaceAll(/[\r\n]+/g, ' ').slice(0, 200),
    text: [
      kind === 'test' ? 'This is a test. Nothing is wrong.' : `${title}: ${kind === 'opened' ? state : ends}.`,
      '',
      ...line('Found', detail),
      ...line('At risk', risk),
      ...line('What to do', remedy),
      ...line('Since', since),
      ...line('Sent', at),
      '',
      `regent finding list; to silence it: regent finding mute ${id} --until 1d --reason TEXT`,
      '',
    ].join('\n'),
  };
}
