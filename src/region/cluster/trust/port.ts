import type {
  ClusterSecrets,
  JoinAnswer,
  JoinRequest,
  MemberAnswer,
  MembershipAnswer,
  MembershipRequest,
  PairCertificateAnswer,
  RenewalAnswer,
  SiteCertificateAnswer,
  UndoRequest,
} from '../../../contract/cluster/join.ts';
import type { Rejected } from '../../../core/errors.ts';
import type { CertificateSubject, InnerTrust, SiteNames } from '../../../core/node-identity.ts';

/** A certificate that was just signed. Times in ms. */
export interface SignedCertificate {
  readonly certificate: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate that a host holds. `keyDigest`: SHA-256 of its public key. Times in ms. */
export interface HeldCertificate {
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyDigest: string;
  readonly subject: CertificateSubject;
}

/** A certificate with those that lead to its root, and its key (PKCS #8). PEM texts. */
export type ShownPair = { readonly certificate: string; readonly key: string };

/**
 * What a certificate says that browsers see. `sha1`, `fingerprint` (SHA-256): of its DER, lower-case hex. `isOurs`: the cluster's authority signed it.
 * `renewAt`: two thirds of its life. `end`: the last one of its chain. Times in ms.
 */
export interface ShownCertificate extends SiteNames {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly renewAt: number;
  readonly fingerprint: string;
  readonly sha1: string;
  readonly isOurs: boolean;
  readonly isSelfSigned: boolean;
  readonly end: { readonly subject: string; readonly issuer: string; readonly isRoot: boolean };
}

/** The cluster's authority as this region node has it. Each call refuses (`unavailable`) where its files are missing. PEM texts. */
export interface CertificateAuthority {
  /** `fingerprint`: SHA-256 of its DER, lower-case hex. */
  certificate(): Promise<{ readonly pem: string; readonly fingerprint: string } | Rejected>;
  /** Checks that a request is signed by its own key. */
  readRequest(csr: string): Promise<{ readonly publicKeyDigest: string; readonly commonName: string } | Rejected>;
  /** Reads a certificate that a host shows, whatever its dates; refuses one that this authority did not sign for a node. */
  readSigned(
    certificate: string,
  ): Promise<{ readonly nodeId: string; readonly serial: string; readonly keyDigest: string } | Rejected>;
  sign(csr: string, subject: CertificateSubject): Promise<SignedCertificate | Rejected>;
  /** Signs a certificate of the whole site, for this key (PKCS #8) or, where it is null, for a new one. */
  signSite(names: SiteNames, key: string | null): Promise<(ShownPair & { readonly notAfter: number }) | Rejected>;
  /** Signs whom daemons of region nodes let in: nobody with these serial numbers, and no rack. */
  signInner(serials: readonly string[]): Promise<InnerTrust | Rejected>;
  /** Signs the certificate by which a rack's partners know its DHCP servers (`pki/pair.ts`); PEM. */
  signPairAuthority(name: string): Promise<string | Rejected>;
  /** Signs a certificate for the DHCP servers of a rack. `issuer`: the name of its authority. */
  signPair(
    csr: string,
    subject: { readonly issuer: string; readonly name: string; readonly addresses: readonly string[] },
  ): Promise<SignedCertificate | Rejected>;
  /** Is it a certificate of this authority's key? */
  isInner(certificate: string): Promise<boolean>;
  /** What a certificate of the site that is stored says. */
  readShown(certificate: string): Promise<ShownCertificate | Rejected>;
  /** Reads and checks an operator's own with its key; the refusal never shows the key. */
  readOwn(certificate: string, key: string): Promise<ShownPair | Rejected>;
  /** The certificate that this host holds; null: it holds none that this authority signed for a region node. */
  held(): Promise<HeldCertificate | null>;
  /** What a region node that joins needs to be one. */
  inheritance(): Promise<{ readonly key: string; readonly secrets: ClusterSecrets } | Rejected>;
}

/** A member of etcd. `id`: decimal, as its API has it. `name`: '' while it has never started. */
export interface EtcdMember {
  readonly id: string;
  readonly name: string;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
}

/** A member that is a learner in etcd's store (`main/region/etcd/stored-members.ts`). `id`: hexadecimal. `place`: `ADDRESS:PORT` of its peers. */
export type StoredLearner = { readonly id: string; readonly place: string };

/** etcd of the cluster, through this host's member. */
export interface EtcdPort {
  /**
   * The members as the majority has them; null: the member does not answer, has no majority, or is a learner itself.
   */
  members(): Promise<readonly EtcdMember[] | null>;
  /** The members that its store calls learners, whether they vote or not; null: it does not answer. */
  storedLearners(): Promise<readonly StoredLearner[] | null>;
  /** Throws AppError `etcd` with etcd's own message; a member that is gone already is no error. */
  remove(id: string): Promise<void>;
}

/** A join token as it is shown. */
export type PresentedToken = { readonly id: string; readonly secret: string };

/** How a join arrived. `isRackProven`: the rack's key signed it. */
export type JoinArrival = { readonly source: string; readonly isRackProven: boolean };

/** Admits hosts and shuts them out. `source`: where a call came from, for the audit. */
export interface TrustPort {
  /** Is there such a token, with this secret? Takes as long whatever is wrong. */
  isToken(token: PresentedToken): Promise<boolean>;
  join(token: PresentedToken, request: JoinRequest, arrival: JoinArrival): Promise<JoinAnswer | Rejected>;
  /** A new certificate for a node. `byCertificate`: it showed one that is good; else it must not have been shut out. */
  renew(nodeId: string, csr: string, byCertificate: boolean): Promise<RenewalAnswer | Rejected>;
  /** A new certificate for the node of this host itself, for the key that it has. Works while the database is away. */
  renewOwn(csr: string): Promise<RenewalAnswer | Rejected>;
  /** The node carries its part from now on; refuses, naming what is missing. */
  finish(nodeId: string, source: string): Promise<MemberAnswer | Rejected>;
  /** Undoes the join of a region node that never finished, or of a rack, by the key that joined. Gives what is, or was, forgotten. */
  undo(request: UndoRequest, source: string): Promise<MemberAnswer | Rejected>;
  /** Is the host that shows this certificate a node still? */
  membership(request: MembershipRequest): Promise<MembershipAnswer | Rejected>;
  /** May this node call at all? Its row says so, and a role. */
  isServed(nodeId: string): Promise<boolean>;
  /** The certificate of the whole site with its key, for a node that shows it; refuses every other one. */
  siteCertificate(nodeId: string): Promise<SiteCertificateAnswer | Rejected>;
  /** A certificate for the DHCP servers of a rack, which their partners take. */
  pairCertificate(nodeId: string, csr: string): Promise<PairCertificateAnswer | Rejected>;
  /** Where a browser that named this host finds the site: the same name where the site is called so, else its address. Null: not known. */
  siteHost(named: string): Promise<string | null>;
  /**
   * The certificate of the cluster's authority, for clients that shall trust it. `fingerprint`: SHA-256 of its DER,
   * lower-case hex. From a file.
   */
  authority(): Promise<{ readonly pem: string; readonly fingerprint: string } | Rejected>;
  /** Null, or why this certificate is not taken (any more). From memory: works while the database is away. */
  checkSerial(serial: string): Rejected | null;
  /** Calls `listener` after the set of revoked certificates has changed; the result ends it. */
  onRevoked(listener: () => void): () => void;
}

declare module '../../base/use-case.ts' {
  interface CasePorts {
    readonly ca: CertificateAuthority;
    /** Members that the store of this host's etcd calls learners; null: it does not answer; undefined: there is no etcd here. */
    storedLearners(): Promise<readonly StoredLearner[] | null | undefined>;
  }
}
