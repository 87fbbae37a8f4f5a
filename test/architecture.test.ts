import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Declaration, tableOf } from '../src/contract/base/declare.ts';
import { carriedBy } from '../src/contract/machines/carried.ts';
import { NOUNS } from '../src/contract/registry.ts';
import { POWER_TYPES } from '../src/model/machines/power.ts';
import { DRIVERS } from '../src/power/registry.ts';
import { SERVICES } from '../src/services/registry.ts';
import { breaches, cycles, LAW, readSources, type SourceFile } from './kit/import-rules.ts';
import { countWords, doubledTypes, readProduct, WORDS_LEFT } from './kit/private-words.ts';
import { declaredIn, newestNoun, writtenFiles } from './kit/newest-noun.ts';
import { judgeSubjects, LAYERS, SUBJECTS } from './kit/subject-rules.ts';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
/** A call of a logger, with what follows its bracket. */
const LOG_CALL = /\blog\.(?:debug|info|warn|error|fatal)\(\s*([^\n]*)/g;
/** A sentence that is built of values: it cannot be found by its text. */
const BUILT_SENTENCE = /^`|^'[^']*'\s*\+|^"[^"]*"\s*\+/;
/** Files that a declared noun may cost beside generated ones. */
const NOUN_FILES_MOST = 8;
const folders = (path: string) => readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory());

describe('the import law', () => {
  const files = readSources(SRC);

  it('holds for every file', () => {
    expect(breaches(SRC, files)).toEqual([]);
  });

  it('has no cycles', () => {
    expect(cycles(SRC, files)).toEqual([]);
  });

  it('lets only the live part of the web UI reach out, and only the wire of the contract into it', () => {
    const ui = files.filter((file) => file.path.startsWith('ui/'));
    expect(ui.length).toBeGreaterThan(30);
    const reaching = ui.filter(
      (file) =>
        !file.path.startsWith('ui/live/') &&
        file.path !== 'ui/main.tsx' &&
        /\bfetch\(|\bset(?:Timeout|Interval)\b|\bXMLHttpRequest\b|\bEventSource\b/.test(file.text),
    );
    expect(reaching.map((file) => file.path)).toEqual([]);
    const heavy = ui.filter((file) => /^import (?!type)[^;]*\/contract\/(?!\w+\/wire\/|caller\.ts)/m.test(file.text));
    expect(heavy.map((file) => file.path)).toEqual([]);
    expect(
      ui.filter((file) => /dangerouslySetInnerHTML|\.innerHTML\b/.test(file.text)).map((file) => file.path),
    ).toEqual([]);
  });

  it('sees a breach when there is one', () => {
    const file = (path: string, imports: string[], text = ''): SourceFile => ({ path, imports, text });
    const bad = [
      file('model/a.ts', ['../store/b.ts']),
      file('services/dns/a.ts', ['handlebars']),
      file('api/a.ts', ['pg']),
      file('core/a.ts', ['node:fs']),
      file('agent/a.ts', ['../region/b.ts']),
      file('reconcile/a.ts', ['../host/real.ts']),
      file('model/b.ts', [], 'export async function f() { return Date.now(); }'),
      file('attic/a.ts', []),
    ];
    expect(breaches(SRC, bad)).toHaveLength(9);
    expect(
      breaches(SRC, [file('template/a.ts', ['handlebars']), file('reconcile/b.ts', ['../host/interface.ts'])]),
    ).toEqual([]);
    expect(cycles(SRC, [file('core/a.ts', ['./b.ts']), file('core/b.ts', ['./a.ts'])])).toEqual([
      ['core/a.ts', 'core/b.ts', 'core/a.ts'],
    ]);
  });
});

describe('rooms', () => {
  it('has only rooms that the law knows, and no empty ones', () => {
    for (const room of folders(SRC)) {
      expect(LAW, room).toHaveProperty(room);
      expect(
        readdirSync(join(SRC, room)).some((name) => name !== 'README.md'),
        `${room} is empty`,
      ).toBe(true);
    }
  });

  it('keeps shell scripts and templates small', () => {
    const long = (paths: string[], limit: number) =>
      paths.filter((path) => readFileSync(path, 'utf8').split('\n').length > limit);
    const shell = [...allFiles(join(ROOT, 'scripts')), ...allFiles(join(ROOT, 'ha'))].filter((path) =>
      /^#!.*\b(ba|da)?sh\b/.test(readFileSync(path, 'utf8')),
    );
    expect(long(shell, 101)).toEqual([]);
    expect(
      long(
        allFiles(join(ROOT, 'templates')).filter((path) => path.endsWith('.hbs')),
        200,
      ),
    ).toEqual([]);
  });
});

describe('services', () => {
  const CASES = ['empty', 'typical', 'large', 'hostile-strings'];

  it.each(SERVICES.map((service) => [service.name, service] as const))(
    '%s has its folder, templates, goldens and registry line',
    (name, service) => {
      expect(existsSync(join(SRC, 'services', name, 'index.ts'))).toBe(true);
      for (const file of service.files)
        expect(existsSync(join(ROOT, 'templates', name, file.template)), file.template).toBe(true);
      for (const golden of CASES)
        expect(existsSync(join(ROOT, 'test/golden', name, golden, 'desired.json')), `${name}/${golden}`).toBe(true);
    },
  );

  it('has no service folder, template folder or golden folder without a registry line', () => {
    const names = SERVICES.map((service) => service.name).sort();
    expect(
      folders(join(SRC, 'services'))
        .filter((name) => name !== 'kit')
        .sort(),
    ).toEqual(names);
    // Boot scripts are no daemon's files.
    expect(folders(join(ROOT, 'templates')).sort()).toEqual([...names, 'boot'].sort());
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('power drivers', () => {
  it.each([...POWER_TYPES])('%s has its folder, its registry line and its conformance test', (type) => {
    expect(existsSync(join(SRC, 'power', type, 'index.ts'))).toBe(true);
    expect(DRIVERS.filter((driver) => driver.type === type)).toHaveLength(1);
    expect(existsSync(join(ROOT, `test/check/power-${type}.test.ts`))).toBe(true);
  });

  it('has no folder of a driver without a type', () => {
    expect(folders(join(SRC, 'power')).sort()).toEqual([...POWER_TYPES].sort());
  });
});

describe('subjects', () => {
  const files = readSources(SRC);
  const { breaches: found, counts } = judgeSubjects(SRC, files);

  it('import only those that stand before them, in every layered room', () => {
    const lines = counts.map(
      ({ room, files: own, arrows }) =>
        `  ${room.padEnd(8)} ${String(own).padStart(3)} files ${String(arrows).padStart(3)} imports`,
    );
    console.log(`imports between subjects (back: ${found.length})\n${lines.join('\n')}`);
    expect(counts.every((room) => room.files > 50 && room.arrows > 5)).toBe(true);
    expect(found).toEqual([]);
  });

  it('are the only folders of the tests beside them', () => {
    const beside = ['test/api', 'test/store', ...Object.keys(LAYERS).map((room) => `test/unit/${room}`)];
    const odd = beside
      .filter((path) => existsSync(join(ROOT, path)) && !['test/unit/api', 'test/unit/store'].includes(path))
      .flatMap((path) => folders(join(ROOT, path)).map((name) => ({ path, name })))
      .filter(({ name }) => !SUBJECTS.some((subject) => subject === name));
    expect(odd).toEqual([]);
  });

  it('see an arrow back, a circle, a folder of another name, and an import of what is composed', () => {
    const file = (path: string, imports: string[]): SourceFile => ({ path, imports, text: '' });
    const seen = (...planted: SourceFile[]) => judgeSubjects(SRC, planted).breaches;
    expect(seen(file('region/names/a.ts', ['../machines/b.ts']))).toHaveLength(1);
    expect(seen(file('model/names/a.ts', ['../site/b.ts']), file('model/site/b.ts', ['../names/a.ts']))).toHaveLength(
      1,
    );
    expect(seen(file('contract/nouns/a.ts', []))).toHaveLength(1);
    expect(seen(file('region/people/a.ts', ['../region.ts']))).toHaveLength(1);
    expect(seen(file('ui/screens/names/a.tsx', ['../../models/site/b.ts']))).toHaveLength(1);
    expect(seen(file('region/site/a.ts', ['../names/b.ts', '../base/c.ts', '../../model/site/d.ts']))).toEqual([]);
    expect(
      seen(file('region/region.ts', ['./site/a.ts']), file('ui/screens/names/a.tsx', ['../../texts/en.ts'])),
    ).toEqual([]);
  });
});

describe('nouns', () => {
  /** Nouns with laws of their own beside the declared ones. */
  const OTHERS: readonly (readonly [string, string])[] = [
    ['domain', 'domains'],
    ['record', 'records'],
    ['vlan', 'vlans'],
    ['subnet', 'subnets'],
    ['range', 'ranges'],
    ['reservation', 'reservations'],
    ['lease', 'leases'],
    ['node', 'nodes'],
    ['rack', 'racks'],
    ['image', 'images'],
    ['machine', 'machines'],
    ['device', 'devices'],
    ['script', 'scripts'],
    ['user', 'users'],
    ['notification', 'notifications'],
    ['setting', 'settings'],
  ];
  const all = [...NOUNS.map(({ noun, plural }): readonly [string, string] => [noun, plural]), ...OTHERS];
  const layered = Object.values(LAYERS).flat();
  const paths = allFiles(SRC).map((path) => path.slice(SRC.length + 1));

  it.each(all)('%s has its files in one subject', (noun, plural) => {
    const names = [noun, plural];
    // A folder of a subject's work names its files by what is done there: machines/deployment/image.ts chooses an image.
    const own = paths.filter((path) => names.includes(basename(path).replace(/\.\w+$/, '')));
    const subjects = own.flatMap((path) => {
      const folder = layered.find((one) => path.startsWith(`${one}/`));
      const [subject = '', ...rest] = folder === undefined ? [] : path.slice(folder.length + 1).split('/');
      return subject !== '' && rest.slice(0, -1).every((part) => names.includes(part)) ? [subject] : [];
    });
    expect(subjects.length).toBeGreaterThan(0);
    expect([...new Set(subjects)], own.join(', ')).toHaveLength(1);
  });

  it('are declared in a line of the registry and a file of their own', () => {
    const registry = readFileSync(join(SRC, 'contract/registry.ts'), 'utf8');
    for (const { noun } of NOUNS) expect(registry).toMatch(new RegExp(`from './\\w+/${noun}\\.ts'`));
  });

  it('cost few files', () => {
    const newest = newestNoun(
      ROOT,
      NOUNS.map(({ noun }) => noun),
    );
    console.log(
      newest === null
        ? 'the newest noun: this history does not have its commit'
        : `the newest noun, ${newest.noun}, cost ${newest.files.length} files beside generated ones: ${newest.files.join(', ')}`,
    );
    expect(newest?.files.length ?? 0).toBeLessThanOrEqual(NOUN_FILES_MOST);
  });

  it('are found in the history, without what programs write', () => {
    const log =
      'commit b2\n\nsrc/contract/people/contact.ts\nsrc/contract/base/a.ts\ncommit a1\n\nsrc/contract/names/tag.ts';
    expect(declaredIn(log, ['contact', 'tag'])).toEqual([
      { commit: 'b2', noun: 'contact' },
      { commit: 'a1', noun: 'tag' },
    ]);
    expect(writtenFiles('src/a.ts\ntest/golden/openapi.json\nsrc/ui/live/call-table.ts\n')).toEqual(['src/a.ts']);
    expect(newestNoun('/nonexistent', ['tag'])).toBeNull();
  });

  it('carry what says that it is carried', () => {
    expect(carriedBy('machine')).toEqual(
      NOUNS.filter((declaration: Declaration) => declaration.carriedBy === 'machine'),
    );
  });

  it.each(NOUNS.map((declaration) => [declaration.noun, declaration] as const))(
    '%s has its table, with history and versions',
    (_, declaration) => {
      const table = tableOf(declaration);
      const sql = paths
        .filter((path) => path.endsWith('.sql'))
        .map((path) => readFileSync(join(SRC, path), 'utf8'))
        .join('\n');
      expect(sql).toContain(`create table ${table} (`);
      expect(sql).toContain(`create trigger raise_version before update on ${table} `);
      expect(sql).toContain(`create trigger write_history after insert or update or delete on ${table} `);
      for (const { constraint } of declaration.usedBy)
        expect(sql).toMatch(new RegExp(`constraint ${constraint} (foreign key|references)`));
    },
  );
});

function allFiles(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const child = join(path, name);
    return statSync(child).isDirectory() ? allFiles(child) : [child];
  });
}

describe('the law of plain words', () => {
  const files = readProduct(ROOT);

  it('has no word of our own more often than before, and no number that is too large by now', () => {
    expect(files.length).toBeGreaterThan(1000);
    const counts = countWords(files);
    console.log(
      `words that leave: ${Object.entries(counts)
        .map(([word, count]) => `${word} ${count}`)
        .join(', ')}`,
    );
    expect(counts).toEqual(WORDS_LEFT);
  });

  it('writes logs as constant sentences, with fields', () => {
    const calls = files.flatMap(({ path, text }) =>
      Array.from(text.matchAll(LOG_CALL), ([, argument = '']) => ({ path, argument: argument.slice(0, 80) })),
    );
    expect(calls.length).toBeGreaterThan(80);
    expect(calls.filter(({ argument }) => BUILT_SENTENCE.test(argument))).toEqual([]);
    expect(['`job ${id} failed`, {', "'job ' + id, {"].every((argument) => BUILT_SENTENCE.test(argument))).toBe(true);
  });

  it('gives a name to two types at most', () => {
    expect(doubledTypes(files)).toEqual([]);
  });

  it('sees a word inside a name, a form of it, and not a part of another word', () => {
    const text = 'function readWish(password: string) { tellAll(keyword); } // Strangers look';
    const counts = countWords([{ path: 'src/a.ts', text }]);
    expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([
      ['told', 1],
      ['look', 1],
      ['wish', 1],
      ['stranger', 1],
    ]);
    const types = ['interface Row {', 'export type Row =', 'type Row =', '  type Row ='].join('\n');
    expect(doubledTypes([{ path: 'src/a.ts', text: types }])).toEqual(['Row 3']);
  });
});
