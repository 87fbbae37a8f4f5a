import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { basePath, parsePackages } from '../../src/lab/base.ts';
import { down } from '../../src/lab/lab.ts';
import { layoutOf } from '../../src/lab/layout.ts';
import {
  discardSaved,
  holdSaved,
  isSaved,
  keepFiles,
  layerUnder,
  layOnSaved,
  removeSaved,
  type SavedKey,
  savedFolder,
} from '../../src/lab/outer/saved.ts';
import { versionOf } from '../../src/lab/product/install.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { makeRelease, openProductLab, PACKAGES_FILE, type ProductLab, testInstance } from '../kit/lab.ts';
import { openSite, type Site, told } from '../kit/site.ts';

/** Of a name of its own: what other files have saved is not met. */
const TOPOLOGY = { ...SINGLE, name: `single of ${process.pid}` };
/** Making took 7 to 10 times as long as a restore, on idle and on busy machines. A restore that installs anything takes more than a third of it. */
const PART_OF_MAKING = 1 / 3;

/** Files of a lab that never ran, and its key. */
function filesOf(name: string, release: string): { layout: ReturnType<typeof layoutOf>; key: SavedKey } {
  const layout = layoutOf(testInstance(name));
  const upper = `${layout.memberFolder('r1')}/upper`;
  mkdirSync(`${upper}/etc`, { recursive: true });
  writeFileSync(`${upper}/etc/hostname`, 'r1\n');
  return { layout, key: { release, base: '/var/lib/regent-lab/base-0', topology: TOPOLOGY } };
}

async function forget(key: SavedKey): Promise<void> {
  await using _held = await holdSaved(savedFolder(key));
  await discardSaved(savedFolder(key));
}

describe('what is saved', () => {
  const made: { layout: ReturnType<typeof layoutOf>; key: SavedKey }[] = [];
  const save = async (name: string, release: string) => {
    const one = filesOf(name, release);
    made.push(one);
    await using _held = await holdSaved(savedFolder(one.key));
    await keepFiles(one.layout, one.key, ['vlan10']);
    return one;
  };
  const purge = (layout: ReturnType<typeof layoutOf>) =>
    down({ layout, isPurge: true, keepBases: true, progress: () => {} });
  afterEach(async () => {
    for (const { layout, key } of made.splice(0)) {
      await purge(layout);
      await forget(key);
    }
  });

  it('is known by its key, and as it was saved', async () => {
    const { key } = await save('a', '1');
    const folder = savedFolder(key);
    expect(await isSaved(key)).toBe(true);
    expect(await isSaved({ ...key, release: '2' })).toBe(false);
    const file = `${folder}/members/r1/upper/etc/hostname`;
    utimesSync(file, 1, 1);
    expect(await isSaved(key)).toBe(false);
  });

  it.each([
    ['a file more', (folder: string) => writeFileSync(`${folder}/members/r1/upper/etc/stranger`, '')],
    [
      'a file that was written to',
      (folder: string) => writeFileSync(`${folder}/members/r1/upper/etc/hostname`, 'r2\n'),
    ],
    ['another note', (folder: string) => writeFileSync(`${folder}/saved.json`, '{"name":"saved-0"}')],
    ['a note that is cut off', (folder: string) => writeFileSync(`${folder}/saved.json`, '{"name":')],
  ])('is not taken with %s', async (_, harm) => {
    const { key } = await save('a', '1');
    harm(savedFolder(key));
    expect(await isSaved(key)).toBe(false);
  });

  it('stays as long as a lab lies on it, and the two that were used last stay', async () => {
    const [first, second] = [await save('a', '1'), await save('b', '2')];
    const user = layoutOf(testInstance('user'));
    expect(await layOnSaved(user, first.key)).toEqual(['vlan10']);
    expect(layerUnder(user, 'r1')).toEqual([`${savedFolder(first.key)}/members/r1/upper`]);
    expect(await discardSaved(savedFolder(first.key))).toBe(false);
    const third = await save('c', '3');
    const fourth = await save('d', '4');
    const there = () => [first, second, third, fourth].map(({ key }) => existsSync(savedFolder(key)));
    expect(there()).toEqual([true, false, true, true]);
    await purge(user);
    await removeSaved(savedFolder(fourth.key));
    expect(there()).toEqual([false, false, true, true]);
  });
});

describe('the product from a lab at rest', () => {
  const labs: ProductLab[] = [];
  const sites: Site[] = [];
  const key = (): SavedKey => ({
    release: versionOf(makeRelease()),
    base: basePath(parsePackages(readFileSync(PACKAGES_FILE, 'utf8'))),
    topology: TOPOLOGY,
  });
  const open = async (name: string) => {
    const lab = await openProductLab(name, TOPOLOGY);
    labs.push(lab);
    const site = openSite(lab);
    sites.push(site);
    return { lab, site };
  };
  let makingMs = 0;
  const hostKey = (lab: ProductLab) => lab.ask('r1', ['cat', '/var/lib/regent/region/pki/ca.key']);
  afterAll(async () => {
    for (const site of sites) site.close();
    for (const lab of labs) await lab.close();
    await forget(key());
  }, 300_000);

  it('a damaged one is made anew, by one of two who want it at once; both have it, each for itself', async () => {
    const start = performance.now();
    mkdirSync(`${savedFolder(key())}/members`, { recursive: true });
    writeFileSync(`${savedFolder(key())}/saved.json`, '{"format":');
    const [one, other] = await Promise.all([open('one'), open('other')]);
    makingMs = performance.now() - start;
    expect(await hostKey(one.lab)).toBe(await hostKey(other.lab));
    await one.site.flows('one.regent.internal');
    expect(await other.site.answers('one.regent.internal')).toBe(false);
    await other.site.flows('other.regent.internal');
    told('two at once', `made, saved, restored twice`, start);
  });

  it('a later one is there in seconds, as it was saved, and takes changes', async () => {
    for (const lab of labs.splice(0)) await lab.close();
    const start = performance.now();
    const { site } = await open('later');
    const took = performance.now() - start;
    told('restored', `${(took / 1000).toFixed(1)} s`, start);
    expect(await site.answers('one.regent.internal')).toBe(false);
    expect(await site.tell('subnet', 'list')).toContain('10.10.10.0/24');
    await site.flows('later.regent.internal');
    expect(took).toBeLessThan(makingMs * PART_OF_MAKING);
  });
});
