import Type, { type Static } from 'typebox';
import { mainAddress, regionMembers, regionNodes } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Serving, servingOf } from '../dhcp/serving.ts';
import type { FileSpec, ManagedService } from '../kit/contract.ts';

const HOST = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' });
const FOLDER = '/etc/regent/votes';
/** `ha/dhcp/votes.ts` reads it, and looks each second whether it has changed. */
const FILE = `${FOLDER}/votes.json`;
/** python3 is there for Patroni. */
const VERSION = ['/opt/regent/current/bin/node', '--version'];
const CHECK = ['/usr/bin/python3', '-I', '-m', 'json.tool'];
const USER = 'regent-votes';

/** What a region's voice in the racks' pairs is to be: where it listens, and which racks may ask it. */
const VotesDesired = Type.Object({
  name: HOST,
  address: Type.String({ pattern: '^[0-9a-f.:]{2,45}$' }),
  racks: Type.Array(HOST),
});
type VotesDesired = Static<typeof VotesDesired>;

const FILES: readonly FileSpec<VotesDesired>[] = [
  {
    template: 'votes.json.hbs',
    format: 'json',
    mode: 0o640,
    owner: 'root',
    group: USER,
    instances: (view) => [{ target: FILE, view }],
  },
];

/** Region nodes vote while there is a pair of racks; until then nobody asks them. */
function compileVotes(snapshot: Snapshot, nodeId: string, serving: Serving): VotesDesired | null {
  const voters = regionMembers(snapshot).length > 0 ? regionMembers(snapshot) : regionNodes(snapshot);
  const own = voters.find((node) => node.id === nodeId);
  const paired = [...serving.servers.values()].flatMap(({ primary, secondary }) =>
    secondary ? [primary.nodeId, secondary.nodeId] : [],
  );
  if (!own || paired.length === 0) return null;
  const racks = snapshot.nodes.filter((node) => paired.includes(node.id)).map((node) => node.name);
  return { name: own.name, address: mainAddress(own), racks: racks.sort() };
}

/** `ha/dhcp/votes.ts` on region nodes: who may serve a pair of racks, when they do not hear each other. */
export const votes: ManagedService<VotesDesired, VotesDesired, Serving> = {
  name: 'votes',
  desired: VotesDesired,
  unit: 'regent-pair-votes.service',
  version: { argv: VERSION, timeoutMs: 5000 },
  folder: FOLDER,
  commands: [{ argv: [...CHECK, { pattern: `${FOLDER}/\\.stage/votes\\.json` }] }, { argv: VERSION }],
  users: [USER],
  files: FILES,
  prepare: servingOf,
  compile: compileVotes,
  lint: () => [],
  view: (desired) => desired,
  check: (staged) => staged.map((file) => ({ argv: [...CHECK, file.staged], user: USER, timeoutMs: 10_000 })),
  activate: (changes) =>
    changes.some((change) => change.kind === 'added')
      ? { kind: 'restart', why: 'votes.json is new: the voter starts with it' }
      : { kind: 'none', why: 'the voter looks for its file by itself' },
  onRoleChange: () => ({ kind: 'none', why: 'the voter asks neither the database nor the floating address' }),
  probeEveryMs: 10_000,
  // Its unit says whether it runs, and its watchdog ends it when it hangs; the racks tell which regions they hear.
  probe: () => [],
  parseProbe: (_answers, { racks }) => ({ isHealthy: true, detail: `it votes on the pairs of ${racks.join(', ')}` }),
};
