import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, text } from '../base/common.ts';

/** What a host says when it asks to be let in. The token goes in `Authorization: Bearer <id>:<secret>`, never in the body. */
export const JoinRequest = strict({
  name: text(63, 'name of the node'),
  addresses: Type.Array(text(45), {
    minItems: 1,
    maxItems: 16,
    description: 'where others reach it, the main one first',
  }),
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  version: text(64, 'release of the product on the host'),
  /** Certificate request (PKCS #10, PEM) of the host's own new key; names in it are not taken over. */
  csr: text(8_000),
  /** Identity of its rack (rack.conf) and the rack's Ed25519 key, where it is to be one. */
  rack: nullable(strict({ uuid: text(36), publicKey: text(64) })),
});
export type JoinRequest = Static<typeof JoinRequest>;

/** A region node as others reach it. */
export const RegionAddress = strict({ name: Type.String(), address: Type.String() });
export type RegionAddress = Static<typeof RegionAddress>;

/**
 * Secrets that region nodes share; they go over TLS to a host that was let in, and into files that only their users
 * read.
 */
export const ClusterSecrets = strict({
  superuser: Type.String(),
  replication: Type.String(),
  rewind: Type.String(),
  restapi: Type.String(),
  database: Type.String(),
  beacon: Type.String(),
});
export type ClusterSecrets = Static<typeof ClusterSecrets>;

/** What a host gets when it is let in. `authorityKey`, `secrets`: for a region node. PEM texts. */
export const JoinAnswer = strict({
  nodeId: Type.String(),
  name: Type.String(),
  certificate: Type.String(),
  authority: Type.String({ description: "certificate of the cluster's authority" }),
  authorityKey: nullable(Type.String()),
  secrets: nullable(ClusterSecrets),
  rackUuid: Type.Optional(
    Type.String({ description: 'as which rack; left out by a region of an earlier release: as requested' }),
  ),
  cluster: strict({ id: Type.String(), vip: nullable(Type.String()), virtualRouter: Type.Integer() }),
  databaseUrl: Type.Optional(
    Type.String({
      description: "for a region node, where the database is an operator's own: DATABASE_URL, with its passwords",
    }),
  ),
  regions: Type.Array(RegionAddress),
  warnings: Type.Array(Type.String({ description: 'sentences for whoever runs the join' })),
});
export type JoinAnswer = Static<typeof JoinAnswer>;

/** Path of the call that lets a host in: only over TLS. */
export const JOIN_PATH = '/api/v1/join';

/**
 * Header of a join by a host that is to be a rack: the value of `rackAuthorization` over this call, signed by the rack's key. It is no member of the body,
 * because a region of an earlier release refuses members that it does not know.
 */
export const RACK_PROOF_HEADER = 'regent-rack-proof';

/**
 * Path by which a host undoes its join, only over TLS. The host proves itself by a request (PKCS #10, PEM) that the key
 * of its join signed: the answer of that join may be lost, its certificate revoked or expired, the agents' port shut.
 * Nothing undoes a join by accident: the request is for `UNDO_NAME`, which no join and no renewal requests.
 * `isQuestion`: the answer only lists what would be forgotten.
 */
export const UNDO_PATH = '/api/v1/join/undo';
export const UNDO_NAME = 'regent leave --undo';
export const UndoRequest = strict({ csr: text(8_000), isQuestion: Type.Boolean() });
export type UndoRequest = Static<typeof UndoRequest>;

/**
 * Path by which a host queries whether it is still a node, only over TLS. The host proves itself by its certificate,
 * which may be revoked or over, and a request (PKCS #10, PEM) for `LEAVE_NAME` that the certificate's key signed.
 */
export const MEMBERSHIP_PATH = '/api/v1/join/membership';
export const LEAVE_NAME = 'regent leave';
export const MembershipRequest = strict({ csr: text(8_000), certificate: text(8_000) });
export type MembershipRequest = Static<typeof MembershipRequest>;
/** `name`: of its node, null when that is gone. */
export const MembershipAnswer = strict({ isMember: Type.Boolean(), name: nullable(Type.String()) });
export type MembershipAnswer = Static<typeof MembershipAnswer>;

/** A certificate for the caller's own node, by a request (PKCS #10, PEM) for its key. */
export const CERTIFICATE_PATH = '/agent/v1/certificate';
/** The same on the socket of a region node, for this host's own node: also while the database is away. */
export const HOST_CERTIFICATE_PATH = '/host/v1/certificate';
export const RenewalRequest = strict({ csr: text(8_000) });
export type RenewalRequest = Static<typeof RenewalRequest>;

/** PEM texts. */
export const RenewalAnswer = strict({ certificate: Type.String(), authority: Type.String() });
export type RenewalAnswer = Static<typeof RenewalAnswer>;

/** The certificate of the whole site with its key, only for region nodes; what is in force now. */
export const SITE_CERTIFICATE_PATH = '/agent/v1/site-certificate';
/** PEM texts: the certificate with those that lead to its root, and its private key (PKCS #8). */
export const SiteCertificateAnswer = strict({
  certificate: Type.String({ maxLength: 200_000 }),
  key: Type.String({ maxLength: 20_000 }),
});
export type SiteCertificateAnswer = Static<typeof SiteCertificateAnswer>;

/** A certificate for the DHCP servers of the caller's own rack, which their partners take, by a request (PKCS #10, PEM) for their key: `RenewalRequest`. */
export const PAIR_CERTIFICATE_PATH = '/agent/v1/pair-certificate';
/** PEM texts. `authority`: the certificate by which partners know it. */
export const PairCertificateAnswer = strict({ certificate: Type.String(), authority: Type.String() });
export type PairCertificateAnswer = Static<typeof PairCertificateAnswer>;

/** `POST`: the caller carries its part from now on. */
export const MEMBER_PATH = '/agent/v1/member';
export const MemberAnswer = strict({
  nodeId: Type.String(),
  name: Type.String(),
  state: oneOf(['joining', 'member', 'leaving']),
});
export type MemberAnswer = Static<typeof MemberAnswer>;
