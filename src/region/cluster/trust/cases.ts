import { PORTS, mainAddress, regionMembers, vipAddress } from '../../../model/cluster/cluster.ts';
import { formatJoinToken } from '../../../contract/cluster/token.ts';
import { type Certificate, type Place, type Token, TOKEN_MINUTES_MAX } from '../../../contract/cluster/trust.ts';
import { accept, invalid, refuse } from '../../../core/errors.ts';
import { secretDigest } from '../../../core/secret.ts';
import { allRows } from '../../../store/page.ts';
import * as certificates from '../../../store/queries/cluster/certificates.ts';
import * as places from '../../../store/queries/cluster/places.ts';
import * as tokens from '../../../store/queries/cluster/tokens.ts';
import { listNodes } from '../../../store/queries/cluster/nodes.ts';
import { readCluster } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { nodeByRef } from '../../base/node-refs.ts';
import { pageBody } from '../../base/paging.ts';
import { noSuch } from '../../base/refs.ts';
import { autocommitReading, writing } from '../../base/use-case.ts';
import { forgetNode } from './forget.ts';
import { changingRacks } from './rack-node.ts';

function viewToken(row: tokens.TokenRow): Token {
  const { id, isRegion, isRack, place, state, createdBy, createdAt, expiresAt, usedAt, usedBy } = row;
  return { id, isRegion, isRack, place, state, createdBy, createdAt, expiresAt, usedAt, usedBy };
}

function viewCertificate(row: certificates.CertificateRow): Certificate {
  const { serial, nodeId, node, state, notBefore, notAfter, revokedAt, revokedWhy } = row;
  return { serial, nodeId, node, state, notBefore, notAfter, revokedAt, revokedWhy };
}

function viewPlace({ name, isRegion, isRack, openedAt, openedBy }: places.PlaceRow): Place {
  return { name, isRegion, isRack, openedAt, openedBy };
}

/** The place that a token is to name. Its host is what the lost node was, no more and no less. */
async function placeOf(tx: Tx, name: string, roles: NodeRoleFlags): Promise<places.PlaceRow> {
  const place = await places.findPlace(tx, name.toLowerCase());
  if (!place) refuse(noSuch('reserved place', name));
  if (place.isRegion === roles.isRegion && place.isRack === roles.isRack) return place;
  const rule = `the roles of the place: ${rolesOf(place)}`;
  refuse(invalid('isRegion', `${place.name} was a ${rolesOf(place)}, not a ${rolesOf(roles)}`, rule));
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
      if (!body.isRegion && !body.isRack) refuse(invalid('isRegion', 'the token has no role', 'region, rack or both'));
      const place = body.place === undefined ? null : await placeOf(tx, body.place, body);
      const own = accept(await ca.certificate());
      const urls = await joinUrls(tx);
      if (urls.length === 0) refuse('conflict', 'No region node has an address at which a host can join.');
      const secret = random.hex(24);
      const row = await tokens.createToken(tx, {
        id: random.hex(6),
        isRegion: body.isRegion,
        isRack: body.isRack,
        place: place?.name ?? null,
        createdBy: caller.user,
        minutes: body.minutes ?? TOKEN_MINUTES_MAX,
        secretSha256: secretDigest(secret),
      });
      const { id, isRegion, isRack, expiresAt } = row;
      tx.emit({ kind: 'token.created', subject: id, data: { roles: rolesOf(row), place: row.place, expiresAt } });
      const token = formatJoinToken({ id, secret, pin: own.fingerprint, urls, isRegion, isRack, expiresAt });
      return { body: { ...viewToken(row), token: null }, secrets: { token } };
    },
  ),

  'token.revoke': writing(
    'token.revoke',
    ({ params }) => `token revoke ${params.token}`,
    async (tx, { params }) => {
      const row = await tokens.revokeToken(tx, params.token.toLowerCase());
      if (!row) refuse(noSuch('join token in force', params.token));
      tx.emit({ kind: 'token.revoked', subject: row.id, data: { usedBy: row.usedBy } });
      return { body: viewToken(row) };
    },
  ),

  'place.list': autocommitReading('place.list', async (tx, { query }) =>
    pageBody(await places.listPlaces(tx, { ...query }), viewPlace, query),
  ),

  'place.delete': writing(
    'place.delete',
    ({ params }) => `place delete ${params.place}`,
    async (tx, { params }) => {
      const row = await places.closePlace(tx, params.place.toLowerCase());
      if (!row) refuse(noSuch('reserved place', params.place));
      tx.emit({ kind: 'place.deleted', subject: row.name, data: { roles: rolesOf(row) } });
      return { body: viewPlace(row) };
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
      if (!known) refuse(noSuch('certificate', params.certificate));
      const why = body.why ?? `${caller.user} revoked it`;
      // Revoked already: the first reason stays.
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
        const revoked = await forgetNode(tx, node, `${caller.user} deleted the node`);
        const { id, name, isRegion, isRack } = node;
        return { body: { id, name, isRegion, isRack, revoked } };
      }),
  ),
};

type NodeRoleFlags = { readonly isRegion: boolean; readonly isRack: boolean };

function rolesOf({ isRegion, isRack }: NodeRoleFlags): string {
  return [isRegion ? 'region' : '', isRack ? 'rack' : ''].filter((role) => role !== '').join(',');
}
