import type { JoinAnswer, JoinRequest } from '../../../contract/cluster/join.ts';
import { accept, refuse, rejected } from '../../../core/errors.ts';
import { isSecret } from '../../../core/secret.ts';
import { checkNodeNoCircle } from '../../../model/site/circle.ts';
import { isDatabaseExternal, mainAddress, regionMembers } from '../../../model/cluster/cluster.ts';
import type { Cluster, Node } from '../../../model/cluster/node.ts';
import type { Applicant, JoinDecision } from '../../../model/cluster/joining.ts';
import { decideJoin, NO_TOKEN, parseApplicant } from '../../../model/cluster/joining.ts';
import { takePlace } from '../../../model/cluster/place.ts';
import { parseDcsFacts } from '../../../services/dcs/facts.ts';
import type { Database } from '../../../store/database.ts';
import { allRows } from '../../../store/page.ts';
import { revokeCertificatesOf } from '../../../store/queries/cluster/certificates.ts';
import { readAddressUsers } from '../../../store/queries/cluster/cluster.ts';
import { closePlace, readPlaces } from '../../../store/queries/cluster/places.ts';
import { findToken, joiningSince, lockTokenSecret, useToken } from '../../../store/queries/cluster/tokens.ts';
import { createNode, listNodes, type NodeRow, updateNode } from '../../../store/queries/cluster/nodes.ts';
import { readObservations } from '../../../store/queries/cluster/observations.ts';
import * as racks from '../../../store/queries/cluster/racks.ts';
import { readCluster, readSettings } from '../../../store/snapshot.ts';
import { type OperationOutcome, write, type WriteTx } from '../../../store/write.ts';
import type { CertificateAuthority, JoinArrival, PresentedToken } from './port.ts';
import { admitRack, changingRacks } from './rack-node.ts';
import { certify } from './renewal.ts';

/** What joining works with. `version`: of the product here. */
export interface AdmissionPorts {
  readonly db: Database;
  readonly authority: CertificateAuthority;
  readonly version: string;
  /** How this region reaches a database of the operator's own; null: it is the cluster's. Holds passwords. */
  readonly databaseUrl: string | null;
}

/** A host's request to be let in, as it arrived. */
export type JoinCall = JoinArrival & { readonly token: PresentedToken; readonly request: JoinRequest };

type Admitted = Extract<JoinDecision, { readonly kind: 'admit' }>;
type Inheritance = Pick<JoinAnswer, 'authorityKey' | 'secrets'>;

/**
 * Lets a host join, or refuses it. One join after the other on the whole site. Secrets of the answer are stored nowhere:
 * a host whose answer was lost sends its request again with the same key and gets another certificate.
 */
export async function join(ports: AdmissionPorts, call: JoinCall): Promise<JoinAnswer> {
  const { db, authority } = ports;
  const own = accept(await authority.certificate());
  const csr = accept(await authority.readRequest(call.request.csr));
  const { rack } = call.request;
  const proof = call.isRackProven ? 'key' : 'none';
  const shown = { ...call.request, keyDigest: csr.publicKeyDigest, rack: rack && ({ ...rack, proof } as const) };
  const applicant = accept(parseApplicant(shown));
  const inherited = accept(applicant.isRegion ? await authority.inheritance() : null);
  const inheritance = { authorityKey: inherited?.key ?? null, secrets: inherited?.secrets ?? null };
  let made: JoinAnswer | null = null;
  const operation = {
    key: `join-${call.token.id}-${db.random.hex(16)}`,
    requestDigest: applicant.keyDigest,
    actor: `join:${call.token.id}`,
    origin: call.source,
    summary: `node join ${applicant.name}`,
  };
  accept(
    await write<null>(db, operation, (tx) =>
      changingRacks(tx, async () => {
        const answer = await admit(tx, ports, { call, applicant, inheritance, authorityPem: own.pem });
        made = answer;
        return { status: 200, body: null } satisfies OperationOutcome<null>;
      }),
    ),
  );
  // The body ran last in the transaction that was committed: `made` is of that one.
  return made ?? refuse('unavailable', 'The answer of this join was lost. Repeat the join with the same key.');
}

interface JoinOrder {
  readonly call: JoinCall;
  readonly applicant: Applicant;
  readonly inheritance: Inheritance;
  readonly authorityPem: string;
}

async function admit(tx: WriteTx, ports: AdmissionPorts, request: JoinOrder): Promise<JoinAnswer> {
  const { call } = request;
  const isRight = isSecret(call.token.secret, await lockTokenSecret(tx, call.token.id));
  const token = isRight ? await findToken(tx, call.token.id) : null;
  if (!token) refuse(NO_TOKEN);
  const cluster = await readCluster(tx);
  if (!cluster) refuse(NO_CLUSTER);
  const nodes = await allRows((page) => listNodes(tx, page));
  const known = { nodes, racks: await racks.listRacks(tx) };
  const places = await readPlaces(tx);
  const applicant = accept(takePlace({ ...known, places, own: token.usedByNode }, token.place, request.applicant));
  const order = { ...request, applicant };
  const decision = accept(
    decideJoin(
      {
        token: { ...token, isRevoked: token.revokedAt !== null },
        version: ports.version,
        ...known,
        users: await readAddressUsers(tx, applicant.addresses),
        vip: cluster.vip,
        joiningSince: await joiningSince(tx),
        voters: await votersOf(tx, nodes),
      },
      applicant,
    ),
  );
  accept(applicant.isRegion ? checkNodeNoCircle(applicant, await readSettings(tx)) : null);
  const node = await settle(tx, ports.db, decision, order);
  const signed = await certify(tx, ports.authority, node, call.request.csr);
  await useToken(tx, token.id, { key: applicant.keyDigest, nodeId: node.id });
  // The place of a region node stays reserved until the node is a member.
  if (token.place !== null && node.state !== 'joining') await closePlace(tx, token.place);
  tx.emit({
    kind: node.state === 'joining' ? 'node.joining' : 'node.joined',
    subject: node.name,
    data: { id: node.id, how: decision.how, token: token.id, serial: signed.serial, source: call.source },
  });
  const regions = regionMembers({ nodes }).map((item) => ({ name: item.name, address: mainAddress(item) }));
  return {
    ...answerOf(node, cluster, order),
    certificate: signed.certificate,
    ...(applicant.isRegion && isDatabaseExternal(cluster) && ports.databaseUrl !== null
      ? { databaseUrl: ports.databaseUrl }
      : {}),
    regions,
    warnings: [...decision.warnings],
  };
}

/** Ids of joining region nodes whose own report says that their etcd has a vote. */
async function votersOf(tx: WriteTx, nodes: readonly NodeRow[]): Promise<ReadonlySet<string>> {
  const voters = new Set<string>();
  for (const { id } of nodes.filter((node) => node.isRegion && node.state === 'joining')) {
    const [report] = await readObservations(tx, id);
    const facts = parseDcsFacts(report?.services.find(({ service }) => service === 'dcs')?.facts);
    if (facts && !facts.isLearner && facts.hasQuorum) voters.add(id);
  }
  return voters;
}

/** Writes the node and its rack. */
async function settle(
  tx: WriteTx,
  db: Database,
  { how, node: known }: Admitted,
  { applicant, call }: JoinOrder,
): Promise<NodeRow> {
  const { name, addresses, isRegion, rack } = applicant;
  const isNewRegion = isRegion && !known?.isRegion;
  let node: NodeRow;
  if (!known) {
    // A rack's node has its rack's UUID, as when an admin accepts it.
    const id = rack && !isRegion ? rack.uuid : db.random.hex(8);
    node = await createNode(tx, {
      id,
      name,
      isRegion,
      isRack: false,
      addresses,
      state: isRegion ? 'joining' : 'member',
    });
    tx.emit({ kind: 'node.created', subject: node.name, data: { id } });
  } else {
    const isFinished = how === 'again' && known.isRegion && known.state === 'member';
    node = accept(
      await updateNode(
        tx,
        { key: known.id },
        {
          ...(isFinished ? {} : { addresses }),
          ...(how === 'again' && known.state === 'joining' ? { name } : {}),
          ...(isNewRegion ? { isRegion: true, state: 'joining' as const } : {}),
        },
      ),
    );
    if (how === 'return') await revokeCertificatesOf(tx, known.id, 'its host was reinstalled');
  }
  if (!rack) return node;
  await settleRack(tx, { rack, node, source: call.source });
  return { ...node, isRack: true };
}

async function settleRack(
  tx: WriteTx,
  { rack, node, source }: { rack: NonNullable<Applicant['rack']>; node: NodeRow; source: string },
): Promise<racks.RackRow> {
  const { uuid, publicKey } = rack;
  const known = await racks.findRack(tx, uuid);
  const row = known ?? (await racks.createRack(tx, { uuid, name: node.name, publicKey, nodeId: node.id }));
  await racks.noteCall(tx, uuid, source);
  if (!known) tx.emit({ kind: 'rack.registered', subject: node.name, data: { uuid, source, state: row.state } });
  if (row.publicKey !== publicKey) {
    accept(await racks.setRackKey(tx, { key: uuid }, publicKey));
    tx.emit({ kind: 'rack.rekeyed', subject: node.name, data: { uuid, source } });
  }
  if (row.state === 'accepted') return row;
  return admitRack(tx, { ...row, nodeId: node.id, source }, { name: node.name, why: 'It brought a valid join token.' });
}

function answerOf(node: Node, cluster: Cluster, { inheritance, authorityPem, applicant }: JoinOrder) {
  const { id, vip, virtualRouter } = cluster;
  return {
    nodeId: node.id,
    name: node.name,
    authority: authorityPem,
    ...inheritance,
    cluster: { id, vip, virtualRouter },
    ...(applicant.rack ? { rackUuid: applicant.rack.uuid } : {}),
  };
}

const NO_CLUSTER = rejected(
  'conflict',
  'This site is not a cluster yet, so no host can join it: its first node has an earlier release or is a development server.',
);
