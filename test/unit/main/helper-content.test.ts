import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOpenQuestion, nameOfCommand, type ProcessCommand, type ProcessRule } from '../../../src/core/host-values.ts';
import {
  allows,
  isChecker,
  refuseCommand,
  refuseContent,
  refuseInstall,
  refuseMove,
} from '../../../src/host/policy.ts';
import { helperPolicy } from '../../../src/main/helper-policy.ts';
import { trialPath } from '../../../src/reconcile/files.ts';
import { compileSite } from '../../../src/services/compile-node.ts';
import type { AnyService, FileSpec, RenderedFile } from '../../../src/services/kit/contract.ts';
import { grammarJudge } from '../../../src/services/kit/grammar/grammar.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { withInstances } from '../../../src/services/kit/instances.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { goldenTemplates } from '../../kit/goldens.ts';
import { CASES, FACTS, GOLDEN_SECONDS } from '../../kit/snapshots.ts';

/** The law: nothing runs as root on content that an unprivileged process wrote, unless it is of our own grammar (`src/host/README.md`). */

const templates = goldenTemplates();
const policy = helperPolicy(SERVICES, 'regent-agent', templates);
const specs = SERVICES.flatMap((service) =>
  service.files.map((spec: FileSpec<unknown>) => [`${service.name}/${spec.template}`, service, spec] as const),
);

/** Every file of every service and instance on every node of a case. */
function filesOf(caseName: string): readonly (readonly [AnyService, readonly RenderedFile[]])[] {
  const snapshot = CASES[caseName];
  if (!snapshot) throw new Error(caseName);
  const { nodes } = compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS);
  return [...nodes].flatMap(([nodeId, { body }]) => {
    const addresses = snapshot.nodes.find(({ id }) => id === nodeId)?.addresses ?? [];
    const nic = { name: 'eth9', mac: '52:54:00:00:00:99', addresses, index: 9, isUp: true, hasCarrier: true };
    const facts = { ...FACTS, interfaces: [nic, ...FACTS.interfaces] };
    return withInstances(SERVICES, Object.keys(body.services)).flatMap((service) => {
      const desired = body.services[service.name]?.desired ?? null;
      return desired === null
        ? []
        : [[service, renderService(service, desired, { facts, templates, generation: 1 })] as const];
    });
  });
}

const stagedOf = ({ folder }: AnyService, path: string) => `${folder}/.stage${path.slice(folder.length)}`;

describe('nothing runs as root on what the agent wrote', () => {
  it.each(Object.keys(CASES))(
    'takes every file of every node, staged and in its place, and no other: %s',
    (caseName) => {
      const files = filesOf(caseName);
      let count = 0;
      for (const [service, rendered] of files) {
        for (const { target, content, mode, owner, group } of rendered) {
          for (const path of [target, stagedOf(service, target)]) {
            const file = { path, content, mode, owner, group };
            expect([refuseInstall(policy, file), refuseContent(policy, file)], path).toEqual([null, null]);
            expect(refuseContent(policy, { ...file, content: `${content}include "/etc/hostname"\n` }), path).toContain(
              'Rule: ',
            );
            count += 1;
          }
        }
      }
      expect(count).toBeGreaterThan(0);
    },
  );

  it('takes a file that is only tried by the same grammar, and lets none of them go to its place', () => {
    const files = Object.keys(CASES).flatMap(filesOf);
    const tried = files.flatMap(([service, rendered]) =>
      rendered.filter(({ target }) => target === service.trial?.target).map((file) => ({ service, ...file })),
    );
    expect(tried.length).toBeGreaterThan(1);
    for (const { service, target, content, mode, owner, group } of tried) {
      const path = trialPath(service.folder, target);
      const file = { path, content, mode, owner, group };
      expect([refuseInstall(policy, file), refuseContent(policy, file)], path).toEqual([null, null]);
      expect(refuseContent(policy, { ...file, content: content.replace('libdhcp_lease_cmds', 'x') })).toContain('Rule');
      expect(refuseMove(policy, path, target)).toContain('Rule: from the staged file');
      const command = { argv: service.trial?.check(path).argv ?? [], timeoutMs: 1000 };
      expect([isChecker(policy, command), refuseCommand(policy, { ...command, user: '_kea' })]).toEqual([true, null]);
      for (const user of ['root', 'bind']) expect(refuseCommand(policy, { ...command, user })).toContain('Rule: ');
      // Nothing that loads hooks or starts the server on it.
      for (const argv of [
        ['-T', path],
        ['-c', path],
        ['-d', '-c', path],
      ])
        expect(refuseCommand(policy, { argv: ['/usr/sbin/kea-dhcp4', ...argv], timeoutMs: 1000 })).toContain('Rule: ');
    }
  });

  it('runs no command as root, whatever a service declares, and gives a right only to a command that has it in its rule', () => {
    expect(policy.caller).not.toBe('root');
    for (const { users, commands, name } of policy.services) {
      expect(users, name).not.toContain('root');
      const whole = commands.filter(
        (rule): rule is ProcessRule => 'argv' in rule && rule.argv.every((argument) => typeof argument === 'string'),
      );
      const refusals = whole.flatMap(({ argv, right }) => {
        const command = { argv: argv.map(String), timeoutMs: 1_000 };
        const more = right === undefined ? [refuseCommand(policy, { ...command, right: 'net_admin' as const })] : [];
        return [refuseCommand(policy, { ...command, user: 'root' }), ...more];
      });
      expect(
        refusals.every((refusal) => refusal?.includes('Rule: ') === true),
        name,
      ).toBe(true);
    }
    const rights = policy.services.flatMap(({ commands }) =>
      commands.filter((rule): rule is ProcessRule => 'argv' in rule && rule.right !== undefined),
    );
    expect(new Set(rights.map(({ argv }) => argv[0]))).toEqual(new Set(['/usr/sbin/nft']));
  });

  it.each(Object.keys(CASES))(
    'knows every command that reads a staged file as a checker, without rights of root: %s',
    (caseName) => {
      let count = 0;
      for (const [service, rendered] of filesOf(caseName)) {
        const staged = rendered.map(({ target }) => ({ target, staged: stagedOf(service, target), isChanged: true }));
        for (const command of service.check(staged)) {
          if (isOpenQuestion(command) || !('argv' in command))
            throw new Error(`${nameOfCommand(command)} is no program`);
          expect(isChecker(policy, command), command.argv.join(' ')).toBe(true);
          expect([undefined, 'root'], command.argv.join(' ')).not.toContain(command.user);
          expect(refuseCommand(policy, command)).toBeNull();
          count += 1;
        }
        const reading = (rule: ProcessRule) =>
          rendered.some(({ target }) => allowsPath(rule, stagedOf(service, target)) || allowsPath(rule, target));
        const unmarked = service.commands.filter((rule) => 'argv' in rule && reading(rule) && rule.isChecker !== true);
        expect(unmarked).toEqual([]);
      }
      expect(count).toBeGreaterThan(0);
    },
  );
});

function allowsPath({ argv }: ProcessRule, path: string): boolean {
  return argv.some((argument) => allows({ argv: [argument] }, { argv: [path], timeoutMs: 1 } satisfies ProcessCommand));
}

/** What a value could bring along: a path, a program, a second directive, the end of a quotation. */
const HOSTILE = [
  '/etc/hostname',
  '"/etc/hostname"',
  '../x',
  '"../x"',
  '/etc/bind/regent/zones/../../rndc.key',
  '"/etc/bind/regent/zones/../../rndc.key"',
  '/tmp/x.so',
  'x; include "/etc/hostname"',
  'x include /etc/hostname',
  'a\nb',
  '$INCLUDE',
  '$(true)',
  '`true`',
  '"a" "b',
  '{ }',
  '#',
  'unix:/run/x',
  'file:///etc/hostname',
];
/** A text of a zone says anything, in quotes. */
const QUOTABLE = ['records.texts'];
/** A line of base64 between the two lines of a PEM file, or a secret key of S3: whatever it says is no name there. */
const BASE64 = ['authority', 'revocations', 'storeAuthority', 'keyLines', 's3.secret'];

describe('the grammar of a file', () => {
  it.each(specs)(
    'of %s has a pattern for every value, and none takes what could name a file or a command',
    (_, service, spec) => {
      const text = templates[`${service.name}/${spec.template}`] ?? '';
      expect(() => grammarJudge(spec, text)).not.toThrow();
      const judgeMore = () => grammarJudge(spec, `${text}{{word another}}\n`);
      // Kea's has a rule for the whole, whatever its template is. Of JSON the template is none any more.
      const refusal = 'values' in spec.grammar ? /the value another of the template has no pattern/ : /JSON|^$/;
      expect(() => {
        judgeMore();
        throw new Error('');
      }).toThrow(refusal);
      const values = 'values' in spec.grammar ? Object.entries(spec.grammar.values) : [];
      for (const [name, pattern] of values) {
        const taken = HOSTILE.filter((hostile) => new RegExp(`^(?:${pattern})$`, 'u').test(hostile));
        expect(
          taken.filter((hostile) => !(QUOTABLE.includes(name) && hostile.startsWith('"')) && !BASE64.includes(name)),
          name,
        ).toEqual([]);
      }
    },
  );

  it('names every file and program that a template itself brings: a new one is seen here', () => {
    const directive =
      /\b(?:include|confdir|sourcedir|script_user|program|library|lua|load_module|post_init|on_[a-z_]+|[a-z_]+_command|callbacks)\b/;
    const found = specs.flatMap(([name, service, spec]) =>
      (templates[`${service.name}/${spec.template}`] ?? '')
        .split('\n')
        .filter((line) => directive.test(line) && !/^\s*(?:#|\/\/|\{\{!)/.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
    expect([...new Set(found)].sort()).toEqual([
      'db/dynamic.json.hbs: "archive_command": "/opt/regent/current/ha/backup/pgbackrest-push %f",',
      'db/patroni.yml.hbs: callbacks:',
      'db/patroni.yml.hbs: on_role_change: /opt/regent/current/ha/postgres/role',
      'db/patroni.yml.hbs: on_start: /opt/regent/current/ha/postgres/role',
      'db/patroni.yml.hbs: on_stop: /opt/regent/current/ha/postgres/role',
      'db/patroni.yml.hbs: post_init: /opt/regent/current/ha/postgres/provision',
      'dhcp/kea-dhcp4.conf.hbs: "library": "libdhcp_ha.so",',
      'dhcp/kea-dhcp4.conf.hbs: { "library": "libdhcp_lease_cmds.so" },',
      'dhcp/kea-dhcp4.conf.hbs: { "library": "libdhcp_stat_cmds.so" }',
      'dns/named.conf.hbs: include "/etc/bind/rndc.key";',
      'dns/named.conf.hbs: include {{namedString keysFile}};',
      'dns/named.conf.hbs: include {{namedString localFile}};',
      'ntp/chrony.conf.hbs: sourcedir /etc/chrony/regent',
      'vip/keepalived.conf.hbs: script_user nobody',
    ]);
  });

  it('is one of each template of a service: no template stands apart', () => {
    const folder = join(import.meta.dirname, '../../../templates');
    const own = SERVICES.flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`));
    expect(own.sort()).toEqual([...new Set(specs.map(([name]) => name))].sort());
  });
});

describe('the units', () => {
  it('start nft alone as root on a file of the agent, beside daemons that give their rights up', () => {
    const folder = join(import.meta.dirname, '../../../systemd');
    const units = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.service$|\.service\.d\/.*\.conf$/.test(name),
    );
    const texts = units.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    const folders = SERVICES.map((service) => service.folder);
    const reading = texts.filter(
      ([, text]) => !/^User=/m.test(text) && folders.some((path) => new RegExp(`^Exec.*${path}/`, 'm').test(text)),
    );
    // Whatever starts so reads files that have a grammar: each of them lies in a service's folder, where the helper alone writes.
    expect(reading.map(([name]) => name).sort()).toEqual(READING);
  });
});

const READING = [
  'kea-dhcp4-server.service.d/regent.conf',
  'keepalived.service.d/regent.conf',
  'patroni.service.d/regent.conf',
  'regent-firewall.service',
];
