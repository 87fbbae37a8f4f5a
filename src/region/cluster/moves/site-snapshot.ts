import type { Tx } from '../../../store/tx.ts';
import { type VlanServerState, servedVlans } from '../../networks/dhcp/servers.ts';
import { reached } from '../../base/task.ts';
import { readSite } from '../read-site.ts';
import { readSeenNodes, type SeenNode } from '../../base/seen.ts';
import { trackServices } from '../../base/tracking.ts';
import type { CasePorts } from '../../base/use-case.ts';
import type { Database } from '../../../store/database.ts';
import { readLiveRegions } from '../../../store/queries/cluster/standing.ts';
import { readWatermark } from '../../../store/queries/base/watermark.ts';
import { readRestarts } from '../../../store/queries/cluster/restarts.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { SiteSnapshot } from './move-run.ts';

/** The deadline of a snapshot: the next one is of a newer moment. */
const SNAPSHOT_MS = 5_000;
/** A process that wrote nothing for so long is not counted, s. */
const LIVE_S = 20;

/** Reads who serves each VLAN with DHCP, by the racks' last reports. */
export async function readServedVlans(
  tx: Tx,
  ports: CasePorts,
  known: readonly SeenNode[],
): Promise<VlanServerState[]> {
  return servedVlans(await readServingSite(tx), known, ports.clock.now());
}

/** Reads the state of the site. Throws AppError `database_unavailable`. */
export function readSiteSnapshot(db: Database, ports: CasePorts): Promise<SiteSnapshot> {
  return reached(
    db.read(
      async (tx): Promise<SiteSnapshot> => {
        const known = await readSeenNodes(tx, ports);
        const names = ports.renderer.services.map((service) => service.name);
        return {
          site: await readSite(tx, ports, known),
          nodes: known.map(({ row }) => row),
          compiled: new Map(known.map((node) => [node.name, node.compiledRevision])),
          revision: (await readWatermark(tx)).revision,
          vlans: await readServedVlans(tx, ports, known),
          services: trackServices(known, names, ports.clock.now()),
          requests: await readRestarts(tx),
          processes: await readLiveRegions(tx, LIVE_S),
        };
      },
      { deadlineMs: SNAPSHOT_MS },
    ),
  );
}
