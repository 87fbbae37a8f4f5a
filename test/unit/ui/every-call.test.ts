import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../../src/contract/routes.ts';
import { NOUN_PAGES } from '../../../src/ui/models/base/nouns/noun-pages.ts';
import { NOUN_TABLE } from '../../../src/ui/models/base/nouns/noun-table.ts';
import { MACHINE_ACTION_IDS } from '../../../src/ui/models/machines/machine-verbs.ts';

const ROOT = join(import.meta.dirname, '../../../src/ui');
const GENERATED = ['call-table.ts', 'noun-pages.ts', 'noun-table.ts'];

const NO_PAGE_OF_UPGRADES =
  'There is no page of upgrades: an archive is chosen and sent by the command line, and the page of jobs shows how it goes.';
const NO_PAGE_OF_BACKUPS =
  'There is no page of backups yet: the command line has them, and the doctor’s findings name the commands.';
const NO_PAGE_OF_ALARMS =
  'There is no page of alarms yet: the doctor shows mutes, and the command line has findings and their targets.';
/** Calls that no page makes, and why. Whatever the command line can do besides has its page. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'alert-target.create': NO_PAGE_OF_ALARMS,
  'alert-target.delete': NO_PAGE_OF_ALARMS,
  'alert-target.list': NO_PAGE_OF_ALARMS,
  'alert-target.set': NO_PAGE_OF_ALARMS,
  'alert-target.show': NO_PAGE_OF_ALARMS,
  'alert-target.test': NO_PAGE_OF_ALARMS,
  'annotation.list': 'Texts that tools of MAAS keep for themselves: nobody reads them on a page.',
  'annotation.set': 'Tools of MAAS write them.',
  'backup-target.set': NO_PAGE_OF_BACKUPS,
  'backup-target.show': NO_PAGE_OF_BACKUPS,
  'backup-target.unset': NO_PAGE_OF_BACKUPS,
  'backup.create': NO_PAGE_OF_BACKUPS,
  'backup.delete': NO_PAGE_OF_BACKUPS,
  'backup.drill': NO_PAGE_OF_BACKUPS,
  'backup.drills': NO_PAGE_OF_BACKUPS,
  'backup.list': NO_PAGE_OF_BACKUPS,
  'backup.schedule': NO_PAGE_OF_BACKUPS,
  'backup.verify': NO_PAGE_OF_BACKUPS,
  'bmc.show': 'The list has all of a BMC.',
  'boot-source.show': 'The list has all of a source.',
  'cluster.what-if': 'One call answers for all nodes and events: cluster.what-ifs.',
  'command.list': 'Orders to agents: people see the job that they are part of.',
  'command.show': 'Orders to agents: people see the job that they are part of.',
  'config.apply': 'Files of the configuration lie beside the command line.',
  'config.export': 'Files of the configuration lie beside the command line.',
  'drill.ledger': 'Probes of a drill read what they have written.',
  'drill.record': 'Who plays a drill from outside of the cluster hands its record in.',
  'drill.write': 'Probes of a drill write numbers.',
  'file.by-key': 'Machines fetch a file by its key, without a session.',
  'file.list': 'Files that tools such as Juju keep for themselves.',
  'file.set': 'Files that tools such as Juju keep for themselves.',
  'file.show': 'Files that tools such as Juju keep for themselves.',
  'file.delete': 'Files that tools such as Juju keep for themselves.',
  'finding.list': NO_PAGE_OF_ALARMS,
  'finding.mute': NO_PAGE_OF_ALARMS,
  'finding.past': NO_PAGE_OF_ALARMS,
  'finding.unmute': NO_PAGE_OF_ALARMS,
  'interface.list': 'machine.show has the interfaces.',
  'interface.show': 'machine.show has the interfaces.',
  'lease.show': 'The list has all of a lease.',
  'machine-inventory.list': 'Tools read the hardware of all machines at once; a page shows that of one.',
  'me.show': 'The session says who is logged in.',
  'metric.list': 'Numbers for monitoring systems; a service’s page has its own.',
  'node.list': 'cluster.show has the nodes, with what they do.',
  'node.support': 'A bundle is a file that the command line writes.',
  'node.probe': 'Drills ask nodes to look at each other.',
  'rack.show': 'The list has all of a rack.',
  'storage.list': 'Tools read the storage of all machines at once; a page shows that of one.',
  'support-bundle.start': 'A bundle is a file that the command line writes.',
  'upgrade.back': NO_PAGE_OF_UPGRADES,
  'upgrade.resume': NO_PAGE_OF_UPGRADES,
  'upgrade.show': NO_PAGE_OF_UPGRADES,
  'upgrade.start': NO_PAGE_OF_UPGRADES,
};
/** Calls that are made by their path: they are no calls of JSON. */
const BY_PATH: Readonly<Record<string, string>> = { 'image.upload': 'live/files/upload.ts' };

/** Names of calls in the program of the pages; those of a noun's form and of a machine's verbs are put together there. */
function called(): Set<string> {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((path) => /\.tsx?$/.test(path) && !GENERATED.some((name) => path.endsWith(name)))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/['"`]([a-z-]+\.[a-z-]+)['"`]/g)].map(([, name]) => name ?? ''),
  );
  const endings = texts.flatMap((text) => {
    const put = [...text.matchAll(/`([a-z-]+)\.\$\{/g)].map(([, noun]) => noun ?? '');
    const words = [...text.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word ?? '');
    return put.flatMap((noun) => words.map((word) => `${noun}.${word}`));
  });
  const forms = Object.keys(NOUN_TABLE).flatMap((noun) =>
    ['list', 'show', 'create', 'set', 'delete'].map((verb) => `${noun}.${verb}`),
  );
  return new Set([...names, ...endings, ...forms, ...MACHINE_ACTION_IDS.map((id) => `machine.${id}`)]);
}

describe('every call of the API', () => {
  const found = called();
  const unseen = Object.keys(ROUTES).filter((id) => !found.has(id) && !Object.hasOwn(BY_PATH, id));

  it('is made by a page, or it is said why none makes it', () => {
    expect(unseen.filter((id) => !Object.hasOwn(NOT_CALLED, id))).toEqual([]);
  });

  it('has a page for each noun whose form is made from its schema', () => {
    const pages = [
      'base/catalog/catalog.tsx',
      'networks/vlans/vlans.tsx',
      'networks/vlans/vlan-actions.tsx',
      'networks/subnets/subnets.tsx',
      'names/domains.tsx',
      'networks/leases/reservations.tsx',
    ];
    const text = pages.map((page) => readFileSync(join(ROOT, 'screens', page), 'utf8')).join('\n');
    const missing = Object.keys(NOUN_TABLE).filter(
      (noun) =>
        !(noun in NOUN_PAGES) &&
        !text.includes(`  '${noun}',`) &&
        !text.includes(`<NounButtons noun="${noun}"`) &&
        !text.includes(`<NounDialog noun="${noun}"`),
    );
    expect(missing).toEqual([]);
    for (const path of Object.values(BY_PATH)) expect(readFileSync(join(ROOT, path), 'utf8')).toContain("'PUT'");
  });

  it('is not said to be missing when a page makes it, or when there is none', () => {
    expect(Object.keys(NOT_CALLED).filter((id) => !unseen.includes(id))).toEqual([]);
    expect(Object.values(NOT_CALLED).every((why) => /^\S.{10,}\.$/.test(why))).toBe(true);
  });
});
