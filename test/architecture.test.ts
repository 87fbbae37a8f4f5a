import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../src/contract/base/declare.ts';
import { NOUNS } from '../src/contract/registry.ts';
import { POWER_TYPES } from '../src/model/machines/power.ts';
import { DRIVERS } from '../src/power/registry.ts';
import { SERVICES } from '../src/services/registry.ts';
import { breaches, cycles, LAW, readSources, type SourceFile } from './kit/import-rules.ts';
import { namesOf, type NounNames, placesOf } from './kit/places.ts';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
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
    const heavy = ui.filter((file) => /^import (?!type)[^;]*\/contract\/(?!wire\/)/m.test(file.text));
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
  it('has a README of at most 60 lines in every room', () => {
    const rooms = [
      ...folders(SRC).map((name) => join('src', name)),
      'src/services/dns',
      'src/services/ntp',
      'ha',
      'systemd',
      'templates',
      'test',
    ];
    const lines = rooms.map((room) => {
      const path = join(ROOT, room, 'README.md');
      return { room, lines: existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length : 0 };
    });
    // A service's folder may lean on the README of services: only the rooms proper need one.
    const missing = lines.filter((entry) => entry.lines === 0 && !entry.room.startsWith('src/services/'));
    expect(missing).toEqual([]);
    expect(lines.filter((entry) => entry.lines > 60)).toEqual([]);
  });

  it('has only rooms that the law knows, and no empty ones', () => {
    for (const room of folders(SRC)) {
      expect(LAW, room).toHaveProperty(room);
      expect(
        readdirSync(join(SRC, room)).some((name) => name !== 'README.md'),
        `${room} is empty`,
      ).toBe(true);
    }
  });

  it('keeps folders, shell scripts and templates small', () => {
    // A migration is a file for good; the rooms are those of the law.
    const counted = allFolders(SRC).filter((path) => path !== SRC && path !== join(SRC, 'store/sql'));
    const many = counted.filter((path) => readdirSync(path).length > 22);
    expect(many.map((path) => path.slice(ROOT.length + 1))).toEqual([]);
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

describe('nouns', () => {
  /** A migration, a file of its laws, a declaration, a line of the registry; and functions beside it for what is special. */
  const LIMIT = 6;
  /** A noun that services are made from is in the snapshot, too. */
  const SNAPSHOT = ['model/snapshot.ts', 'store/snapshot.ts'];
  /** Nouns with laws of their own: they have an entry (contract/entries.ts), or nothing of the kind. */
  const LIMIT_OF_OTHERS = 40;
  const OTHERS: readonly NounNames[] = [
    { noun: 'domain', plural: 'domains', component: 'Domain' },
    { noun: 'record', plural: 'records', component: 'DnsRecord' },
    { noun: 'machine', plural: 'machines', component: 'Machine' },
    { noun: 'vlan', plural: 'vlans', component: 'Vlan' },
    { noun: 'subnet', plural: 'subnets', component: 'Subnet' },
    { noun: 'range', plural: 'ranges', component: 'Range', aliases: ['ip_ranges', 'ip-range'] },
    { noun: 'reservation', plural: 'reservations', component: 'Reservation' },
    { noun: 'lease', plural: 'leases', component: 'Lease' },
    { noun: 'user', plural: 'users', component: 'User' },
  ];
  /** Work that is done to objects of nouns: it is no part of what a noun costs. */
  const WORK = [
    'model/machines/machine-lifecycle.ts',
    'model/machines/machine-states.ts',
    'model/machines/machine-run.ts',
    'model/machines/timeline/',
    'contract/machines/machine-timeline.ts',
    'cli/commands/machines/machine-timeline.ts',
    'store/queries/machines/machine-steps.ts',
    'store/sql/036_machine_steps.sql',
    'model/machines/enlistment.ts',
    'contract/machines/enlistment.ts',
    'contract/machines/enlist.ts',
    'cli/commands/machines/machine-enlistment.ts',
    'store/queries/machines/enlistments.ts',
    'store/sql/037_enlistment.sql',
    'region/machines/metadata/',
    'api/metadata/',
    'contract/machines/machine-inventory.ts',
    'cli/commands/machines/machine-hardware.ts',
    'store/queries/machines/machine-tokens.ts',
    'store/queries/machines/machine-inventories.ts',
    'store/queries/machines/scripts/',
    'store/sql/040_scripts.sql',
    'model/machines/scripts/',
    'contract/machines/script.ts',
    'cli/commands/machines/script.ts',
    'store/sql/033_metadata.sql',
    'region/machines/lifecycle/',
    'region/machines/deployment/',
    'model/machines/deployment/',
    'cli/commands/machines/machine-deploy.ts',
    'store/queries/machines/candidates.ts',
    'store/queries/machines/deployments.ts',
    'store/queries/machines/machine-storage.ts',
    'contract/machines/machine-storage.ts',
    'cli/commands/machines/storage.ts',
    'store/sql/049_machine_storage.sql',
    'store/sql/042_deployments.sql',
    'region/machines/machine-state.ts',
    'region/machines/power/',
    'main/calls/power-runners.ts',
    'contract/machines/machine-lifecycle.ts',
    'contract/machines/machine-deploy.ts',
    // Annotations are of several nouns.
    'store/declared/annotation-sentences.ts',
    // Devices are machines that nobody commissions.
    'contract/machines/device.ts',
    'cli/commands/machines/device.ts',
    'cli/commands/machines/machine-cards.ts',
    'region/machines/device.ts',
    // Notes and files of users.
    'contract/people/notification.ts',
    'cli/commands/people/notification.ts',
    'region/people/notification.ts',
    'store/queries/people/notifications.ts',
    'store/queries/people/files.ts',
    'contract/machines/machine-power.ts',
    'model/machines/bmc-hosts.ts',
    'region/cluster/invariants/bmcs.ts',
    'store/sql/080_bmc_pins.sql',
    'cli/commands/machines/machine-lifecycle.ts',
    'cli/commands/machines/machine-power.ts',
    'store/queries/machines/machine-states.ts',
    'store/queries/machines/power-states.ts',
    'store/queries/machines/power-secrets.ts',
    'store/sql/028_machine_power_states.sql',
    'store/sql/032_machine_states.sql',
    'model/machines/interfaces/',
    'contract/machines/machine-interface.ts',
    'contract/machines/machine-interface-routes.ts',
    'cli/commands/machines/interface.ts',
    'store/queries/machines/machine-interfaces.ts',
    'store/sql/045_interfaces.sql',
    'region/machines/interfaces/',
    // Finds objects of all kinds for screens.
    'store/queries/site/search.ts',
    'contract/site/look.ts',
    'region/site/look.ts',
    // Another API over the same use cases: it shows every noun in another shape.
    'api/maas/',
    // The web UI shows every noun.
    'ui/',
    'region/images/boot-records.ts',
    'store/queries/machines/machine-stages.ts',
    'store/sql/035_boot_records.sql',
    // Names that all kinds of nouns claim.
    'store/sql/069_names_by_id.sql',
    'store/sql/076_delegations_and_aliases.sql',
    // What machines and records keep as it was given.
    'store/sql/070_as_it_was_given.sql',
    'store/sql/073_expected_architecture.sql',
    // Addresses that systems still have, whatever noun had them.
    'store/sql/082_occupied.sql',
    'store/queries/networks/held-addresses.ts',
    // The orders of their lists, and what long ones are read for.
    'store/sql/071_lists_in_order.sql',
    'store/queries/machines/machines-in-short.ts',
    'region/machines/machine-in-short.ts',
  ];
  const declared = NOUNS.map(namesOf);
  const all = [...declared, ...OTHERS];
  const files = allFiles(SRC)
    .filter((path) => /\.(ts|sql)$/.test(path))
    .map((path) => ({ path: path.slice(SRC.length + 1), text: readFileSync(path, 'utf8') }))
    .filter(({ path }) => !WORK.some((work) => path.startsWith(work)));

  it('does work on nouns where it says so', () => {
    for (const work of WORK) expect(existsSync(join(SRC, work)), work).toBe(true);
  });

  it('cost few files when they are declared', () => {
    const table = all.map((own) => ({ own, places: placesOf(own, all, files) }));
    const lines = table.map(({ own, places }) => {
      const isDeclared = declared.includes(own);
      return `  ${own.noun.padEnd(12)} ${String(places.length).padStart(3)} files${isDeclared ? `: ${places.join(', ')}` : ''}`;
    });
    console.log(
      `places of each noun (declared ones: at most ${LIMIT}, others: ${LIMIT_OF_OTHERS})\n${lines.join('\n')}`,
    );
    expect(table.filter(({ places }) => places.length > LIMIT_OF_OTHERS).map(({ own }) => own.noun)).toEqual([]);
    for (const { own, places } of table.filter((line) => declared.includes(line.own))) {
      const counted = places.filter((path) => !SNAPSHOT.includes(path));
      expect(counted.length, `${own.noun}: ${places.join(', ')}`).toBeLessThanOrEqual(LIMIT);
      expect(places).toContain(`contract/registry.ts/${own.noun}.ts`);
      expect(places).toContain('contract/registry.ts');
    }
  });

  it.each(NOUNS.map((declaration) => [declaration.noun, declaration] as const))(
    '%s has its table, with history and versions',
    (_, declaration) => {
      const table = tableOf(declaration);
      const sql = files
        .filter(({ path }) => path.endsWith('.sql'))
        .map(({ text }) => text)
        .join('\n');
      expect(sql).toContain(`create table ${table} (`);
      expect(sql).toContain(`create trigger raise_version before update on ${table} `);
      expect(sql).toContain(`create trigger write_history after insert or update or delete on ${table} `);
      for (const { constraint } of declaration.usedBy)
        expect(sql).toMatch(new RegExp(`constraint ${constraint} (foreign key|references)`));
    },
  );

  it('sees each place of a noun', () => {
    const own = { noun: 'pool', plural: 'pools', component: 'Pool' };
    const seen = (path: string, text: string) => placesOf(own, [own, ...all], [{ path, text }]).length === 1;
    expect(seen('store/queries/pools.ts', '')).toBe(true);
    expect(seen('store/revert.ts', "const TABLES = ['pools'];")).toBe(true);
    expect(seen('store/snapshot.ts', 'sql`select id from pools`')).toBe(true);
    expect(seen('store/constraints.ts', "  pools_name_unique: conflict('x'),")).toBe(true);
    expect(seen('contract/openapi.ts', 'const COMPONENTS = { Pool };')).toBe(true);
    expect(seen('contract/routes.ts', "get('/pools', 'List pools')")).toBe(true);
    expect(seen('cli/live-names.ts', "case 'pool':")).toBe(true);
    expect(seen('cli/nouns.ts', 'const NOUNS = [POOL];')).toBe(true);
    expect(seen('region/base/refs.ts', '// a pool, as in from pools')).toBe(false);
    expect(seen('region/machines/machine.ts', "declaredByRef(tx, 'pool', body.pool)")).toBe(false);
    expect(seen('host/disk.ts', "look === 'pool'")).toBe(false);
  });
});

function allFolders(path: string): string[] {
  return [path, ...folders(path).flatMap((name) => allFolders(join(path, name)))];
}

function allFiles(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const child = join(path, name);
    return statSync(child).isDirectory() ? allFiles(child) : [child];
  });
}
