import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complete } from '../../../../src/cli/completion.ts';
import { NOUNS as COMMANDS } from '../../../../src/cli/nouns.ts';
import { carriedBy } from '../../../../src/contract/machines/carried.ts';
import { columnOf, type Declaration, type Field } from '../../../../src/contract/base/declare.ts';
import { NOUNS } from '../../../../src/contract/registry.ts';
import { sampleOf } from '../../../kit/declared.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

/** What the command line has for every declared noun, from its declaration alone. */

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (...words: string[]) => run(region, words);
const after = (line: string) => complete(line.split(' '), COMMANDS);

const all: readonly (readonly [string, Declaration])[] = NOUNS.map((declaration) => [declaration.noun, declaration]);

describe.each(all)('regent %s', (noun, { plural, fields, counts, filters, verbs, texts }) => {
  const others = Object.entries<Field>(fields).filter(([member]) => member !== 'name');
  const flagOf = (member: string) => `--${columnOf(member).replaceAll('_', '-')}`;
  const object = {
    id: 7,
    name: texts.example,
    ...Object.fromEntries(others.map(([member, field]) => [member, sampleOf(field).shown])),
    ...Object.fromEntries(Object.keys(counts).map((member) => [member, 3])),
  };
  const options = others.flatMap(([member, field]) => [flagOf(member), sampleOf(field).text]);
  const one = `/${plural}/${texts.example}`;

  it('creates, changes and deletes', async () => {
    region.on(`POST /${plural}`, { body: object });
    expect(await regent(noun, 'create', texts.example, ...options)).toEqual({
      code: 0,
      out: `${noun} ${texts.example} created\n`,
      err: '',
    });
    region.on(`PATCH ${one}`, { body: object });
    expect((await regent(noun, 'set', texts.example, '--name', 'other', ...options)).out).toBe(
      `${noun} ${texts.example} changed\n`,
    );
    region.on(`DELETE ${one}`, { body: object });
    expect((await regent(noun, 'delete', texts.example)).out).toBe(`${noun} ${texts.example} deleted\n`);
    const written = Object.fromEntries(others.map(([member, field]) => [member, sampleOf(field).value]));
    expect(region.seen.map(({ body }) => body)).toEqual([
      { name: texts.example, ...written },
      { name: 'other', ...written },
      undefined,
    ]);
    expect(await regent(noun, 'set', texts.example)).toMatchObject({ code: 2, err: expect.stringContaining('--name') });
    region.on(`DELETE ${one}`, problem(409, 'in_use', 'It is in use.'));
    const refused = await regent(noun, 'delete', texts.example);
    expect(refused).toMatchObject({ code: 4, out: '' });
    for (const line of texts.delete.next?.(texts.example)['in_use'] ?? []) expect(refused.err).toContain(line);
  });

  it('lists and shows all members', async () => {
    region.on(`GET /${plural}`, page(object));
    const asked = Object.entries(filters).flatMap(([member, by]) => [
      flagOf(member),
      by === 'part' ? 'x' : sampleOf(fields[member] as Field).text,
    ]);
    const table = await regent(noun, 'list', ...asked, '-o', 'wide');
    const shown = Object.values(object).filter((value) => typeof value === 'string' || typeof value === 'number');
    for (const value of shown) expect(table.out).toContain(String(value));
    for (const member of Object.keys(filters)) expect(region.seen[0]?.query.has(member)).toBe(true);
    region.on(`GET ${one}`, { body: object });
    expect((await regent(noun, 'show', texts.example)).out).toContain(texts.example);
    expect((await regent(noun, 'show', texts.example, '-o', 'name')).out).toBe(`${texts.example}\n`);
  });

  it('is completed', async () => {
    expect(after('').candidates).toContain(noun);
    expect(after(`${noun} `).candidates).toEqual(verbs);
    expect(after(`${noun} show `).kind).toBe(noun);
    expect(after(`${noun} set x -`).candidates).toEqual(
      expect.arrayContaining(['--name', ...others.map(([member]) => flagOf(member)), '--dry-run', '--wait']),
    );
    region.on(`GET /${plural}`, page(object));
    expect((await regent('__complete', '--', noun, 'delete', '')).out).toBe(`${texts.example}\n`);
  });

  it('has help with an example for every verb', async () => {
    for (const verb of verbs) expect((await regent(noun, verb, '--help')).out).toContain(`regent ${noun} ${verb}`);
  });
});

describe('a secret', () => {
  const KEY = { id: 7, name: 'ns-partner', algorithm: 'hmac-sha256', secret: '***', domains: 0 };

  it('comes on standard input, never as an argument, and is printed once', async () => {
    region.on('POST /tsig-keys', { body: { ...KEY, secret: 'MADE' } });
    const made = await regent('tsig-key', 'create', 'ns-partner');
    expect(made.out).toBe('tsig-key ns-partner created\nIts secret, shown only this once: MADE\n');
    await run(region, ['tsig-key', 'create', 'ns-partner', '--secret', '-'], { readInput: async () => 'GIVEN\n' });
    expect(region.seen.map(({ body }) => body)).toEqual([
      { name: 'ns-partner' },
      { name: 'ns-partner', secret: 'GIVEN' },
    ]);
    region.clear();
    const refused = await regent('tsig-key', 'create', 'ns-partner', '--secret', 'c2VjcmV0');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).not.toContain('c2VjcmV0');
    expect(region.seen).toEqual([]);
    region.on('PATCH /tsig-keys/ns-partner', { body: KEY });
    expect((await regent('tsig-key', 'set', 'ns-partner', '--name', 'x')).out).toBe('tsig-key ns-partner changed\n');
  });
});

describe('parameters of a BMC', () => {
  const PARAMETERS = { power_address: '10.88.0.1', power_pass: 'Geheim' };
  const ANSWER = {
    id: 7,
    name: 'm1',
    comment: '',
    powerType: 'ipmi',
    parameters: { ...PARAMETERS, power_pass: '***' },
  };

  it('come from standard input or a file, where no other user of the host sees them', async () => {
    region.on('POST /bmcs', { body: ANSWER });
    const text = JSON.stringify(PARAMETERS, null, 2);
    const words = ['bmc', 'create', 'm1', '--power-type', 'ipmi', '--parameters'];
    const made = await run(region, [...words, '-'], { readInput: async () => `${text}\n` });
    expect(made).toMatchObject({ code: 0, out: 'bmc m1 created\n' });
    await run(region, [...words, '@bmc.json'], { readFile: async () => text });
    const body = { name: 'm1', powerType: 'ipmi', parameters: PARAMETERS };
    expect(region.seen.map((call) => call.body)).toEqual([body, body]);
    region.on('GET /bmcs/m1', { body: ANSWER });
    expect((await regent('bmc', 'show', 'm1')).out).toContain('"power_address": "10.88.0.1"');
  });

  it('are refused on the command line when one of them is a secret, but for a masked one', async () => {
    const set = (parameters: object) => regent('bmc', 'set', 'm1', '--parameters', JSON.stringify(parameters));
    const refused = await set(PARAMETERS);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('power_pass is a secret') });
    expect(refused.err).not.toContain('Geheim');
    expect(region.seen).toEqual([]);
    region.on('PATCH /bmcs/m1', { body: ANSWER });
    expect((await set({ ...PARAMETERS, power_pass: '********' })).code).toBe(0);
  });

  it.each(['{"power_pass": "Geheim"', '["Geheim"]', 'Geheim'])(
    'are not repeated when they are no object: %s',
    async (text) => {
      const refused = await regent('bmc', 'create', 'm1', '--parameters', text);
      expect(refused).toMatchObject({ code: 2, out: '' });
      expect(refused.err).toContain('Rule: an object of JSON');
      expect(refused.err).not.toContain('Geheim');
    },
  );
});

describe.each(carriedBy('machine').map((declaration) => [declaration.plural, declaration] as const))(
  'regent machine with %s',
  (plural, { noun }) => {
    const MACHINE = {
      id: 'abcdef',
      hostname: 'web1',
      domain: 'a.test',
      fqdn: 'web1.a.test',
      rack: null,
      interfaces: [],
    };

    it('gives them, takes them, filters by them and shows them', async () => {
      region.on('PATCH /machines/web1', { body: { ...MACHINE, [plural]: ['a', 'b'] } });
      expect(await regent('machine', 'set', 'web1', `--${plural}`, 'a, b')).toMatchObject({ code: 0, err: '' });
      await regent('machine', 'set', 'web1', `--${plural}`, 'none');
      region.on('POST /machines', { body: MACHINE });
      await regent('machine', 'create', 'web1', `--${plural}`, 'a');
      expect(region.seen.map(({ body }) => body)).toEqual([
        { [plural]: ['a', 'b'] },
        { [plural]: [] },
        { hostname: 'web1', [plural]: ['a'] },
      ]);
      region.clear();
      region.on('GET /machines', page({ ...MACHINE, [plural]: ['a', 'b'] }, { ...MACHINE, hostname: 'old' }));
      expect((await regent('machine', 'list', `--${noun}`, 'a', '-o', 'wide')).out).toMatch(/a, b/);
      expect(Object.fromEntries(region.seen[0]?.query ?? [])).toMatchObject({ [noun]: 'a' });
      region.on('GET /machines/web1', { body: { ...MACHINE, [plural]: ['a', 'b'] } });
      expect((await regent('machine', 'show', 'web1')).out).toMatch(/a, b/);
      expect(after(`machine list --${noun} `).kind).toBe(noun);
      expect(after(`machine set web1 --${plural} `).kind).toBe(noun);
      expect((await regent('machine', 'set', 'web1')).err).toContain(`--${plural}`);
    });
  },
);

it('a long text is read from a file, its lines joined, and shown as people read it', async () => {
  const snippet = { id: 1, name: 'a', comment: '', enabled: true, scope: 'global', text: '{"renew-timer":5}' };
  region.on('POST /dhcp-snippets', { body: snippet });
  const readFile = async (path: string) => (path === '/tmp/a.json' ? '{\n\t"renew-timer":\r\n 5\n}\n' : null);
  await run(region, ['dhcp-snippet', 'create', 'a', '--text', '@/tmp/a.json'], { readFile });
  expect(region.seen.map(({ body }) => body)).toEqual([{ name: 'a', text: '{ "renew-timer": 5 }' }]);
  // A remark of statements ends with its line.
  const statements = 'option log-servers 192.0.2.14; # ours\nfilename "x";\n';
  const words = { readFile: async () => statements };
  await run(region, ['dhcp-snippet', 'create', 'a', '--text', '@/tmp/a.conf'], words);
  expect(region.seen.at(-1)?.body).toMatchObject({ text: statements });
  expect(await run(region, ['dhcp-snippet', 'create', 'a', '--text', '@/tmp/b.json'], { readFile })).toMatchObject({
    code: 2,
    err: expect.stringContaining('--text: there is no file "/tmp/b.json".'),
  });
  region.on('GET /dhcp-snippets/a', { body: snippet });
  expect((await run(region, ['dhcp-snippet', 'show', 'a'])).out).toMatch(/text: +\{\n +"renew-timer": 5\n +\}/);
  region.on('GET /dhcp-snippets/b', { body: { ...snippet, name: 'b', text: statements } });
  expect((await run(region, ['dhcp-snippet', 'show', 'b'])).out).toMatch(
    /text: +option log-servers 192\.0\.2\.14; # ours\n +filename "x";/,
  );
  region.on('GET /dhcp-snippets', page(snippet));
  expect((await run(region, ['dhcp-snippet', 'list'])).out).not.toContain('renew-timer');
});

describe('a machine and its BMC', () => {
  const MACHINE = {
    id: 'abcdef',
    hostname: 'm1',
    domain: 'a.test',
    fqdn: 'm1.a.test',
    rack: null,
    interfaces: [],
    tags: [],
  };

  it('are told by name and by parameters, and shown', async () => {
    region.on('POST /machines', { body: MACHINE });
    await regent('machine', 'create', 'm1', '--bmc', 'host', '--power-parameter', 'power_id=vm=1');
    region.on('PATCH /machines/m1', { body: MACHINE });
    await regent('machine', 'set', 'm1', '--bmc', 'none');
    await regent('machine', 'set', 'm1', '--power-parameter', 'none');
    expect(region.seen.map(({ body }) => body)).toEqual([
      { hostname: 'm1', bmc: 'host', powerParameters: { power_id: 'vm=1' } },
      { bmc: null },
      { powerParameters: {} },
    ]);
    expect(await regent('machine', 'set', 'm1', '--power-parameter', 'vm1')).toMatchObject({ code: 2, out: '' });
    region.on('GET /machines/m1', { body: { ...MACHINE, bmc: 'host', powerParameters: { power_id: 'vm1' } } });
    expect((await regent('machine', 'show', 'm1')).out).toMatch(/BMC: +host\n +power_id=vm1/);
  });
});
