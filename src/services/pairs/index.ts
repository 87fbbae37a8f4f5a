import Type, { type Static } from 'typebox';
import type { Snapshot } from '../../model/snapshot.ts';
import { pairsOf } from '../dhcp/pair/compile.ts';
import { KEY_PATTERN, placesOf } from '../dhcp/places.ts';
import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { ownProgram } from '../kit/own-program.ts';

const READ_MS = 2_000;

/** The pairs of this rack. `pair.json` of each Kea describes its pair (`services/dhcp`). */
const PairsDesired = Type.Object({ keys: Type.Array(Type.String({ pattern: `^${KEY_PATTERN}$` }), { minItems: 1 }) });
type PairsDesired = Static<typeof PairsDesired>;

function compilePairs(snapshot: Snapshot, nodeId: string, serving: Serving): PairsDesired | null {
  const keys = pairsOf(snapshot, nodeId, serving).map(({ key }) => key);
  return keys.length === 0 ? null : { keys };
}

/** `ha/dhcp/pairs.ts` on racks decides for each pair of this rack whether its Kea may serve, and orders it to. */
export const pairs: ManagedService<PairsDesired, PairsDesired, Serving> = {
  // Everybody may read the checked file; the controller itself runs as root.
  ...ownProgram({
    folder: '/etc/regent/pairs',
    file: 'pairs.json',
    user: 'regent-agent',
    members: {
      keys: { kind: 'list', max: 4096, of: { kind: 'text', max: 127, pattern: new RegExp(`^${KEY_PATTERN}$`, 'u') } },
    },
  }),
  name: 'pairs',
  desired: PairsDesired,
  unit: 'regent-pairs.service',
  prepare: servingOf,
  compile: compilePairs,
  activate: (changes) =>
    changes.some((change) => change.kind === 'added')
      ? { kind: 'restart', why: 'pairs.json is new: the controller of the pairs starts with it' }
      : { kind: 'none', why: 'the controller finds the pairs by itself' },
  onRoleChange: () => ({ kind: 'none', why: 'the pairs ask neither the database nor the floating address' }),
  probe: ({ keys }) => keys.map((key) => ({ read: 'text', path: placesOf(key).state, timeoutMs: READ_MS })),
  parseProbe: (answers, { keys }) => {
    const silent = keys.filter((_, index) => answers[index]?.code !== 0);
    const detail =
      silent.length === 0 ? `it decides for ${keys.join(', ')}` : `it has not reported on ${silent.join(', ')} yet`;
    return { isHealthy: silent.length === 0, detail };
  },
};
