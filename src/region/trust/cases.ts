import { PORTS, mainAddress, regionMembers, vipAddress } from '../../model/cluster.ts';
import { formatJoinToken } from '../../contract/cluster/token.ts';
import { type Certificate, type Token, TOKEN_MINUTES_MAX } from '../../contract/cluster/trust.ts';
import { invalid, isRejected, rejected } from '../../core/errors.ts';
import { secretDigest } from '../../core/secret.ts';
import { allRows } from '../../store/page.ts';
import * as certificates from '../../store/queries/cluster/certificates.ts';
import * as tokens from '../../store/queries/cluster/tokens.ts';
import { listNodes } from '../../store/queries/nodes.ts';
import { readCluster } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { nodeByRef } from '../nouns/node.ts';
import { pageBody } from '../paging.ts';
import { noSuch } from '../refs.ts';
import { autocommitReading, writing } from '../use-case.ts';
import { forgetNode } from './forget.ts';
import { changingRacks } from './rack-node.ts';

function viewToken(row: tokens.TokenRow): Token {
  const { id, isRegion, isRack, state, createdBy, createdAt, expiresAt, usedAt, usedBy } = row;
  return { id, isRegion, isRack, state, createdBy, createdAt, expiresAt, usedAt, usedBy };
}

function viewCertificate(row: certificates.CertificateRow): Certificate {
  const { serial, nodeId, node, state, notBefore, notAfter, revokedAt, revokedWhy } = row;
  return { serial, nodeId, node, state, notBefore, notAfter, revokedAt, revokedWhy };
}

/** Where a host can reach the API over TLS: the floating address, then every region node. */
async function joinUrls(tx: Tx): Promise<string[]> {
  const cluster = await readCluster(tx);
  const nodes = await allRows((page) => listNodes(tx, page));
  const floating = cluster && vipAddress(cluster);
  const addresses = [...(floating ? [floating] : []), ...regionMembers({ nodes }).map(mainAddress)];
  return addresses
    .filter((address) => address !== '')
    .map((address) => `https://${address.includes(':') ? `[${address}]` : address}:${PORTS.https}`);
}

export const trustCases = {
  'token.list': autocommitReading('token.list', async (tx, { query }) =>
    pageBody(await tokens.listTokens(tx, { ...query }), viewToken, query),
  ),

  'token.create': writing(
    'token.create',
    ({ body }) => `token create ${rolesOf(body)}`,
    async (tx, { body }, { ca, random, caller }) => {
      if (!body.isRegion && !body.isRack)
        return invalid('isRegion', 'the token lets in nobody', 'region, rack or both');
      const own = await ca.certificate();
      if (isRejected(own)) return own;
      const urls = await joinUrls(tx);
      if (urls.length === 0)
        return rejected('conflict', 'There is no region node with an address that a host could join at.');
      const secret = random.hex(24);
      const row = await tokens.createToken(tx, {
        id: random.hex(6),
        isRegion: body.isRegion,
        isRack: body.isRack,
        createdBy: caller.user,
        minutes: body.minutes ?? TOKEN_MINUTES_MAX,
        secretSha256: secretDigest(secret),
      });
      const { id, isRegion, isRack, expiresAt } = row;
      tx.emit({ kind: 'token.created', subject: id, data: { roles: rolesOf(row), expiresAt } });
      const token = formatJoinToken({ id, secret, pin: own.fingerprint, urls, isRegion, isRack, expiresAt });
      return { body: { ...viewToken(row), token: null }, secrets: { token } };
    },
  ),

  'token.revoke': writing(
    'token.revoke',
    ({ params }) => `token revoke ${params.token}`,
    async (tx, { params }) => {
      const row = await tokens.revokeToken(tx, params.token.toLowerCase());
      if (!row) return noSuch('join token in force', params.token);
      tx.emit({ kind: 'token.revoked', subject: row.id, data: { usedBy: row.usedBy } });
      return { body: viewToken(row) };
    },
  ),

  'certificate.list': autocommitReading('certificate.list', async (tx, { query }) => {
    const node = query?.node?.toLowerCase();
    return pageBody(await certificates.listCertificates(tx, { ...query, node }), viewCertificate, query);
  }),

  'certificate.revoke': writing(
    'certificate.revoke',
    ({ params }) => `certificate revoke ${params.certificate}`,
    async (tx, { params, body }, { caller }) => {
      const serial = params.certificate.toLowerCase().replaceAll(':', '');
      const known = await certificates.findCertificate(tx, serial);
      if (!known) return noSuch('certificate', params.certificate);
      const why = body.why ?? `${caller.user} revoked it`;
      // Revoked already: what was said first stays.
      const row = (await certificates.revokeCertificate(tx, serial, why)) ?? known;
      if (known.state !== 'revoked')
        tx.emit({ kind: 'certificate.revoked', subject: row.node ?? row.nodeId, data: { serial, why } });
      return { body: viewCertificate(row) };
    },
  ),

  'node.delete': writing(
    'node.delete',
    ({ params }) => `node delete ${params.node}`,
    (tx, { params }, { caller }) =>
      changingRacks(tx, async () => {
        const node = await nodeByRef(tx, params.node);
        if (isRejected(node)) return node;
        const revoked = await forgetNode(tx, node, `${caller.user} deleted the node`);
        if (isRejected(revoked)) return revoked;
        const { id, name, isRegion, isRack } = node;
        return { body: { id, name, isRegion, isRack, revoked } };
      }),
  ),
};

function rolesOf({ isRegion, isRack }: { readonly isRegion: boolean; readonly isRack: boolean }): string {
  return [isRegion ? 'region' : '', isRack ? 'rack' : ''].filter((role) => role !== '').join(',');
}
