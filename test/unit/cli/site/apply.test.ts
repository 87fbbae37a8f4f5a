import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CliIo } from '../../../../src/cli/io.ts';
import { siteFileText } from '../../../../src/cli/format/site-file.ts';
import type { SiteFile } from '../../../../src/contract/site/export-form.ts';
import { exampleText, siteOf } from '../../../kit/site-file.ts';
import { FakeRegion, run } from '../fake-region.ts';

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
afterAll(() => region.stop());
beforeEach(() => region.clear());

const APPLIED = { revision: 7, plan: '3f2a90c1d4e5b6a7', created: 1, changed: 1, unchanged: 0, deleted: 0, notes: [] };
const CHANGES = [
  { action: 'created', kind: 'zone', name: 'hall-2', place: 'site/zones/1', members: [] },
  {
    action: 'changed',
    kind: 'zone',
    name: 'hall-1',
    place: 'site/zones/0',
    members: [{ member: 'comment', before: '', after: 'cold' }],
  },
];
const ZONES = 'regent: 1\nzones:\n  # the cold one\n  - name: hall-1\n    comment: cold\n\n  - {name: hall-2}\n';

/** Files by their paths; a folder is what stands before a path's last part. */
function files(texts: Readonly<Record<string, string>>): Partial<CliIo> {
  return {
    readFile: async (path) => texts[path] ?? null,
    listFolder: async (path) => {
      const inside = Object.keys(texts).filter((file) => file.startsWith(`${path}/`));
      return inside.length === 0 ? null : inside.map((file) => file.slice(path.length + 1));
    },
  };
}
const apply = (texts: Readonly<Record<string, string>>, argv: readonly string[] = [], io: Partial<CliIo> = {}) =>
  run(region, ['apply', ...Object.keys(texts).flatMap((path) => ['-f', path]), ...argv], { ...files(texts), ...io });
const refusals = async (text: string) => {
  const { code, err } = await apply({ 'site.yaml': text });
  expect(code).toBe(1);
  expect(region.seen).toEqual([]);
  return err;
};

describe('regent apply', () => {
  it('sends all files as one set, and says what became of which line', async () => {
    region.on('POST /config/apply', { body: { ...APPLIED, changes: CHANGES } });
    const { code, out } = await apply({ 'site.yaml': ZONES, 'tags.yaml': 'tags: [{name: gpu}]' });

    expect(code).toBe(0);
    expect(region.seen[0]?.body).toEqual({
      site: { regent: 1, zones: [{ name: 'hall-1', comment: 'cold' }, { name: 'hall-2' }], tags: [{ name: 'gpu' }] },
    });
    expect(out).toContain('created  zone hall-2  (site.yaml:7)');
    expect(out).toContain('changed  zone hall-1  (site.yaml:4)\n           comment: "" → "cold"');
    expect(out).toContain(
      '1 object created, 1 changed, 0 unchanged, 0 deleted. Plan 3f2a90c1d4e5b6a7, site at revision 7.',
    );
  });

  it('reads the YAML files of a folder, in order', async () => {
    region.on('POST /config/apply', { body: { ...APPLIED, changes: [] } });
    const texts = { 'site/b.yml': 'zones: [{name: b}]', 'site/a.yaml': 'zones: [{name: a}]', 'site/notes.txt': '- x' };
    await run(region, ['apply', '-f', 'site'], files(texts));
    expect((region.seen[0]?.body as { site?: object } | undefined)?.site).toMatchObject({
      zones: [{ name: 'a' }, { name: 'b' }],
    });
  });

  it('names kinds to prune only with --prune: those of the files, and more', async () => {
    region.on('POST /config/apply', { body: { ...APPLIED, changes: [] } });
    const pruned = async (...argv: string[]) => {
      region.seen.length = 0;
      await apply({ 'z.yaml': 'zones: [{name: a}]' }, argv);
      return (region.seen[0]?.body as { prune?: string[] } | undefined)?.prune;
    };
    expect(await pruned()).toBeUndefined();
    expect(await pruned('--prune')).toEqual(['zones']);
    expect(await pruned('--prune', '--kind', 'tag')).toEqual(['zones', 'tags']);
    expect((await pruned('--prune', '--kind', 'all'))?.length).toBeGreaterThan(20);
    expect((await apply({ 'z.yaml': 'zones: [{name: a}]' }, ['--prune', '--kind', 'tagg'])).err).toContain(
      'the nearest is "tags"',
    );
  });

  it('says file and line of what the region refuses', async () => {
    const problem = {
      type: 'about:blank',
      title: 'A value breaks a rule',
      status: 422,
      code: 'invalid_value',
      detail: 'x',
      requestId: 'r',
    };
    const fields = [
      { field: 'site/zones/0/comment', problem: 'true must be string' },
      { field: 'site/zones/1', problem: 'no' },
    ];
    region.on('POST /config/apply', { status: 422, body: { ...problem, fields } });
    const { code, err } = await apply({ 'z.yaml': 'zones:\n  - name: a\n    comment: true\n  - name: b\n' });
    expect(code).toBe(1);
    expect(err).toContain('z.yaml:3: comment: true must be string. In quotes it is a text: "true".');
    expect(err).toContain('z.yaml:4: zones: no.');
    expect(err).toContain('Nothing was changed.');
  });

  it('ends a diff with 6 if the site differs, and keeps nothing', async () => {
    const preview = (changes: readonly unknown[]) => ({
      body: { dryRun: true, object: { ...APPLIED, changes }, nodes: [] },
    });
    region.on('POST /config/apply', preview(CHANGES));
    const differs = await run(region, ['diff', '-f', 'site.yaml'], files({ 'site.yaml': ZONES }));
    region.on('POST /config/apply', preview([]));
    const same = await run(region, ['diff', '-f', 'site.yaml'], files({ 'site.yaml': ZONES }));

    expect([differs.code, same.code]).toEqual([6, 0]);
    expect(differs.out).toContain('created  zone hall-2');
    expect(region.seen.every(({ query }) => query.get('dry_run') === 'true')).toBe(true);
  });
});

describe('secrets of a file', () => {
  const bmc = (pass: string) => `bmcs:\n  - name: b\n    parameters: {power_address: 192.0.2.9, power_pass: ${pass}}\n`;

  it('come from the environment, or from a file beside the one that names it', async () => {
    region.on('POST /config/apply', { body: { ...APPLIED, changes: [] } });
    const texts = { 'site/b.yaml': bmc('file:b.secret'), 'site/b.secret': 'planted\n' };
    await run(region, ['apply', '-f', 'site/b.yaml'], files(texts));
    const env = { REGENT_URL: region.url, REGENT_API_KEY: 'a:b:c', PASS: 'planted' };
    await apply({ 'b.yaml': bmc('env:PASS') }, [], { env });

    const sent = region.seen.map(({ body }) => JSON.stringify(body));
    expect(sent).toHaveLength(2);
    for (const text of sent) expect(text).toContain('"power_pass":"planted"');
  });

  it('are refused where they stand in the file, or are nowhere, and are not repeated', async () => {
    const err = await refusals(bmc('planted'));
    expect(err).toContain('site.yaml:3: parameters/power_pass: it is not a reference');
    expect(err).not.toContain('planted');
    expect(await refusals(bmc('env:NOWHERE'))).toContain('the environment has no NOWHERE');
    expect(await refusals(bmc('file:nowhere'))).toContain('there is no secret in the file ./nowhere');
  });
});

describe('YAML that is refused, with its line', () => {
  it.each([
    ['an anchor', 'zones:\n  - &a {name: a}\n', 'site.yaml:2: anchors'],
    ['an alias', 'zones:\n  - {name: a}\ntags:\n  - name: *a\n', 'site.yaml:4:'],
    ['a member that is there twice', 'zones:\n  - name: a\n    name: b\n', 'site.yaml:3: the member is there twice'],
    ['a tab', 'zones:\n\t- name: a\n', 'site.yaml:2: a tab'],
    ['a tag', 'zones:\n  - name: !secret a\n', 'site.yaml:2: a tag (!)'],
    ['a kind that is not there', 'zone:\n  - name: a\n', 'site.yaml:1: there is no kind "zone"; the nearest is zones'],
    ['no list', 'zones:\n  name: a\n', 'site.yaml:1: zones is not a list'],
    ['no object', 'zones:\n  - a\n', 'site.yaml:2: an object of zones has members'],
    ['a text', 'hello\n', 'site.yaml:1: a document has members'],
    [
      'a newer form',
      'regent: 2\nzones: [{name: a}]\n',
      'site.yaml:1: regent: 2 is a form that this release does not read',
    ],
    ['nothing', '# nothing\n', 'The files have no objects.'],
    ['what is nested without end', `zones: ${'['.repeat(50_000)}`, 'site.yaml:1:'],
  ])('%s', async (_what, text, sentence) => {
    expect(await refusals(text)).toContain(sentence);
  });

  it('more than 16 MiB, before it is read', async () => {
    const file = { size: 100 * 1024 * 1024, open: async function* () {}, readAt: async () => new Uint8Array() };
    const { code, err } = await run(region, ['apply', '-f', 'huge.yaml'], { openFile: async () => file });
    expect(code).toBe(1);
    expect(err).toContain('The files have 100 MiB. Rule: at most 16 MiB at a time.');
  });

  it('takes `no` as a text, and a version without quotes as a number', async () => {
    expect(siteOf('zones:\n  - {name: no, comment: on}\n  - {name: 1.10}\n')).toEqual({
      zones: [{ name: 'no', comment: 'on' }, { name: 1.1 }],
    });
  });
});

describe('regent export', () => {
  it('writes what it reads, by lists of kinds', async () => {
    const site = siteOf(exampleText());
    region.on('GET /config/export', {
      body: { revision: 7, site: { regent: 1, ...site }, leftOut: [{ kind: 'user', why: 'no right' }] },
    });
    const { code, out, err } = await run(region, ['export', '--kind', 'zone', '--kind', 'vlan']);

    expect(code).toBe(0);
    expect(region.seen[0]?.query.get('kinds')).toBe('zone,vlan');
    expect(siteOf(out)).toEqual(site);
    expect(siteFileText({ regent: 1, ...siteOf(out) } as SiteFile)).toBe(out);
    expect(out).toContain('    content: |\n      #!/bin/sh\n');
    expect(err).toContain('user is not in it: no right');
  });

  it('keeps texts that a reader might take for something else', () => {
    const texts = [
      'no',
      '1.10',
      '0777',
      '~',
      'a: b',
      '- a',
      '# a',
      ' a ',
      'a\nb\n',
      ' a\nb\n',
      'a\n\nb\n\n',
      'tab\t\n',
      '%',
      "it's",
      '1:30',
      '',
    ];
    const site = { scripts: texts.map((content, index) => ({ name: `s${index}`, content })) };
    expect(siteOf(siteFileText(site as unknown as SiteFile))).toEqual(site);
  });
});
