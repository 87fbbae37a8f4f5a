import { isRejected } from '../../core/errors.ts';
import { FILE_FORM, type FileObject, type SiteFile } from '../../contract/site/export-form.ts';
import { parseTag } from '../../model/machines/tags/tag.ts';
import { parseDefinition } from '../../model/machines/tags/definition.ts';
import { parseZoneName } from '../../model/machines/zone.ts';
import { parseContent, parseScriptName } from '../../model/machines/scripts/script.ts';
import { parseSshKey } from '../../model/people/ssh-key.ts';
import { withoutCollisions } from './collisions.ts';
import { convertMachines, type ImportedMachines } from './convert-machines.ts';
import { convertNames, convertNetworks } from './convert-networks.ts';
import { type MaasSite, NEWEST } from './maas-read.ts';
import { ImportNotes, type ImportReport } from './report.ts';
import { bool, filled, num, text, texts, type MaasObject } from './values.ts';

/** A site of MAAS as configuration files, and what became of it. */
export interface ImportedSite {
  readonly site: SiteFile;
  readonly secrets: ImportedMachines['secrets'];
  readonly report: ImportReport;
}

/** How the files refer to secrets of BMCs, and what the report is about. */
export interface ConvertOrder {
  readonly source: string;
  readonly madeAt: string;
  readonly secretOf: (bmc: string, name: string) => string | null;
}

/** Users that a MAAS makes for itself. */
const OWN_USERS = ['MAAS', 'maas-init-node'];
const USER_NAME = /^[A-Za-z0-9._+@-]{1,150}$/;

/** Converts what was read. What our grammar refuses is left out and is in the report by its name. Pure. */
export function convertSite(maas: MaasSite, { source, madeAt, secretOf }: ConvertOrder): ImportedSite {
  const notes = new ImportNotes();
  const { lists } = maas;
  const networks = convertNetworks(maas, notes);
  const names = convertNames(maas, notes);
  const zones = grouped(lists['zones'] ?? [], 'zone', notes);
  const pools = grouped(lists['resourcepools'] ?? [], 'resource-pool', notes);
  const tags = tagsOf(lists['tags'] ?? [], notes);
  const users = usersOf(lists['users'] ?? [], notes);
  const setOf = (objects: readonly FileObject[] = []) => new Set(objects.map(({ name }) => String(name)));
  const { lists: converted, secrets } = convertMachines(maas, {
    networks,
    domains: setOf(names['domains']),
    zones: setOf(zones),
    pools: setOf(pools),
    tags: setOf(tags),
    users: setOf(users),
    secretOf,
    notes,
  });
  const { hosts, ranges, reservations, records } = withoutCollisions(
    { ...networks.lists, ...names, ...converted },
    notes,
  );
  const site = {
    regent: FILE_FORM,
    ...networks.lists,
    ranges,
    reservations,
    ...names,
    records,
    zones,
    'resource-pools': pools,
    tags,
    users,
    'ssh-keys': keysOf(lists['sshkeys'] ?? [], maas.user, { users: setOf(users), notes }),
    scripts: (lists['scripts'] ?? []).flatMap((script) => scriptOf(script, notes)),
    'package-repositories': (lists['package-repositories'] ?? []).flatMap((one) => repositoryOf(one, notes)),
    ...hosts,
  } as unknown as SiteFile;
  noteWithoutCounterpart(maas, notes);
  const [major = 0, minor = 0] = maas.version.split('.').map(Number);
  if (major > NEWEST[0] || (major === NEWEST[0] && minor > NEWEST[1]))
    notes.changed(
      'maas',
      maas.version,
      `it is newer than ${NEWEST.join('.')}, which this release knows: compare the counts`,
    );
  const taken = Object.fromEntries(
    Object.entries(site).flatMap(([plural, objects]) => (Array.isArray(objects) ? [[plural, objects.length]] : [])),
  ) as Record<string, number>;
  const report = { source, version: maas.version, madeAt, taken, entries: notes.entries, next: NEXT };
  return { site, secrets, report };
}

const NEXT: readonly string[] = [
  'Read what does not come along.',
  'Put the secrets of BMCs where the file refers to them.',
  'On the new region: `regent diff -f site.yaml`, then `regent apply -f site.yaml`. It switches, installs and renumbers no machine.',
  'Set passwords: `regent user password NAME`. API keys are made again.',
  'Hand over DHCP, DNS and the BMCs as docs/from-maas.md says; each step can be undone.',
];

/** Zones and pools: names and comments. */
function grouped(objects: readonly MaasObject[], kind: string, notes: ImportNotes): FileObject[] {
  return objects.flatMap((object): FileObject[] => {
    const name = text(object, 'name');
    if (notes.accept(kind, name, parseZoneName(name)) === null) return [];
    return [{ name, ...filled({ comment: text(object, 'description') }) }];
  });
}

function tagsOf(objects: readonly MaasObject[], notes: ImportNotes): FileObject[] {
  return objects.flatMap((object): FileObject[] => {
    const name = text(object, 'name');
    if (notes.accept('tag', name, parseTag(name)) === null) return [];
    const definition = text(object, 'definition');
    const isGood = definition === '' || !isRejected(parseDefinition(definition));
    if (!isGood)
      notes.changed(
        'tag',
        name,
        'its definition cannot be read: machines keep the tag, and new ones do not get it by themselves',
      );
    const members = { comment: text(object, 'comment'), kernelOptions: text(object, 'kernel_opts') };
    return [{ name, ...filled({ ...members, ...(isGood ? { definition } : {}) }) }];
  });
}

function usersOf(objects: readonly MaasObject[], notes: ImportNotes): FileObject[] {
  return objects.flatMap((object): FileObject[] => {
    const name = text(object, 'username');
    if (OWN_USERS.includes(name)) return [];
    if (!USER_NAME.test(name)) {
      notes.leftOut('user', name, 'its name breaks the grammar: letters, digits, "-", "_", ".", "+", "@"');
      return [];
    }
    const isAdmin = bool(object, 'is_superuser');
    notes.changed('user', name, 'it comes without a password and without API keys');
    return [{ name, role: isAdmin ? 'admin' : 'user', ...filled({ email: text(object, 'email') }) }];
  });
}

/** A key of the API reads only its own user's SSH keys. */
function keysOf(
  objects: readonly MaasObject[],
  user: string,
  { users, notes }: { readonly users: ReadonlySet<string>; readonly notes: ImportNotes },
): FileObject[] {
  for (const other of users)
    if (other !== user) notes.changed('user', other, 'its SSH keys do not come along: MAAS shows them only to itself');
  if (!users.has(user)) return [];
  return objects.flatMap((object): FileObject[] => {
    const key = text(object, 'key');
    return notes.accept('ssh-key', `${user} ${num(object, 'id')}`, parseSshKey(key)) === null ? [] : [{ user, key }];
  });
}

function scriptOf(script: MaasObject, notes: ImportNotes): FileObject[] {
  const name = text(script, 'name');
  if (bool(script, 'default')) return [];
  const leave = (why: string): FileObject[] => {
    notes.leftOut('script', name, why);
    return [];
  };
  if (notes.accept('script', name, parseScriptName(name)) === null) return [];
  const purpose = text(script, 'type_name')
    .toLowerCase()
    .replace(/ script$/, '');
  if (purpose !== 'commissioning' && purpose !== 'testing')
    return leave(`scripts of the type ${purpose} have no counterpart`);
  const content = contentOf(script);
  if (content === null) return leave('its text is not in the answer of MAAS');
  if (notes.accept('script', name, parseContent(content)) === null) return [];
  const tags = texts(script, 'tags').filter((tag) => /^[A-Za-z0-9._-]{1,64}$/.test(tag));
  return [
    {
      name,
      content,
      purpose,
      ...filled({ comment: text(script, 'description').slice(0, 200) }),
      ...(tags.length > 0 ? { tags } : {}),
    },
  ];
}

/** The newest text of a script, which MAAS writes in base64. */
function contentOf(script: MaasObject): string | null {
  const [newest] = (Array.isArray(script['history']) ? (script['history'] as readonly MaasObject[]) : []).toSorted(
    (a, b) => num(b, 'id') - num(a, 'id'),
  );
  const data = newest === undefined ? '' : text(newest, 'data');
  if (data === '') return null;
  const decoded = Buffer.from(data, 'base64').toString('utf8');
  return decoded.startsWith('#!') ? decoded : data;
}

/** The two archives of Ubuntu that every MAAS has are no repositories of a site. */
const ARCHIVES = ['main_archive', 'ports_archive'];

function repositoryOf(repository: MaasObject, notes: ImportNotes): FileObject[] {
  const name = text(repository, 'name');
  if (ARCHIVES.includes(name)) {
    notes.leftOut('package-repository', name, 'each MAAS has it; Regent takes the archive of the image');
    return [];
  }
  const sourceUrl = text(repository, 'url');
  if (/\/\/[^/]*@/.test(sourceUrl)) {
    notes.leftOut('package-repository', name, 'its address holds a password: make it again by hand');
    return [];
  }
  if (!sourceUrl.startsWith('http')) {
    notes.leftOut('package-repository', name, 'its address is no http:// or https://, such as that of a PPA');
    return [];
  }
  const joined = (member: string) => texts(repository, member).join(' ');
  return [
    {
      name,
      enabled: repository['enabled'] !== false,
      sourceUrl,
      ...filled({
        signingKey: text(repository, 'key'),
        distributions: joined('distributions'),
        components: joined('components'),
      }),
    },
  ];
}

/** Lists that have no counterpart, each object by its name. */
function noteWithoutCounterpart({ lists, absent }: MaasSite, notes: ImportNotes): void {
  const why: Readonly<Record<string, string>> = {
    'dhcp-snippets': 'it is written for ISC dhcpd: check it and enter it by regent dhcp-snippet create',
    'boot-resources': 'images are not copied: sync a source, or import the image',
    pods: 'Regent manages no VM hosts',
    'license-keys': 'Regent deploys no system that needs one',
  };
  const kinds: Readonly<Record<string, string>> = { pods: 'vm-host', 'dhcp-snippets': 'dhcp-snippet' };
  for (const [name, reason] of Object.entries(why))
    for (const object of lists[name] ?? [])
      notes.leftOut(kinds[name] ?? name.replace(/s$/, ''), text(object, 'name') || `#${num(object, 'id')}`, reason);
  for (const name of absent)
    if (why[name] === undefined) notes.leftOut('list', name, 'this MAAS does not have the list');
  notes.leftOut('events, results, sessions, keys of the API', 'all', 'they belong to the old site');
}
