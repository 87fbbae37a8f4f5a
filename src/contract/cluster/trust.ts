import Type, { type Static } from 'typebox';
import { listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';

/** Longest life of a join token, minutes. */
export const TOKEN_MINUTES_MAX = 15;

/** open: lets one host in; used: it did, and only that host may show it again until it expires. */
export const TOKEN_STATES = ['open', 'used', 'expired', 'revoked'] as const;

/** A join token without its secret, which is shown once and never stored. */
export const Token = strict({
  id: Type.String(),
  isRegion: Type.Boolean({ description: 'lets in a region node' }),
  isRack: Type.Boolean({ description: 'lets in a rack' }),
  place: nullable(
    Type.String({ description: 'name of the lost node whose place the host takes; null: it is a new node' }),
  ),
  state: oneOf(TOKEN_STATES),
  createdBy: Type.String(),
  createdAt: Time,
  expiresAt: Time,
  usedAt: nullable(Time),
  usedBy: nullable(Type.String({ description: 'name of the node that it let in, or its id when the node is gone' })),
});
export type Token = Static<typeof Token>;

export const TokenCreate = strict({
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  minutes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: TOKEN_MINUTES_MAX, description: 'how long it is good; 15 when left out' }),
  ),
  place: Type.Optional(text(63, 'name of a reserved place that the host takes; its roles are those of the token')),
});
export type TokenCreate = Static<typeof TokenCreate>;

/** The answer to the creation: `token` is the whole string. A replay of the same request shows it no more (null). */
export const TokenCreated = strict({ ...Token.properties, token: nullable(Type.String()) });
export type TokenCreated = Static<typeof TokenCreated>;

export const TokenParams = strict({ token: text(12, 'its id, the public part') });
export const TokenListQuery = listQuery({ state: Type.Optional(oneOf(TOKEN_STATES)) }, ['created', 'id']);
export const TokenPage = page(Token);

export const CERTIFICATE_STATES = ['good', 'expired', 'revoked'] as const;

/** A certificate that the cluster's authority signed for a node. */
export const Certificate = strict({
  serial: Type.String({ description: 'hexadecimal' }),
  nodeId: Type.String(),
  node: nullable(Type.String({ description: 'name; null: the node is gone' })),
  state: oneOf(CERTIFICATE_STATES),
  notBefore: Time,
  notAfter: Time,
  revokedAt: nullable(Time),
  revokedWhy: nullable(Type.String()),
});
export type Certificate = Static<typeof Certificate>;

export const CertificateParams = strict({ certificate: text(64, 'serial number, hexadecimal') });
export const CertificateRevoke = strict({ why: Type.Optional(text(200)) });
export type CertificateRevoke = Static<typeof CertificateRevoke>;
export const CertificateListQuery = listQuery(
  { node: Type.Optional(text(63, 'id or name')), state: Type.Optional(oneOf(CERTIFICATE_STATES)) },
  ['created', 'end'],
);
export const CertificatePage = page(Certificate);

/** Bounds of what an operator gives, characters. */
export const SITE_CERTIFICATE_BOUNDS = { certificate: 65_536, key: 16_384 } as const;

/** The certificate that browsers and tools see at port 5443 of every region node. Its key never leaves the region nodes. */
export const SiteCertificate = strict({
  isOwn: Type.Boolean({ description: "an operator's own; false: the cluster's authority signed it" }),
  subject: Type.String(),
  issuer: Type.String(),
  serial: Type.String({ description: 'hexadecimal' }),
  fingerprint: Type.String({ description: 'SHA-256, hexadecimal' }),
  notBefore: Time,
  notAfter: Time,
  names: Type.Array(Type.String(), { description: 'names and addresses that it covers' }),
  certificate: Type.String({ description: 'it and those that lead to its root, PEM' }),
  warnings: Type.Array(Type.String(), { description: 'what is doubtful about it though it is shown; sentences' }),
  changedAt: Time,
});
export type SiteCertificate = Static<typeof SiteCertificate>;

export const SiteCertificateSet = strict({
  certificate: Type.String({
    minLength: 1,
    maxLength: SITE_CERTIFICATE_BOUNDS.certificate,
    description: 'the certificate and those between it and its root, PEM, in any order',
  }),
  privateKey: Type.String({
    minLength: 1,
    maxLength: SITE_CERTIFICATE_BOUNDS.key,
    description: 'its private key, PEM, not encrypted; it is stored sealed and shown to nobody',
  }),
});
export type SiteCertificateSet = Static<typeof SiteCertificateSet>;

/** A node that was forgotten. `revoked`: how many certificates of it were revoked. */
export const DeletedNode = strict({
  id: Type.String(),
  name: Type.String(),
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  revoked: Type.Integer(),
});
export type DeletedNode = Static<typeof DeletedNode>;

/** A place that is reserved for the host that takes it: the name and the roles of a node that was lost. */
export const Place = strict({
  name: Type.String(),
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  openedAt: Time,
  openedBy: Type.String(),
});
export type Place = Static<typeof Place>;

export const PlaceParams = strict({ place: text(63, 'name of its node') });
export const PlaceListQuery = listQuery({}, ['name']);
export const PlacePage = page(Place);

/** How a node is taken out. `isForced`: also a healthy node, if its place is reserved, and a node whose daemons do not stop. */
export const RemovalRequest = strict({ isForced: Type.Optional(Type.Boolean()) });
export type RemovalRequest = Static<typeof RemovalRequest>;
