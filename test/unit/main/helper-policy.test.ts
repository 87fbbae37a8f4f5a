import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Command, type HostFacts, isOpenQuestion, nameOfCommand } from '../../../src/core/host-values.ts';
import { refuseCommand, refuseUnit } from '../../../src/host/policy.ts';
import { helperPolicy } from '../../../src/main/helper-policy.ts';
import { TRUST_FOLDER } from '../../../src/model/cluster/trust-files.ts';
import { compileSite } from '../../../src/services/compile-node.ts';
import type { Activation, AnyService, RoleChange } from '../../../src/services/kit/contract.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { webAnswer } from '../../kit/exec-result.ts';
import { goldenTemplates } from '../../kit/goldens.ts';
import { CASES, FACTS, GOLDEN_SECONDS } from '../../kit/snapshots.ts';

const templates = goldenTemplates();
const policy = helperPolicy(SERVICES, 'regent-agent', templates);
const ROLES: readonly RoleChange[] = [
  { kind: 'vip', state: 'active' },
  { kind: 'vip', state: 'backup' },
  { kind: 'database', state: 'primary' },
  { kind: 'database', state: 'standby' },
];

/** Every command that the engine may give for a service on a node, from its first installation to its removal. */
function commandsOf(service: AnyService, desired: Record<string, unknown>, facts: HostFacts): readonly Command[] {
  const files = renderService(service, desired, { facts, templates, generation: 1 });
  const staged = files.map(({ target }) => ({
    target,
    staged: `${service.folder}/.stage${target.slice(service.folder.length)}`,
    isChanged: true,
  }));
  const changes = (['added', 'changed', 'removed'] as const).flatMap((kind) => [
    files.map(({ target }) => ({ target, kind })),
    ...files.slice(0, 20).map(({ target }) => [{ target, kind }]),
  ]);
  const activations = [
    ...changes.map((list) => service.activate(list, facts)),
    ...ROLES.map((role) => service.onRoleChange(role)),
    ...(service.onCertificate ? [service.onCertificate()] : []),
  ];
  const amends = service.amend?.(Array(9).fill(webAnswer({})), desired) ?? [];
  const probes = [...service.probe(desired), ...amends];
  return [service.version, ...service.check(staged), ...probes, ...activations.flatMap(commandsIn)];
}

/** A host that has the node's addresses. */
function factsOf(addresses: readonly string[]): HostFacts {
  const nic = { name: 'eth9', mac: '52:54:00:00:00:99', addresses, index: 9, isUp: true, hasCarrier: true };
  return { ...FACTS, interfaces: [nic, ...FACTS.interfaces] };
}

function commandsIn(activation: Activation): readonly Command[] {
  return activation.kind === 'command' ? activation.commands : [];
}

describe("the helper's list", () => {
  it.each(Object.keys(CASES))('has every command of every service on every node: %s', (name) => {
    const snapshot = CASES[name];
    if (!snapshot) throw new Error(name);
    const { nodes } = compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS);
    const refused = new Set<string>();
    let count = 0;
    for (const [nodeId, node] of nodes) {
      const facts = factsOf(snapshot.nodes.find(({ id }) => id === nodeId)?.addresses ?? []);
      for (const service of SERVICES) {
        const desired = node.body.services[service.name]?.desired ?? null;
        for (const command of desired === null ? [] : commandsOf(service, desired, facts)) {
          count += 1;
          // The agent asks these itself, and has no more rights than anybody.
          if (isOpenQuestion(command)) continue;
          const refusal = refuseCommand(policy, command);
          if (refusal !== null) refused.add(`${service.name}: ${refusal}`);
          if ('argv' in command && command.user === 'root')
            refused.add(`${service.name}: root runs ${nameOfCommand(command)}`);
        }
      }
    }
    expect([...refused]).toEqual([]);
    expect(count).toBeGreaterThan(0);
  });

  it('starts tasks of upgrades, and does nothing else to their units, nor starts any other', () => {
    const name = `regent-upgrade@install:${'a'.repeat(64)}:7.service`;
    for (const verb of ['start', 'state']) expect(refuseUnit(policy, name, verb), verb).toBeNull();
    for (const verb of ['stop', 'restart', 'reload', 'kill'])
      expect(refuseUnit(policy, name, verb), verb).toMatch(/is refused/);
    for (const other of ['regent-upgrade@.service', 'regent-upgrade@x.service', `${name}\n`, `x${name}`, 'ssh.service'])
      expect(refuseUnit(policy, other, 'start'), other).toMatch(/is refused/);
  });

  it('is within what its unit may write', () => {
    const unit = readFileSync(join(import.meta.dirname, '../../../systemd/regent-helper.service'), 'utf8');
    const paths = Array.from(unit.matchAll(/^ReadWritePaths=(.*)$/gm), ([, list = '']) => list.split(' ')).flat();
    for (const { folder } of SERVICES) expect(paths).toContain(`-${folder}`);
    expect(paths).toContain(`-${TRUST_FOLDER}`);
  });
});
