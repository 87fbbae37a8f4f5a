import type { HostObservation } from '../../contract/cluster/agent.ts';
import type { Host } from '../../host/interface.ts';
import type { AnyService } from '../../services/kit/contract.ts';

/**
 * Reads the file systems that running daemons have at their bounded folders. A daemon that does not run is absent: it
 * writes nothing.
 */
export async function readBoundedFolders(
  services: readonly AnyService[],
  units: Pick<Host['units'], 'mount'>,
): Promise<NonNullable<HostObservation['boundedFolders']>> {
  const found = await Promise.all(
    services.flatMap(({ name, unit, boundedFolders = [] }) =>
      boundedFolders.map(async ({ path, mostBytes }) => {
        const mount = await units.mount(unit, path);
        const sizeBytes = mount?.kind === 'tmpfs' ? mount.sizeBytes : null;
        return mount === null ? [] : [{ service: name, path, sizeBytes, mostBytes }];
      }),
    ),
  );
  return found.flat();
}
