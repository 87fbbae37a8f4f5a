import { listOf, showOf, changeOf } from '../base/plain.ts';
import type { DeletedNode } from '../../../contract/cluster/trust.ts';
import type { Node } from '../../../contract/cluster/node.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import type { Shape } from '../../format/output.ts';
import { age, moment, relative } from '../../format/when.ts';
import { NODE_PROBE } from '../base/command.ts';
import { NODE_LOGS } from './logs.ts';
import { NODE_MOVES } from './move.ts';
import { NODE_REMOVALS } from './removal.ts';

const DELETED: Shape<DeletedNode> = {
  kind: 'node',
  name: (node) => node.name,
  columns: [
    { header: 'name', value: (node) => node.name },
    { header: 'id', value: (node) => node.id },
    { header: 'revoked', value: (node) => String(node.revoked) },
  ],
};

const WHICH = [{ name: '<node>', help: 'name or id', complete: 'node' }] as const;

/** `regent node`. */
export const NODE: NounSpec = {
  noun: 'node',
  summary: 'nodes: the hosts that run the agent',
  commands: [
    listOf<Node>('node.list', { summary: 'list nodes' }, shapeOf),
    showOf(
      'node.show',
      'node',
      { summary: 'show a node: what it should have, what it has, what it reported', args: WHICH },
      shapeOf,
    ),
    ...NODE_MOVES,
    ...NODE_REMOVALS,
    NODE_PROBE,
    NODE_LOGS,
    changeOf(
      'node.delete',
      'node',
      {
        verb: 'delete',
        summary: 'forget a rack, or a region node that never finished joining; its certificates are revoked',
        args: WHICH,
        examples: ['regent node delete r3'],
      },
      {
        shape: DELETED,
        done: 'deleted',
        next: { not_found: ['regent node list'], in_use: ['regent certificate list'] },
        describe: ({ name, revoked }) => `node ${name} deleted; certificates revoked: ${revoked}`,
      },
    ),
  ],
};

function shapeOf(call: Call): Shape<Node> {
  const now = call.io.now();
  return {
    kind: 'node',
    name: (node) => node.name,
    columns: [
      { header: 'name', value: (node) => node.name },
      { header: 'roles', value: rolesOf },
      { header: 'state', value: (node) => stateOf(node, now) },
      { header: 'generation', value: (node) => `${node.applied ?? '-'}/${node.wanted}` },
      { header: 'reported', value: (node) => (node.agent ? relative(node.agent.reportedAt, now) : 'never') },
      { header: 'addresses', value: (node) => node.addresses.join(', ') },
      { header: 'agent', wide: true, value: (node) => node.agent?.version ?? '' },
      { header: 'os', wide: true, value: osOf },
      { header: 'id', wide: true, value: (node) => node.id },
    ],
    details: (node) => [
      ['Name', node.name],
      ['Id', node.id],
      ['Roles', rolesOf(node)],
      ['State', reportOf(node)],
      ['Drained', drainText(node, now)],
      ['Generation', `${node.applied ?? 'none'} in force, ${node.wanted} published`],
      ['Addresses', node.addresses.join(', ')],
      ['Agent', node.agent ? `${node.agent.version}, up since ${moment(node.agent.since, now)}` : 'never reported'],
      ['Last report', node.agent ? moment(node.agent.reportedAt, now) : ''],
      ['Operating system', osOf(node)],
      ['Interfaces', node.facts?.interfaces.map((nic) => `${nic.name}  ${nic.mac}  ${nic.addresses.join(', ')}`) ?? []],
      ['VLANs', node.vlans.map((seen) => `${seen.vlan}  ${seen.interface}  ${seen.addresses.join(', ')}`)],
      ['Versions', Object.entries(node.facts?.versions ?? {}).map(([name, version]) => `${name}  ${version}`)],
    ],
  };
}

function rolesOf(node: Node): string {
  return [node.isRegion ? 'region' : '', node.isRack ? 'rack' : ''].filter((role) => role !== '').join(', ');
}

function stateOf(node: Node, now: number): string {
  if (!node.isDrained) return reportOf(node);
  const since = node.drain?.since ?? null;
  return `drained${since === null ? '' : ` ${age(since, now)}`}, ${reportOf(node)}`;
}

/** Since when, and who serves its VLANs; '' if it is not drained. */
function drainText({ drain }: Node, now: number): string {
  if (drain == null) return '';
  const sentences = [...Map.groupBy(drain.vlans, ({ servedBy }) => servedBy)].map(
    ([rack, own]) => `${rack ?? 'nobody'} serves ${own.map(({ vlan }) => vlan).join(', ')}`,
  );
  return [`since ${drain.since === null ? 'a time that is not known' : moment(drain.since, now)}`, ...sentences].join(
    '; ',
  );
}

function reportOf(node: Node): string {
  if (node.state !== 'member') return node.state;
  if (node.agent === null) return 'never reported';
  if (node.agent.isStale) return 'does not report';
  return node.isCurrent ? 'current' : 'applying';
}

function osOf(node: Node): string {
  if (node.facts === null) return '';
  return `${node.facts.os.id} ${node.facts.os.version}${node.facts.isContainer ? ' (container)' : ''}`;
}
