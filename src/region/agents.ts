import type { DesiredParts } from '../contract/cluster/desired-parts.ts';
import type { ReportedLease } from '../contract/cluster/agent.ts';
import { accept, refuse, rejected } from '../core/errors.ts';
import { isSecret } from '../core/secret.ts';
import type { Database } from '../store/database.ts';
import { readDesired } from '../store/publication/heads.ts';
import type { HeldState } from '../store/publication/held.ts';
import { HELD_AHEAD_MAX, isPublicationDue, readHolding, recordHeld } from '../store/publication/held.ts';
import { readDesiredParts, readOwnParts } from '../store/publication/parts.ts';
import { storeLeaseSteps } from '../store/queries/machines/machine-steps.ts';
import { storeLeaseReport } from '../store/queries/networks/lease-reports.ts';
import { findNode, readNodeCredential } from '../store/queries/cluster/nodes.ts';
import { readRackKey, takeNonce } from '../store/queries/cluster/racks.ts';
import { isOutrun, storeObservation } from '../store/queries/cluster/observations.ts';
import { createCommandPort } from './base/commands/port.ts';
import { takeBootSteps } from './machines/timeline/take.ts';
import type { AgentPort } from './port.ts';
import { readServed, type ReportScope } from './cluster/trust/served.ts';
import { register } from './cluster/trust/registration.ts';

/** The region's side of the agent channel. `onDue` is called when an agent holds what the database never published. */
export function createAgentPort(db: Database, onDue: () => void): Omit<AgentPort, 'enlist'> {
  return {
    async authenticate(nodeId, secret) {
      const stored = accept(await db.autocommitRead((tx) => readNodeCredential(tx, nodeId)));
      return isSecret(secret, stored) ? nodeId : null;
    },

    async pull(nodeId, held) {
      // Every waiting pull reads at each wake: one reading statement, which waits for no standby. What an agent holds
      // is
      // written if it changed, and a body is read when it is sent.
      const known = accept(await db.autocommitRead((tx) => readHolding(tx, nodeId)));
      const isKnown = known.held?.generation === held.generation && known.held.digest === held.digest;
      const isDue = isKnown
        ? isPublicationDue(known.head, held)
        : accept(await db.repeatable(async (tx) => ({ isDue: await recordHeld(tx, nodeId, held) }))).isDue;
      if (isDue) onDue();
      if (known.head === null || !isWorthSending(known.head, held)) return null;
      const some = held.parts === true ? await readSome(db, nodeId, held) : null;
      if (some !== null) return isWorthSending(some, held) ? some : null;
      const desired = accept(await db.autocommitRead(async (tx) => ({ found: await readDesired(tx, nodeId) }))).found;
      return desired !== null && isWorthSending(desired, held) ? desired : null;
    },

    commands: createCommandPort(db),
    bootSteps: (nodeId, report) => takeBootSteps(db, nodeId, report),
    parts: async (nodeId, digests) =>
      accept(await db.autocommitRead(async (tx) => ({ parts: await readOwnParts(tx, nodeId, digests) }))),

    register: (announced) => register(db, announced),
    rack: async (uuid) => {
      const found = accept(await db.autocommitRead(async (tx) => ({ rack: await readRackKey(tx, uuid) })));
      return found.rack;
    },
    takeNonce: async (publicKey, nonce) => accept(await db.repeatable((tx) => takeNonce(tx, publicKey, nonce))),

    async observe(nodeId, observation) {
      const stored = await db.repeatable(async (tx) => {
        const node = await findNode(tx, { id: nodeId });
        if (!node) refuse('not_found', `There is no node ${nodeId}.`);
        if (await isOutrun(tx, nodeId, observation)) refuse(TWINS);
        await storeObservation(tx, node, observation);
        return null;
      });
      accept(stored);
    },

    async leases(nodeId, report) {
      return await db.repeatable(async (tx) => {
        const node = await findNode(tx, { id: nodeId });
        if (!node) refuse('not_found', `There is no node ${nodeId}.`);
        const served = report.leases.length > 0 ? await readServed(tx, nodeId) : null;
        const isServed = ({ address }: ReportedLease) => isOn(served, address);
        const receipt = await storeLeaseReport(tx, node, report, isServed);
        if (receipt === 'stored')
          await storeLeaseSteps(tx, node, { ...report, leases: report.leases.filter(isServed) });
        if (receipt !== 'restart') return null;
        refuse('conflict', 'An earlier report of this series is missing. Start a new series with a full report.');
      });
    },
  };
}

/** A rack knows of the leases of its own VLANs: what it reports of others is not stored. */
function isOn(served: ReportScope | null, address: string): boolean {
  const vlanId = served?.vlanOf(address) ?? null;
  return vlanId !== null && served?.serves(vlanId) === true;
}

async function readSome(db: Database, nodeId: string, held: HeldState): Promise<DesiredParts | null> {
  return accept(await db.autocommitRead(async (tx) => ({ found: await readDesiredParts(tx, nodeId, held) }))).found;
}

/**
 * Newer than what the agent holds. A number far beyond all that was published is not believed either: the agent gets what is true. One that is a little
 * ahead is of before a restore: the publisher goes beyond it, and that is what the agent waits for.
 */
function isWorthSending(head: HeldState, held: HeldState): boolean {
  return head.generation > held.generation || held.generation > head.generation + HELD_AHEAD_MAX;
}

const TWINS = rejected(
  'conflict',
  'Another agent that started later reports as this node: two hosts have one identity (a copied disk?). On one of them remove ' +
    '/var/lib/regent/agent/rack-key and the CLUSTER_UUID of /etc/regent/rack.conf, then restart its agent.',
);
