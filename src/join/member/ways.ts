import { PORTS } from '../../model/cluster/cluster.ts';
import { type SetupRun, untilDeadline } from '../run.ts';
import type { JoinAdmission } from './note.ts';
import type { MemberPorts } from './ports.ts';

/** What a region node must let a new one through to. */
const REGION_PORTS = [PORTS.agents, PORTS.etcdClient, PORTS.etcdPeer];
const CONNECT_MS = 2_000;
/** After a majority lets this host through, the run waits so long for the others: their agents learn of it within seconds. */
export const OTHERS_MS = 30_000;

type OtherRegion = JoinAdmission['regions'][number];

/**
 * The regions' packet filters let this node through when their agents know it, within seconds. A region node that is away is not waited for longer than
 * `OTHERS_MS` once a majority is open; the run then says which one it is.
 */
export async function waitForRegionPorts(
  run: SetupRun & { readonly ports: MemberPorts },
  regions: readonly OtherRegion[],
): Promise<void> {
  const { ports } = run;
  let openSince: number | null = null;
  const away = await untilDeadline(run, async () => {
    const shut = (await Promise.all(regions.map((region) => whyShut(ports, region)))).filter((why) => why !== null);
    const isMajority = regions.length - shut.length > regions.length / 2;
    openSince = isMajority ? (openSince ?? ports.monotonic()) : null;
    const [first] = shut;
    if (first === undefined || (openSince !== null && ports.monotonic() - openSince >= OTHERS_MS))
      return { value: shut };
    return { missing: first };
  });
  for (const why of away) ports.say(`warning: ${why}. The join does not wait for it.`);
}

/** Why a region node does not let this host through; null: it does. */
async function whyShut(ports: MemberPorts, { name, address }: OtherRegion): Promise<string | null> {
  const answers = await Promise.all(
    REGION_PORTS.map(async (port) => ({ port, why: await ports.connect(address, port, CONNECT_MS) })),
  );
  const shut = answers.find(({ why }) => why !== null);
  return shut === undefined ? null : `port ${shut.port} of ${name} (${address}) does not answer this host: ${shut.why}`;
}
