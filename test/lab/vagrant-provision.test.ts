import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SHARED_INSIDE } from '../../src/lab/host.ts';
import { clusterOf } from '../../src/lab/topologies.ts';
import { CHECKOUT, makeRelease, openLab, type TestLab } from '../kit/lab.ts';

/** A host for each role of the Vagrantfile, with its addresses. */
const SITE = clusterOf({ regions: 2, racks: 1 });
const SCRIPT = join(CHECKOUT, 'scripts', 'vagrant-provision');
const INSIDE = `/var/tmp/${basename(SCRIPT)}`;
const LONG_MS = 300_000;

/** The folder that Vagrant's machines share, and its script in each, as Vagrant brings it. */
let lab: TestLab;
beforeAll(async () => {
  const archive = makeRelease();
  lab = await openLab('vagrant', SITE);
  copyFileSync(archive, join(lab.layout.shared, basename(archive)));
  for (const host of SITE.hosts) copyFileSync(SCRIPT, `${lab.layout.rootOf(host.name)}${INSIDE}`);
}, 600_000);
afterAll(() => lab?.close(), 300_000);

const provision = (host: string, ...words: string[]) => lab.exec(host, ['bash', INSIDE, ...words], LONG_MS);
const done = async (host: string, ...words: string[]) => {
  const { code, stdout, stderr } = await provision(host, ...words);
  expect([code, code === 0 ? '' : `${stdout}\n${stderr}`]).toEqual([0, '']);
};
const tokens = () => readdirSync(lab.layout.shared).filter((name) => name.startsWith('token'));

it('refuses what is no role, and a join without a token, before anything is joined', async () => {
  expect(await provision('r1')).toMatchObject({ code: 1, stderr: expect.stringContaining('first, region, rack') });
  expect(await provision('r1', 'witness')).toMatchObject({ code: 1 });
  expect(await provision('r1', 'token', 'first')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('region or rack'),
  });
});

it('sets up the first host, and each other role joins with a token that is gone afterwards', async () => {
  await done('r1', 'first');
  for (const [host, role] of [
    ['r2', 'region'],
    ['k1', 'rack'],
  ] as const) {
    const without = await provision(host, role);
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining(`vagrant-provision token ${role}`) });
    const made = await lab.exec('r1', ['bash', `${SHARED_INSIDE}/vagrant-provision`, 'token', role], LONG_MS);
    expect([made.code, made.stdout]).toEqual([0, '']);
    expect(await lab.ask('r1', ['stat', '-c', '%a %U', `${SHARED_INSIDE}/token-${role}`])).toBe('600 root');
    await done(host, role);
    expect(tokens()).toEqual([]);
  }
  const nodes = JSON.parse(await lab.ask('r1', ['regent', 'node', 'list', '-o', 'json'])) as { name: string }[];
  expect(nodes.map((node) => node.name).toSorted()).toEqual(['k1', 'r1', 'r2']);
});

it('a second time changes nothing, and a token that is not needed goes', async () => {
  await done('r1', 'first');
  await done('r1', 'token', 'region');
  await done('r2', 'region');
  await done('k1', 'rack');
  expect(tokens()).toEqual([]);
  expect(existsSync(`${lab.layout.rootOf('r2')}/var/lib/regent/join.json`)).toBe(true);
});
