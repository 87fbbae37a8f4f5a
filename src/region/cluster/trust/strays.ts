import { isRejected } from '../../../core/errors.ts';
import { formatAddress, parseAddress } from '../../../core/ip.ts';
import type { Node } from '../../../model/cluster/node.ts';
import type { Database } from '../../../store/database.ts';
import { allRows } from '../../../store/page.ts';
import { listNodes } from '../../../store/queries/cluster/nodes.ts';
import { reached, type Task } from '../../base/task.ts';
import type { EtcdMember, EtcdPort } from './port.ts';

/** A round's database calls end by then. */
const DEADLINE_MS = 3000;

/**
 * Members of etcd that belong to no region node, neither by name nor by address; learners first. Nobody where etcd is not understood: each
 * region node that carries its part must be a voter of it. Pure.
 */
export function straysOf(
  members: readonly EtcdMember[],
  regions: readonly Pick<Node, 'name' | 'addresses' | 'state'>[],
): readonly EtcdMember[] {
  const carrying = regions.filter(({ state }) => state === 'member');
  const isKnown = carrying.every((node) => members.some((member) => !member.isLearner && isMemberOf(member, node)));
  if (carrying.length === 0 || !isKnown) return [];
  const strays = members.filter((member) => !regions.some((node) => isMemberOf(member, node)));
  return strays.toSorted((a, b) => Number(b.isLearner) - Number(a.isLearner));
}

/** Is it the member of this node, by name or by address? Pure. */
export function isMemberOf({ name, peerUrls }: EtcdMember, node: Pick<Node, 'name' | 'addresses'>): boolean {
  return name === node.name || peerUrls.some((url) => node.addresses.includes(addressOf(url)));
}

function addressOf(url: string): string {
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const address = parseAddress(host);
  return isRejected(address) ? host : formatAddress(address);
}

/**
 * Removes members from etcd whose node was forgotten: such a member counts in the majority, or keeps the next node from
 * joining. The task reads the members first and the nodes afterwards, so a node that joins in between has its row. Only a
 * member that was a stray in two rounds is removed, one each round. etcd itself checks that enough voters stay
 * (`strict-reconfig-check`): it refuses to remove a voter that the majority needs.
 */
export function createStrayTask(db: Database, etcd: EtcdPort): Task {
  let before: readonly string[] = [];
  return {
    name: 'etcd members',
    async run() {
      const members = await etcd.members();
      if (members === null) return null;
      const nodes = await reached(db.read((tx) => allRows((page) => listNodes(tx, page)), { deadlineMs: DEADLINE_MS }));
      const strays = straysOf(
        members,
        nodes.filter(({ isRegion }) => isRegion),
      );
      const stray = strays.find(({ id }) => before.includes(id));
      before = strays.map(({ id }) => id);
      if (stray === undefined) return null;
      await etcd.remove(stray.id);
      const role = stray.isLearner ? 'learner' : 'voter';
      return `etcd lost its ${role} ${stray.name || '(never started)'} at ${stray.peerUrls.join(', ')}: it belonged to no node`;
    },
  };
}
