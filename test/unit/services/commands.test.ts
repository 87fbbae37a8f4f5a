import { describe, expect, it } from 'vitest';
import { type Command, isOpenQuestion } from '../../../src/core/host-values.ts';
import { allows } from '../../../src/host/policy.ts';
import type { Activation, AnyService } from '../../../src/services/kit/contract.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { desiredOf, goldenTemplates } from '../../kit/goldens.ts';
import { webAnswer } from '../../kit/exec-result.ts';
import { CASES, FACTS } from '../../kit/snapshots.ts';

const commandsOf = (activation: Activation) => (activation.kind === 'command' ? activation.commands : []);

/** What the probe of DHCP asks and does when a lease is to end: an observation, which no golden case has. */
function endOfLease(service: AnyService, desired: object): readonly Command[] {
  const ending = { ...desired, endedLeases: [{ address: '10.10.10.51', keptFor: '52:54:00:00:00:52' }] };
  const lease = { 'hw-address': '52:54:00:00:00:51', state: 0, cltt: 1, 'valid-lft': 600 };
  const told = { ...webAnswer({}), code: 0, stdout: JSON.stringify({ result: 0, arguments: lease }) };
  return [...service.probe(ending), ...(service.amend?.(Array(9).fill(told), ending) ?? [])];
}

/** Every command that a service gives for a case. */
function allCommands(service: AnyService, caseName: string): readonly Command[] {
  const desired = desiredOf(service.name, caseName);
  if (desired === null) return [service.version];
  const files = renderService(service, desired, { facts: FACTS, templates: goldenTemplates(), generation: 1 });
  const staged = files.map(({ target }) => ({
    target,
    staged: `${service.folder}/.stage${target.slice(service.folder.length)}`,
    isChanged: true,
  }));
  const changes = files.map(({ target }) => ({ target, kind: 'changed' as const }));
  return [
    ...service.check(staged),
    // A change of one file alone: the others are looked at where they are, if they are.
    ...service.check(staged.map((file, at) => (at === 0 ? file : { ...file, staged: file.target, isChanged: false }))),
    ...commandsOf(service.activate(changes, FACTS)),
    ...commandsOf(
      service.activate(
        changes.map((change, at) => (at === 0 ? { ...change, kind: 'added' } : change)),
        FACTS,
      ),
    ),
    ...changes.flatMap((change) => commandsOf(service.activate([change], FACTS))),
    ...commandsOf(service.onRoleChange({ kind: 'vip', state: 'active' })),
    ...commandsOf(service.onRoleChange({ kind: 'database', state: 'primary' })),
    ...service.probe(desired),
    ...(service.amend?.(Array(9).fill(webAnswer({})), desired) ?? []),
    ...(service.name === 'dhcp' ? endOfLease(service, desired) : []),
    ...(service.leases ? [service.leases.sign, service.leases.page(null)] : []),
    service.version,
  ];
}

const cases = SERVICES.flatMap((service) => Object.keys(CASES).map((name) => [service.name, name, service] as const));

describe('commands', () => {
  it.each(cases)('of %s, %s, are all on its list, with its users and a time limit', (_name, caseName, service) => {
    const commands = allCommands(service, caseName);
    for (const command of commands) {
      expect(
        isOpenQuestion(command) || service.commands.some((rule) => allows(rule, command)),
        JSON.stringify(command),
      ).toBe(true);
      expect(command.timeoutMs).toBeGreaterThan(0);
      if (!('argv' in command)) continue;
      expect(command.user === undefined || service.users.includes(command.user)).toBe(true);
      expect(command.stdin).toBeUndefined();
    }
  });

  it.each(SERVICES.map((service) => [service.name, service] as const))(
    '%s: every rule of the list is used by a case',
    (_name, service) => {
      const commands = Object.keys(CASES).flatMap((name) => allCommands(service, name));
      for (const rule of service.commands) {
        expect(
          commands.some((command) => allows(rule, command)),
          JSON.stringify(rule),
        ).toBe(true);
      }
    },
  );

  it.each([
    ['dns', ['/usr/bin/named-checkconf', '/etc/shadow']],
    ['dns', ['/usr/bin/named-checkconf', '/etc/bind/regent/.stage/../../shadow']],
    ['dns', ['/usr/bin/named-checkconf', '-t', '/etc/bind/regent/.stage/a']],
    ['dns', ['/usr/sbin/rndc', '-t', '10', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', '-p', '953', 'stop']],
    ['dns', ['/usr/sbin/rndc', '-t', '10', '-k', '/etc/bind/rndc.key', '-s', '192.0.2.1', '-p', '953', 'reload']],
    [
      'dns',
      ['/usr/sbin/rndc', '-t', '10', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', '-p', '953', 'reload', '-clean'],
    ],
    ['dns', ['/usr/bin/dig', '-f', '/etc/shadow']],
    ['ntp', ['/usr/sbin/chronyd', '-p', '-U', '-f', '/etc/chrony/chrony.keys']],
    ['ntp', ['/usr/bin/chronyc', 'shutdown']],
  ])('%s refuses %j', (name, argv) => {
    const service = SERVICES.find((item) => item.name === name);
    expect(service?.commands.some((rule) => allows(rule, { argv, timeoutMs: 1_000 }))).toBe(false);
  });
});
