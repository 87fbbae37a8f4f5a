import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

/** What machines told of themselves, as commands show it. */

const AT = '2026-03-01T09:58:00.000Z';
const MACHINE = {
  id: 'm1abcd',
  hostname: 'm1',
  domain: 'example.test',
  fqdn: 'm1.example.test',
  rack: null,
  interfaces: [],
  tags: [],
};
const INVENTORY = {
  machine: 'm1abcd',
  at: AT,
  source: '10.10.10.21',
  problems: ['inventory.virtual: left out, it breaks its grammar'],
  inventory: {
    cpu: { count: 4, model: 'Xeon', architecture: 'x86_64' },
    memory: { kb: 16_777_216 },
    disks: [{ name: 'sda', bytes: 1_099_511_627_776, model: 'Disk', serial: 'S1', rotational: true }],
    interfaces: [
      {
        name: 'eno1',
        mac: '52:54:00:00:00:01',
        link: true,
        speedMbps: 25_000,
        lldp: [{ system: 'sw1', port: 'Eth1/7' }],
      },
    ],
    firmware: { kind: 'uefi', version: '2.1', secureBoot: true },
    system: { vendor: 'ACME', product: 'Box', serial: 'SN' },
  },
};
const result = (more: object = {}) => ({
  id: 7,
  run: 3,
  purpose: 'commissioning',
  script: '00-cpu',
  state: 'failed',
  exitStatus: 2,
  startedAt: AT,
  endedAt: AT,
  at: AT,
  outputs: [{ kind: 'stdout', bytes: 300_000, kept: 262_144 }],
  ...more,
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('regent machine show', () => {
  it('has the hardware that the machine told of', async () => {
    region.on('GET /machines/m1', { body: MACHINE });
    region.on('GET /machines/m1/inventory', { body: INVENTORY });
    const { code, out } = await regent('machine show m1');
    expect(code).toBe(0);
    for (const text of [
      'ACME  Box  SN',
      'uefi  2.1  Secure Boot',
      '4  x86_64  Xeon',
      '16 GiB',
      'sda  1 TiB  rotational  Disk  S1',
      'link  25000 Mb/s  at sw1  Eth1/7',
      'left out',
    ])
      expect(out).toContain(text);
  });

  it('is whole without it, and as data has the machine alone', async () => {
    region.on('GET /machines/m1', { body: MACHINE });
    const { code, out, err } = await regent('machine show m1');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('Hardware');
    region.clear();
    region.on('GET /machines/m1', { body: MACHINE });
    expect(JSON.parse((await regent('machine show m1 -o json')).out)).toEqual(MACHINE);
    expect(region.seen.map(({ path }) => path)).toEqual(['/machines/m1']);
  });

  it('tells of another failure', async () => {
    region.on('GET /machines/m1', { body: MACHINE });
    region.on('GET /machines/m1/inventory', problem(403, 'forbidden', 'Not for you.'));
    expect((await regent('machine show m1')).code).toBe(1);
  });
});

describe('regent machine results', () => {
  it('lists what scripts gave', async () => {
    region.on('GET /machines/m1/results', { body: { items: [result()] } });
    const { out } = await regent('machine results m1 --run 3');
    expect(out).toMatch(/7 +3 +commissioning +00-cpu +failed +2 +300000/);
    expect(region.seen[0]?.query.get('run')).toBe('3');
  });

  it('shows one with its output: nothing that a terminal would act on, and what is not kept', async () => {
    const contents = [
      { kind: 'stdout', bytes: 300_000, text: 'one\n\u001b[2Jtwo\u202e' },
      { kind: 'stderr', bytes: 3, base64: 'AP8A' },
    ];
    region.on('GET /machines/m1/results/7', { body: { ...result(), contents } });
    const { out } = await regent('machine results m1 --id 7');
    expect(out).toContain('stdout (300000 bytes, the first 14 are stored):\none\n\\x1b[2Jtwo\\u202e\n');
    expect(out).toContain('stderr (3 bytes):\n(not text: -o json has it in base64)\n');
    expect(out).not.toContain('\u001b');
  });

  it('takes numbers alone', async () => {
    expect((await regent('machine results m1 --id x')).code).toBe(2);
  });
});
