import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecResult } from '../../src/core/host-values.ts';
import { withoutQuotes } from '../../src/host/ask/checker-messages.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { desiredOf, goldenTemplates, serviceNamed } from '../kit/goldens.ts';
import { FACTS } from '../kit/snapshots.ts';

/** The real checkers with a file that the helper would refuse: what they reach with their own rights, and what leaves the helper of their messages. */

const templates = goldenTemplates();
const table: string[] = [];
/** root's alone: a checker that may read it reads anything. */
const SECRET_FILE = '/etc/regent-secret';
const SECRET = 'hunter2: c2VjcmV0LW9mLWFub3RoZXItc2VydmljZQ==';
/** Everybody may read it; its words must not come back all the same. */
const OPEN_FILE = '/etc/regent-open';
const OPEN = 'the-words-of-another-file 17';
let host: DebianHost;

beforeAll(async () => {
  host = await DebianHost.open();
  await host.run(['useradd', '--system', '--user-group', '--no-create-home', 'regent-vip']);
  host.write(SECRET_FILE, `${SECRET}\n`, { mode: 0o600 });
  host.write(OPEN_FILE, `${OPEN}\n`, { mode: 0o644 });
});
afterAll(async () => {
  console.log(`\nsecurity S2, real checkers: input → answer\n${table.join('\n')}\n`);
  await host[Symbol.asyncDispose]();
});

/** Stages all files of a service, one of them with a line in front, and runs the checkers that read it. */
async function check(service: AnyService, path: string, line: string): Promise<ExecResult> {
  const desired = desiredOf(service.name, 'cluster') ?? desiredOf(service.name, 'typical');
  const files = renderService(service, desired, { facts: FACTS, templates, generation: 1 });
  const stagedOf = (target: string) => `${service.folder}/.stage${target.slice(service.folder.length)}`;
  let text = '';
  for (const { target, content, mode, owner, group } of files) {
    const isIt = target === `${service.folder}/${path}`;
    if (isIt) text = line === '' ? content : `${line}\n${content}`;
    host.write(stagedOf(target), isIt ? text : content, { mode, owner, group });
  }
  const staged = files.map(({ target }) => ({ target, staged: stagedOf(target), isChanged: true }));
  const command = service
    .check(staged)
    .find((one) => 'argv' in one && one.argv.includes(stagedOf(`${service.folder}/${path}`)));
  if (!command || !('argv' in command)) throw new Error(`no checker reads ${path}`);
  expect(command.user).not.toBe('root');
  const ran = await host.exec(command);
  const answer = withoutQuotes(ran, { argv: command.argv, texts: [text] });
  const words = `${answer.stdout}${answer.stderr}`.trim();
  table.push(`${command.argv.join(' ')}: ${line || 'as rendered'} → ${answer.code} ${words.slice(0, 300)}`);
  // Without its rights the checker had nothing to quote.
  expect(`${ran.stdout}${ran.stderr}`).not.toContain('c2VjcmV0');
  return answer;
}

const INCLUDES: readonly (readonly [string, string, (file: string) => string])[] = [
  ['firewall', 'regent.nft', (file) => `include "${file}"`],
  ['dns', 'check/named.conf', (file) => `include "${file}";`],
  ['dns', 'zones/db.regent.internal', (file) => `$INCLUDE ${file}`],
  ['vip', 'keepalived.conf', (file) => `include ${file}`],
  ['ntp', 'chrony.conf', (file) => `include ${file}`],
  ['proxy', 'squid.conf', (file) => `include ${file}`],
  ['lb', 'haproxy.cfg', (file) => `global\n    lua-load ${file}`],
];

describe('a checker with a file that reads another one', () => {
  it.each(INCLUDES)('%s %s gives nothing of it away', async (name, path, include) => {
    const service = serviceNamed(name);
    for (const file of [SECRET_FILE, OPEN_FILE]) {
      const answer = await check(service, path, include(file));
      const words = `${answer.stdout}${answer.stderr}`;
      expect(words).not.toContain('the-words-of');
      expect(words).not.toContain('hunter2');
    }
  });
});

/** A faulty line of our own, and what an operator must still see. */
const FAULTS: readonly (readonly [string, string, string, RegExp])[] = [
  ['firewall', 'regent.nft', 'nonsense', /regent\.nft:1:\d+.*syntax error[^]*nonsense/],
  ['dns', 'check/named.conf', 'nonsense yes;', /named\.conf:1: unknown option 'nonsense'/],
  ['dns', 'zones/db.regent.internal', '@ A nonsense', /db\.regent\.internal:1: .*bad dotted quad/],
  ['vip', 'keepalived.conf', 'nonsense', /nonsense/],
  ['ntp', 'chrony.conf', 'nonsense', /line 1/],
  ['proxy', 'squid.conf', 'nonsense', /squid\.conf\(1\): unrecognized: 'nonsense'/],
  ['lb', 'haproxy.cfg', 'nonsense', /haproxy\.cfg:1\].*nonsense/],
];

describe('the messages of a checker stay of use', () => {
  it.each(FAULTS)('%s %s: %s', async (name, path, line, words) => {
    const answer = await check(serviceNamed(name), path, line);
    expect(answer.code).not.toBe(0);
    expect(`${answer.stdout}${answer.stderr}`).toMatch(words);
  });
});

describe('nft with the rights that the helper has', () => {
  it('checks and lists as nobody, and reads no file of root', async () => {
    expect((await check(serviceNamed('firewall'), 'regent.nft', '')).code).toBe(0);
    const bounding = '-all,+chown,+dac_override,+fowner,+kill,+net_admin,+setgid,+setuid';
    const [command] = serviceNamed('firewall').check([
      { target: '', staged: '/etc/regent/firewall/.stage/regent.nft', isChanged: true },
    ]);
    if (!command || !('argv' in command)) throw new Error('no checker');
    const ids = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const own = ['setpriv', ...ids, '--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin', '--no-new-privs'];
    const ran = await host.run([
      'setpriv',
      `--bounding-set=${bounding}`,
      '--no-new-privs',
      '--',
      ...own,
      '--',
      ...command.argv,
    ]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const status = await host.run([
      'setpriv',
      `--bounding-set=${bounding}`,
      '--',
      ...own,
      '--',
      'cat',
      '/proc/self/status',
    ]);
    // CAP_NET_ADMIN (12) alone.
    expect(status.stdout).toMatch(/^CapEff:\s+0000000000001000$/m);
    expect((await host.run([...own, '--', 'cat', SECRET_FILE])).code).not.toBe(0);
  });
});
