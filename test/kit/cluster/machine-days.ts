import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConsole } from '../../../src/lab/machines/console.ts';
import { switchMachine } from '../../../src/lab/machines/machines.ts';
import { isMachineOn } from '../../../src/lab/machines/places.ts';
import { readLogin } from '../../../src/lab/machines/prepare.ts';
import { seedMachine } from '../../../src/lab/product/seed.ts';
import { needState } from '../../../src/lab/state.ts';
import { machinesHost } from '../../../src/lab/topology.ts';
import { systemRandom } from '../../../src/main/process.ts';
import type { Dice } from '../dice.ts';
import { CHECKOUT } from '../lab.ts';
import { patient } from '../machine.ts';
import { told } from '../site.ts';
import { pause, until } from '../until.ts';
import { REGION_NAMES } from './nodes.ts';
import type { ClusterSite } from './site.ts';

/**
 * Long enough for one of several emulated machines on a busy one, and for one that a rack's death left waiting: firmware may take four minutes to ask for an
 * address, so it is started anew no sooner.
 */
const WAY_MS = 420_000;
/** Of PostgreSQL on a region node. */
const SOCKETS = '/run/postgresql';

/** Builds an image of this checkout; gives its folder. */
export function buildImage(kind: 'micro' | 'ephemeral'): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(CHECKOUT, 'scripts', 'build-image'), [kind], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, words] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-2000)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out.trim()) : reject(new Error(`scripts/build-image ${kind} ended with ${code}: ${words}`)),
    );
  });
}

/** The same for the image `micro`. */
export const buildMicro = () => buildImage('micro');

/** Deaths of which one is drawn per run: whose host dies while a machine is on its way. */
export const DEATHS = ['rack', 'primary', 'holder'] as const;
export type Death = (typeof DEATHS)[number];

interface Days {
  readonly site: () => ClusterSite;
  /** Folder of the image, when it is built. */
  readonly image: () => Promise<string>;
  readonly dice: Dice;
  readonly deaths: readonly Death[];
}

/** What a cluster does for machines: it commissions them through the pair, enlists strangers, and goes on when hosts die meanwhile. */
export function machineDays({ site: get, image, dice, deaths }: Days): void {
  const show = async (name: string) => (await get().client.call('machine.show', { params: { machine: name } })).body;
  const consoleOf = async (name: string) => {
    let text = '';
    await readConsole(get().lab.layout, name, (more) => (text += more));
    return text;
  };
  const ended = (name: string) =>
    until(
      `the end of the way of ${name}`,
      async () => {
        const machine = await show(name);
        return machine.state === 'commissioning' ? null : machine;
      },
      { deadlineMs: patient(WAY_MS), everyMs: 500 },
    );

  it('commissions machines through the pair, by BIOS and by UEFI: they tell of their hardware and are off again', async () => {
    const site = get();
    const start = performance.now();
    await site.tell('image', 'import', await image(), '--default');
    const { topology } = needState(site.lab.layout);
    const second = machinesHost(topology)?.machines.find(({ name }) => name === 'm2');
    if (second === undefined) throw new Error('the lab has no machine m2');
    const target = { url: site.lab.url, apiKey: site.lab.apiKey, random: systemRandom() };
    await seedMachine(target, second, readLogin(site.lab.layout, 'm2'));
    await site.tell('machine', 'commission', 'm1', 'm2');
    for (const [name, firmware] of [
      ['m1', 'bios'],
      ['m2', 'uefi'],
    ] as const) {
      expect(await ended(name), await consoleOf(name)).toMatchObject({ state: 'ready', error: '' });
      const { body } = await site.client.call('machine.inventory', { params: { machine: name } });
      expect(body.inventory).toMatchObject({
        firmware: { kind: firmware },
        disks: [{ name: 'vda' }],
        interfaces: [{ name: 'eth0' }],
      });
      await until(`${name} to be off`, () => !isMachineOn(site.lab.layout, name), { deadlineMs: patient(60_000) });
    }
    const timeline = await site.tell('machine', 'timeline', 'm1');
    expect(timeline).toMatch(/boot@k1 +boot script +ok +kernel: m1 is commissioned/);
    expect(timeline).toMatch(/metadata +inventory +ok/);
    told('commission', 'm1 (BIOS) and m2 (UEFI) are ready', start);
  }, 600_000);

  it('enlists a machine that nobody knows, and commissions it when an operator says so', async () => {
    const site = get();
    const start = performance.now();
    const known = new Set((await site.client.call('machine.list', {})).body.items.map(({ id }) => id));
    const isNew = ({ id }: { readonly id: string }) => !known.has(id);
    await switchMachine(site.lab.layout, 'm3', 'on', 'pxe');
    const stranger = await until(
      'a new machine with its hardware',
      async () => {
        const found = (await site.client.call('machine.list', {})).body.items.find(isNew);
        if (found === undefined) return null;
        const { body } = await site.client.call('machine.inventory', { params: { machine: found.id } });
        return { ...found, inventory: body.inventory };
      },
      { deadlineMs: patient(WAY_MS), everyMs: 500 },
    );
    expect(stranger).toMatchObject({ state: 'new', interfaces: [{ mac: '52:54:00:ab:00:03' }] });
    await switchMachine(site.lab.layout, 'm3', 'off');
    await site.tell('machine', 'commission', stranger.id);
    // It has no BMC that we know: a person switches it on.
    await switchMachine(site.lab.layout, 'm3', 'on', 'pxe');
    expect(await ended(stranger.id), await consoleOf('m3')).toMatchObject({ state: 'ready' });
    await switchMachine(site.lab.layout, 'm3', 'off');
    told('enlist', `${stranger.hostname} is ready`, start);
  }, 600_000);

  it.each(deaths)(
    'a machine on its way does not notice that the host of the %s dies, or is begun anew by one command',
    async (death) => {
      const site = get();
      const start = performance.now();
      const [victim = 'k1'] =
        death === 'rack' ? ['k1'] : await (death === 'primary' ? site.nodes.primaries() : site.nodes.holders());
      await site.tell('machine', 'commission', 'm1');
      const afterMs = Math.round(dice.next() * patient(12_000));
      await pause(afterMs);
      await site.power.kill(victim);
      let how = '';
      try {
        const first = await ended('m1');
        const isUnnoticed = first.state === 'ready';
        if (!isUnnoticed) await site.tell('machine', 'commission', 'm1');
        expect(isUnnoticed ? first : await ended('m1'), await consoleOf('m1')).toMatchObject({ state: 'ready' });
        // What fails says why.
        expect(isUnnoticed || first.error !== '', JSON.stringify(first)).toBe(true);
        how = isUnnoticed ? 'nobody noticed' : `it failed (${first.error}) and was begun anew`;
      } finally {
        await site.power.start(victim);
      }
      await site.well(patient(180_000));
      told(`${death} dies`, `${victim} ${(afterMs / 1000).toFixed(1)} s after the command: ${how}`, start);
    },
    1_200_000,
  );

  it('with all regions dead a deployed machine boots from its disk, as its rack tells it', async () => {
    const site = get();
    const start = performance.now();
    const setState = async (state: string) => {
      const [primary = 'r1'] = await site.nodes.primaries();
      const words = `update machine_states s set state = '${state}', epoch = epoch + 1 from machines m where m.id = s.machine_id and m.hostname = 'm1'`;
      const psql = ['psql', '-XqAt', '-h', SOCKETS, '-U', 'postgres', '-d', 'regent', '-c', words];
      return site.lab.ask(primary, ['runuser', '-u', 'postgres', '--', ...psql], 30_000);
    };
    // Nothing deploys machines yet: its row says so.
    await setState('deployed');
    const ledger = '/var/lib/regent/agent/ledger.json';
    const isHeld = async () => /"state":"deployed"/.test(await site.lab.ask('k1', ['cat', ledger], 30_000));
    await until('k1 to have the record', isHeld, { deadlineMs: patient(30_000) });
    await Promise.all(REGION_NAMES.map((host) => site.power.kill(host)));
    await switchMachine(site.lab.layout, 'm1', 'on', 'pxe');
    const isTold = async () => (await consoleOf('m1')).includes('m1 is deployed. It boots from its disk.');
    await until('m1 to hear that it is deployed', isTold, { deadlineMs: patient(120_000), everyMs: 500 });
    await switchMachine(site.lab.layout, 'm1', 'off');
    for (const host of REGION_NAMES) await site.power.start(host);
    await site.well(patient(240_000));
    await setState('ready');
    told('no region', 'the rack told m1 to boot from its disk', start);
  }, 600_000);
}
