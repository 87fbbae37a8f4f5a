import Type, { type Static } from 'typebox';
import type { Cluster } from '../../model/cluster/node.ts';
import type { FileSpec } from './contract.ts';
import type { FileGrammar } from './grammar/grammar.ts';
import { pemLines } from './pem-lines.ts';

/** Whom daemons of region nodes let in, as etcd and the database both have it. */

/** A certificate that is good for no rack, and the signed list of certificates that are taken from nobody (PEM). */
export const InnerPart = Type.Object({
  authority: Type.String({ pattern: '^-----BEGIN CERTIFICATE-----\\n[A-Za-z0-9+/=\\n]+-----END CERTIFICATE-----\\n$' }),
  revocations: Type.String({ pattern: '^-----BEGIN X509 CRL-----\\n[A-Za-z0-9+/=\\n]+-----END X509 CRL-----\\n$' }),
});
type InnerPart = Static<typeof InnerPart>;

/** The same with the serial numbers of that list, for a daemon that reads no list. */
export const InnerPartWithSerials = Type.Object({
  ...InnerPart.properties,
  serials: Type.Array(Type.String({ pattern: '^[0-9a-f]{2,40}$' })),
});
type InnerPartWithSerials = Static<typeof InnerPartWithSerials>;

/** The part of a desired state; left out: every node of the cluster is let in. */
export function innerOf({ inner }: Cluster): { inner?: InnerPart } {
  return inner === undefined ? {} : { inner: { authority: inner.authority, revocations: inner.revocations } };
}

/** The same with serial numbers. */
export function innerWithSerialsOf(cluster: Cluster): { inner?: InnerPartWithSerials } {
  const { inner } = innerOf(cluster);
  return inner === undefined ? {} : { inner: { ...inner, serials: [...(cluster.inner?.serials ?? [])] } };
}

/** What templates see of it: lines of PEM, and where the list lies. */
export interface InnerView {
  readonly authority: readonly string[];
  readonly revocations: readonly string[];
  readonly revocationsFile: string;
}

/** Makes the view; `revocationsFile`: where the daemon has the list. */
export function innerView({ authority, revocations }: InnerPart, revocationsFile: string): InnerView {
  return { authority: pemLines(authority), revocations: pemLines(revocations), revocationsFile };
}

/** Where a file of it lies, and who may read it. */
interface InnerPlace {
  readonly template: string;
  readonly target: string;
  readonly group: string;
  readonly grammar: FileGrammar;
}

/**
 * A file of the view. Without a header of Regent: etcd takes a list of revoked certificates only if it begins with its
 * first line.
 */
export function innerFile({ target, ...place }: InnerPlace): FileSpec<{ readonly inner: readonly InnerView[] }> {
  const access = { mode: 0o640, owner: 'root', comment: null };
  return { ...place, ...access, instances: ({ inner }) => inner.map((view) => ({ target, view })) };
}
