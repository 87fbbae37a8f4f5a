import { sql } from 'kysely';
import { formatEpoch } from '../../core/epoch.ts';
import { accept, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { textDigest } from '../../core/stable-json.ts';
import type { RestoreDatabase, RestoreRows } from '../../join/restore/ports.ts';
import { mainAddress } from '../../model/cluster/cluster.ts';
import { changingRacks } from '../../region/cluster/trust/rack-node.ts';
import { vacateNode } from '../../region/cluster/trust/vacate.ts';
import type { Database } from '../../store/database.ts';
import { allRows } from '../../store/page.ts';
import { recordHeld } from '../../store/publication/held.ts';
import { recordCertificate } from '../../store/queries/cluster/certificates.ts';
import { writeCluster } from '../../store/queries/cluster/cluster.ts';
import { storeInnerTrust } from '../../store/queries/cluster/inner-trust.ts';
import { abortJob } from '../../store/queries/base/jobs/end.ts';
import { listOpenJobs } from '../../store/queries/base/jobs/lease.ts';
import { createNode, findNode, listNodes, setNodeCredential } from '../../store/queries/cluster/nodes.ts';
import { readCluster } from '../../store/snapshot.ts';
import { type OperationOutcome, type WriteTx, write } from '../../store/write.ts';
import { emitEpoch, recordEpoch, recoveryDatabase } from './recovery-database.ts';

const NOTHING: OperationOutcome<null> = { status: 200, body: null };
/** Numbers that the old site may have given after the moment that was restored: a zone's serial grows by a few a minute. */
const VERSIONS_AHEAD = 1_048_576;

/** The database work of `regent restore` on the real store. */
export function restoreDatabase(db: Database): RestoreDatabase {
  const recovery = recoveryDatabase(db);
  return {
    readSite: (nodeId) => recovery.readSite(nodeId),
    async write(rows) {
      const epoch = formatEpoch(rows.epoch);
      const operation = {
        key: `restore-${rows.epoch.at(-1)?.id ?? ''}`,
        requestDigest: textDigest(`${rows.nodeId} ${epoch}`),
        actor: 'system:restore',
        origin: 'restore',
        summary: `restore to ${epoch}`,
      };
      const written = await write(db, operation, (tx) => changingRacks(tx, () => writeRows(tx, rows)));
      return isRejected(written) ? written : null;
    },
  };
}

async function writeRows(tx: WriteTx, rows: RestoreRows): Promise<OperationOutcome<null> | Rejected> {
  const { nodeId, name, address, vip, virtualRouter, epoch, signature, sentences } = rows;
  const cluster = await readCluster(tx);
  if (cluster === null) return rejected('conflict', 'The database is that of no cluster.');
  const regions = (await allRows((page) => listNodes(tx, page))).filter((node) => node.isRegion && node.id !== nodeId);
  const seen = regions.map((node) => ({ name: node.name, address: mainAddress(node) }));
  const lost = [...seen, ...rows.lost.filter((one) => !seen.some((node) => node.address === one.address))];
  // This host may have taken over an address of the old site: that is no lost host.
  const gone = lost.filter((one) => one.address !== address);
  await recordEpoch(tx, { epoch, node: name, lost: gone, sentences, signature });
  for (const node of regions)
    await vacateNode(tx, node, {
      isPlaceReserved: node.isRack,
      by: 'system:restore',
      why: 'the site was restored without it',
    });
  const { recovered: _recovered, inner: _inner, isSeed: _isSeed, ...before } = cluster;
  accept(await writeCluster(tx, { ...before, vip, virtualRouter }));
  if ((await findNode(tx, { id: nodeId })) === null)
    await createNode(tx, { id: nodeId, name, isRegion: true, isRack: false, addresses: [address] });
  await setNodeCredential(tx, nodeId, rows.credentialDigest);
  await recordCertificate(tx, { nodeId, ...rows.certificate });
  await storeInnerTrust(tx, rows.inner);
  await recordHeld(tx, nodeId, rows.held);
  // Jobs that were unfinished ran on hosts that are gone.
  for (const { id } of await listOpenJobs(tx, 0)) await abortJob(tx, id, 'system:restore');
  // Name servers and nodes that were away have seen higher numbers than this database.
  await tx.run(
    sql`update versions set version = version + ${VERSIONS_AHEAD} where version < 4294967295 - ${VERSIONS_AHEAD}`,
  );
  emitEpoch(tx, 'cluster.restored', { epoch, node: name, lost: gone, sentences });
  return NOTHING;
}
