import { verify, X509Certificate } from 'node:crypto';

/**
 * What a cluster says of its epoch: the text of `src/core/epoch.ts`, signed by the cluster's authority. The first epoch is signed by nobody: it stands
 * below every other one.
 */
export interface Statement {
  readonly epoch: string;
  readonly signature: string | null;
}

/** A node with its address. */
export interface Place {
  readonly name: string;
  readonly address: string;
}

type Recoveries = readonly { readonly id: string; readonly at: number }[];

export const FIRST: Statement = { epoch: '1', signature: null };

/** The recoveries that an epoch's text names; null: it is no epoch. */
export function recoveriesOf(text: string): Recoveries | null {
  const [number, ...rest] = text.split('/');
  const found = rest.map((part) => /^([0-9a-f]{8})@(\d{1,15})$/.exec(part));
  const recoveries = found.flatMap((match) => (match?.[1] ? [{ id: match[1], at: Number(match[2]) }] : []));
  return recoveries.length === rest.length && number === String(rest.length + 1) ? recoveries : null;
}

/** As `compareEpochs` of `src/core/epoch.ts`; a test holds them to the same answers. */
export function compare(a: Recoveries, b: Recoveries): number {
  for (const [index, mine] of a.entries()) {
    const theirs = b[index];
    if (theirs === undefined) return 1;
    if (mine.at !== theirs.at) return theirs.at - mine.at;
    if (mine.id !== theirs.id) return mine.id < theirs.id ? 1 : -1;
  }
  return a.length - b.length;
}

/** Does a statement of another host end the epoch of this host? Only if the authority (its certificate, PEM) has signed it. */
export function ends(statement: Statement, own: string, authority: string): boolean {
  const [theirs, ours] = [recoveriesOf(statement.epoch), recoveriesOf(own)];
  if (theirs === null || ours === null || compare(theirs, ours) <= 0) return false;
  return isSigned(statement, authority);
}

/** The text that is signed names its purpose, so that no other signature of the authority passes for one. */
export function signedText(epoch: string): Buffer {
  return Buffer.from(`regent epoch ${epoch}`);
}

function isSigned({ epoch, signature }: Statement, authority: string): boolean {
  if (signature === null) return false;
  try {
    const { publicKey } = new X509Certificate(authority);
    return verify('sha256', signedText(epoch), publicKey, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/** Reads a statement, as an answer or a file holds it; null: it is none. */
export function readStatement(text: string): Statement | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('epoch' in value) || typeof value.epoch !== 'string')
      return null;
    const signature = 'signature' in value && typeof value.signature === 'string' ? value.signature : null;
    return recoveriesOf(value.epoch) === null ? null : { epoch: value.epoch, signature };
  } catch {
    return null;
  }
}

/** Region nodes of `members.yml`: `initial-cluster: "r1=https://192.0.2.1:2380,…"`. */
export function membersOf(yml: string): readonly Place[] {
  const list = /^initial-cluster: "(.*)"$/m.exec(yml)?.[1] ?? '';
  return list.split(',').flatMap((item) => {
    const match = /^([^=]+)=https:\/\/(\[[0-9a-f:]+\]|[0-9.]+):\d+$/.exec(item);
    return match?.[1] && match[2] ? [{ name: match[1], address: match[2] }] : [];
  });
}

/** The nodes that recoveries counted as lost, from `epoch.json`. */
export function lostOf(text: string): readonly Place[] {
  try {
    const value: unknown = JSON.parse(text);
    const lost = typeof value === 'object' && value !== null && 'lost' in value ? value.lost : [];
    if (!Array.isArray(lost)) return [];
    return (lost as readonly Partial<Place>[]).flatMap(({ name, address }) =>
      typeof name === 'string' && typeof address === 'string'
        ? [{ name, address: address.includes(':') ? `[${address}]` : address }]
        : [],
    );
  } catch {
    return [];
  }
}
