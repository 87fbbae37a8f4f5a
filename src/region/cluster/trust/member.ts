import { type MemberAnswer, UNDO_NAME, type UndoRequest } from '../../../contract/cluster/join.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { parseDbFacts } from '../../../services/db/facts.ts';
import { parseDcsFacts } from '../../../services/dcs/facts.ts';
import type { Database } from '../../../store/database.ts';
import { closePlace } from '../../../store/queries/cluster/places.ts';
import { nodeOfKey } from '../../../store/queries/cluster/tokens.ts';
import { findNode, updateNode } from '../../../store/queries/cluster/nodes.ts';
import type { Tx } from '../../../store/tx.ts';
import { write } from '../../../store/write.ts';
import { type KnownNode, readKnownNodes } from '../../base/published.ts';
import { isStale } from '../../base/tracking.ts';
import { checkForgettable, forgetNode } from './forget.ts';
import type { CertificateAuthority } from './port.ts';
import { changingRacks } from './rack-node.ts';

/** Services without which a region node carries nothing. The others of the node may still be coming up. */
const CORE = ['firewall', 'dcs', 'db', 'lb', 'vip'];

/** What a joining region node still lacks, by its own report and what etcd and the database say there. Pure; `now` in ms. */
export function missingOf(node: Pick<KnownNode, 'published' | 'report'>, now: number): string[] {
  const { published, report } = node;
  if (!published || published.generation === 0) return ['nothing was published for it yet'];
  if (!report || isStale(node, now)) return ['its agent does not report'];
  const missing: string[] = [];
  for (const name of CORE) {
    if (!published.services[name]?.desired) continue;
    const observation = report.services.find((row) => row.service === name);
    if (observation?.state !== 'healthy')
      missing.push(`${name} is ${observation?.state ?? 'not reported'}: ${observation?.why ?? ''}`);
  }
  const factsOf = (name: string) => report.services.find((row) => row.service === name)?.facts;
  const dcs = parseDcsFacts(factsOf('dcs'));
  if (!dcs) missing.push('etcd has not reported yet');
  else if (dcs.isLearner) missing.push('etcd has not taken it as a voter yet');
  else if (!dcs.hasQuorum) missing.push('its etcd sees no majority');
  const db = parseDbFacts(factsOf('db'));
  // A database of an operator's own runs on no node.
  if (published.services['db']?.desired === null) return missing.map(withoutStop);
  if (!db) missing.push('the database has not reported yet');
  else if (db.role === 'none' || (db.role === 'standby' && !db.isStreaming))
    missing.push(`its database does not follow the primary yet: ${db.state}`);
  return missing.map(withoutStop);
}

const withoutStop = (text: string): string => text.replace(/[.: ]+$/, '');

/** Makes a joining node a member when it carries its part. The same again does no harm. */
export async function finishJoin(
  db: Database,
  request: { readonly nodeId: string; readonly source: string; readonly now: number },
): Promise<MemberAnswer> {
  const { nodeId, source, now } = request;
  const node = accept(await db.read(async (tx: Tx) => (await readKnownNodes(tx, nodeId))[0] ?? null));
  if (node === null) refuse(noNode(nodeId));
  const { name, state, isRegion } = node.row;
  if (state === 'member') return { nodeId, name, state };
  if (state === 'leaving')
    refuse('conflict', `${name} is being removed from the cluster. After that, run on its host: regent leave.`);
  const missing = isRegion ? missingOf(node, now) : [];
  if (missing.length > 0) refuse('conflict', `${name} is not ready: ${missing.join('; ')}.`);
  const operation = {
    key: `member-${db.random.hex(16)}`,
    requestDigest: nodeId,
    actor: `node:${nodeId}`,
    origin: source,
    summary: `node join finished ${name}`,
  };
  const written = accept(
    await write<MemberAnswer>(db, operation, async (tx) => {
      const row = accept(await updateNode(tx, { key: nodeId }, { state: 'member' }));
      await closePlace(tx, row.name);
      tx.emit({ kind: 'node.joined', subject: row.name, data: { id: row.id } });
      return { status: 200, body: { nodeId, name: row.name, state: 'member' } };
    }),
  );
  return written.body;
}

/** Undoes a join by the key that joined, or reports what would be undone. A second call finds nothing to undo. */
export async function undoJoin(
  db: Database,
  authority: Pick<CertificateAuthority, 'readRequest'>,
  { csr, isQuestion, source }: UndoRequest & { readonly source: string },
): Promise<MemberAnswer> {
  const request = accept(await authority.readRequest(csr));
  if (request.commonName !== UNDO_NAME)
    refuse(invalid('csr', 'the request was not made to undo a join', `a request for "${UNDO_NAME}"`));
  const key = request.publicKeyDigest;
  if (isQuestion) return accept(await db.read((tx) => joinedBy(tx, key)));
  const operation = {
    key: `undo-${db.random.hex(16)}`,
    requestDigest: key,
    actor: 'join:undo',
    origin: source,
    summary: 'node join undone',
  };
  const written = accept(
    await write<MemberAnswer>(db, operation, (tx) =>
      changingRacks(tx, async () => {
        const node = await joinedBy(tx, key);
        const row = await findNode(tx, { id: node.nodeId });
        if (!row) refuse(noNode(node.nodeId));
        await forgetNode(tx, row, 'its join was undone');
        return { status: 200, body: node };
      }),
    ),
  );
  return written.body;
}

/** The node that joined with a key, if its join can be undone. */
async function joinedBy(tx: Tx, key: string): Promise<MemberAnswer> {
  const id = await nodeOfKey(tx, key);
  const node = id === null ? null : await findNode(tx, { id });
  if (!node) refuse('not_found', 'No node of the cluster has joined with this key, or it was forgotten.');
  const { name, state } = node;
  return accept(checkForgettable(node) ?? { nodeId: node.id, name, state });
}

function noNode(nodeId: string): Rejected {
  return rejected('not_found', `The node ${nodeId} no longer exists.`);
}
