import Type, { type Static } from 'typebox';
import { mainAddress, servingRegions } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { ADDRESS } from '../kit/grammar/patterns.ts';
import { ownProgram } from '../kit/own-program.ts';

const HOST_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const HOST = Type.String({ pattern: HOST_PATTERN });

/** Settings of a region's vote on racks' pairs: where it listens, and which racks may ask. */
const VotesDesired = Type.Object({
  name: HOST,
  address: Type.String({ pattern: '^[0-9a-f.:]{2,45}$' }),
  racks: Type.Array(HOST),
});
type VotesDesired = Static<typeof VotesDesired>;

/** Region nodes vote while there is a pair of racks. Until then nobody asks them. */
function compileVotes(snapshot: Snapshot, nodeId: string, serving: Serving): VotesDesired | null {
  const own = servingRegions(snapshot).find((node) => node.id === nodeId);
  const paired = [...serving.servers.values()].flatMap(({ primary, secondary }) =>
    secondary ? [primary.nodeId, secondary.nodeId] : [],
  );
  if (!own || paired.length === 0) return null;
  const racks = snapshot.nodes.filter((node) => paired.includes(node.id)).map((node) => node.name);
  return { name: own.name, address: mainAddress(own), racks: racks.sort() };
}

/** `ha/dhcp/votes.ts` on region nodes decides who may serve a pair of racks that do not reach each other. */
export const votes: ManagedService<VotesDesired, VotesDesired, Serving> = {
  ...ownProgram({
    folder: '/etc/regent/votes',
    file: 'votes.json',
    user: 'regent-votes',
    members: {
      name: { kind: 'text', max: 63, pattern: new RegExp(HOST_PATTERN, 'u') },
      address: { kind: 'text', max: 45, pattern: new RegExp(`^${ADDRESS}$`, 'u') },
      racks: { kind: 'list', max: 4096, of: { kind: 'text', max: 63, pattern: new RegExp(HOST_PATTERN, 'u') } },
    },
  }),
  name: 'votes',
  desired: VotesDesired,
  unit: 'regent-pair-votes.service',
  prepare: servingOf,
  compile: compileVotes,
  activate: (changes) =>
    changes.some((change) => change.kind === 'added')
      ? { kind: 'restart', why: 'votes.json is new: the voter starts with it' }
      : { kind: 'none', why: 'the voter reads its file by itself' },
  onRoleChange: () => ({ kind: 'none', why: 'the voter asks neither the database nor the floating address' }),
  probeEveryMs: 10_000,
  // The unit says whether it runs, and its watchdog ends it when it hangs. The racks report which regions they reach.
  probe: () => [],
  parseProbe: (_answers, { racks }) => ({ isHealthy: true, detail: `it votes on the pairs of ${racks.join(', ')}` }),
};
