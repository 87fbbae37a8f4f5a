import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { commandsIn, stateCounts, worstFirst } from '../../../../src/ui/models/cluster/doctor.ts';
import { isUnfinished, jobNote, jobTitle } from '../../../../src/ui/models/base/jobs.ts';
import { networks } from '../../../kit/ui/networks.ts';
import {
  dhcpState,
  fullest,
  partOf,
  swappedRacks,
  usedShare,
  vlanName,
} from '../../../../src/ui/models/networks/networks.ts';
import { bytesText, nodeRows } from '../../../../src/ui/models/cluster/nodes.ts';
import { drillFact, factsOf, headline } from '../../../../src/ui/models/site/overview.ts';
import { serviceGrid } from '../../../../src/ui/models/cluster/services.ts';
import { serviceTone, worst } from '../../../../src/ui/models/base/tone.ts';
import { topologyOf, topologyRows } from '../../../../src/ui/models/cluster/topology.ts';
import { deathRow } from '../../../../src/ui/models/cluster/what-if.ts';
import { CLI, cliLines } from '../../../../src/ui/texts/base/cli.ts';
import { job } from '../../../kit/ui/jobs.ts';
import { illSite, largeSite, newSite, wellSite } from '../../../kit/ui/site.ts';

const well = wellSite();
const ill = illSite();
const fresh = newSite();

describe('the overview', () => {
  it('says first how many can be lost, and how bad that is', () => {
    expect(headline(well.cluster)).toMatchObject({ tone: 'ok', losses: 1, isSingle: false });
    expect(headline(ill.cluster)).toMatchObject({ tone: 'bad', losses: 0, promised: 1 });
    expect(headline(fresh.cluster)).toMatchObject({ tone: 'ok', isSingle: true });
    const down = { ...well.cluster, database: { ...well.cluster.database, state: 'down' as const } };
    expect(headline(down).tone).toBe('bad');
  });

  it('has a fact for each that matters, and none for what is not there', () => {
    const tones = (site: typeof well) => Object.fromEntries(factsOf(site.cluster).map((fact) => [fact.id, fact.tone]));
    expect(tones(well)).toEqual({
      vip: 'ok',
      primary: 'ok',
      dcs: 'ok',
      regions: 'ok',
      services: 'ok',
      trust: 'ok',
      site: 'ok',
    });
    expect(tones(ill)).toMatchObject({ vip: 'warn', regions: 'warn', services: 'bad', trust: 'warn', site: 'warn' });
    const { site } = well.cluster;
    const ended = site ? { ...well.cluster, site: { ...site, state: 'broken' as const } } : well.cluster;
    expect(factsOf(ended).at(-1)).toMatchObject({ id: 'site', tone: 'bad' });
    expect(tones(fresh)).not.toHaveProperty('vip');
    const twice = { ...well.cluster, vip: { address: 'x', holders: ['r1', 'r2'], fit: [], unfit: [] } };
    expect(factsOf(twice)[0]).toMatchObject({ id: 'vip', tone: 'bad', value: 'r1 and r2' });
    expect(drillFact(null)).toMatchObject({ tone: 'off', value: 'never' });
    expect(drillFact({ isPassed: false, hazard: 'host-kill' })).toMatchObject({ tone: 'bad', note: 'host-kill' });
  });

  it('draws boxes that do not overlap, and a table that says the same', () => {
    for (const site of [well, ill, fresh, largeSite(300)]) {
      const { boxes, links, width, height } = topologyOf(site.cluster);
      for (const [index, a] of boxes.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width).toBeLessThanOrEqual(width);
        expect(a.y + a.height).toBeLessThanOrEqual(height);
        for (const b of boxes.slice(index + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart, `${a.id} and ${b.id}`).toBe(true);
        }
      }
      const ids = boxes.map((box) => box.id);
      for (const link of links) expect(ids).toEqual(expect.arrayContaining([link.from, link.to]));
      expect(topologyRows(site.cluster)).toHaveLength(site.cluster.nodes.length);
    }
    expect(topologyRows(well.cluster)[0]?.does).toContain('holds 10.77.0.10');
  });

  it('says of a death what is not served any more', () => {
    const answer = {
      node: 'r1',
      event: 'dies' as const,
      summary: '',
      source: 'database' as const,
      time: '',
      vip: null,
      primary: {
        before: null,
        after: null,
        candidates: [],
      },
      vlans: [],
      risks: [],
      outages: [
        {
          probe: 'write',
          leastMs: 0,
          mostMs: null,
          why: '',
        },
      ],
      redundancy: {
        before: 1,
        after: 1,
        why: [],
      },
    };
    expect(deathRow(answer)).toMatchObject({ tone: 'bad', outages: [{ probe: 'write', most: null }] });
    expect(deathRow({ ...answer, outages: [] }).tone).toBe('ok');
    expect(deathRow({ ...answer, outages: [], risks: ['x'] }).tone).toBe('warn');
  });
});

describe('nodes', () => {
  it('have a row each, with the words that an operator looks for', () => {
    const rows = nodeRows(ill.cluster);
    expect(rows.map((row) => [row.name, row.state, row.tone])).toEqual([
      ['r1', 'well', 'ok'],
      ['r2', 'well', 'ok'],
      ['r3', 'silent', 'bad'],
      ['k1', 'well', 'ok'],
      ['k2', 'well', 'ok'],
    ]);
    expect(rows[1]).toMatchObject({ database: 'synchronous standby, streaming', ends: 5, generation: '12/12' });
    expect([bytesText(5), bytesText(2048), bytesText(5 * 1024 ** 2)]).toEqual(['5 B', '2 KiB', '5 MiB']);
  });
});

describe('services', () => {
  it('are a grid in which the worst instance counts', () => {
    const grid = serviceGrid(ill.services);
    expect(grid.nodes).toEqual(['k1', 'k2', 'r1', 'r2', 'r3']);
    expect(grid.cell('dns', 'r2')).toMatchObject({ tone: 'warn', label: 'rolled back' });
    expect(grid.cell('dns', 'k1')).toBeNull();
    expect(grid.cell('dhcp', 'k1')?.services).toHaveLength(2);
    expect(worst(['ok', 'busy', 'warn'])).toBe('warn');
    expect(worst([])).toBe('off');
    expect(serviceTone('rejected')).toBe('bad');
  });
});

describe('networks', () => {
  const [vlan] = well.networks.vlans;
  it('say of a VLAN who serves it, and whether anybody would take over', () => {
    if (vlan?.server == null) throw new Error('the first VLAN has a pair');
    const server = vlan.server;
    const word = (change: object) => dhcpState({ ...vlan, ...change }).state;
    expect(word({})).toBe('pair');
    expect(word({ dhcpOn: false })).toBe('off');
    expect(word({ server: null })).toBe('nobody');
    expect(word({ server: null, racks: [], relayVlan: 'lab/mgmt' })).toBe('relayed');
    expect(word({ server: { ...server, servedBy: null } })).toBe('silent');
    expect(word({ server: { ...server, servedBy: server.secondary } })).toBe('taken-over');
    expect(word({ server: { ...server, isWhole: false } })).toBe('alone');
    expect(swappedRacks(vlan)).toEqual({ primaryRack: 'k2', secondaryRack: 'k1' });
    expect(swappedRacks({ server: { ...server, secondary: null } })).toBeNull();
    expect(vlanName(vlan)).toBe('lab/vlan10');
  });

  it.each([
    ['10.0.0.0/24', 27, 100, 100, 0.5],
    ['10.30.77.0/24', 0, 100, 0, 0],
    ['10.0.0.0/24', 127, 0, 5, 0.5],
    ['10.0.0.0/24', 127, 100, undefined, 0.5],
    ['10.0.0.0/30', 2, 0, 0, 1],
    ['10.0.0.0/32', 1, 0, 0, 1],
    ['2001:db8::/64', 5, 0, 0, null],
  ])(
    'of %s with %d given and a range of %d, of which %s are leased, %d is in use',
    (...[cidr, used, dynamic, leased, share]) => {
      expect(usedShare({ cidr, used, dynamic, ...(leased === undefined ? {} : { leased }) })).toBe(share);
    },
  );
});

describe('the doctor', () => {
  it('names what is wrong first', () => {
    expect(worstFirst(ill.doctor).map((row) => row.state)).toEqual(['broken', 'warning', 'ok']);
    expect(stateCounts(ill.doctor)).toEqual([
      { state: 'broken', count: 1 },
      { state: 'warning', count: 1 },
      { state: 'ok', count: 1 },
    ]);
  });

  it('finds the commands of a remedy', () => {
    expect(commandsIn('Look; then `regent node replace r3`.')).toEqual([
      { isCommand: false, text: 'Look; then ' },
      { isCommand: true, text: 'regent node replace r3' },
      { isCommand: false, text: '.' },
    ]);
    expect(commandsIn('a `b')).toEqual([{ isCommand: false, text: 'a `b' }]);
  });
});

describe('jobs', () => {
  it('say what they are and how far they are', () => {
    const drain = job(7, 'node-drain', 'r2', 'hands on');
    expect([jobTitle(drain), jobNote(drain), isUnfinished(drain)]).toEqual(['node-drain r2', 'hands on', true]);
    expect(jobNote({ ...drain, abortBy: 'eva' })).toBe('eva asked for its end; hands on');
    expect(jobNote({ ...drain, state: 'failed', result: 'r1 is away' })).toBe('r1 is away');
    expect(jobTitle({ kind: 'restart', target: 'cluster' })).toBe('restart');
  });
});

describe('the same by CLI', () => {
  it('names commands that there are', () => {
    const commands = NOUNS.flatMap((noun) => noun.commands.map(({ verb }) => `${noun.noun} ${verb}`.trim()));
    for (const line of Object.values(CLI).flat()) {
      const [program, noun = '', verb = ''] = line.split(' ');
      expect(program).toBe('regent');
      expect(commands.includes(`${noun} ${verb}`) || commands.includes(noun), line).toBe(true);
    }
    expect(cliLines(CLI.service, { NODE: 'r1', SERVICE: 'dns' })).toEqual([
      'regent service show r1/dns',
      'regent service restart dns --node r1',
      'regent service actions --node r1',
      'regent node logs r1 dns --follow',
    ]);
  });
});

describe('what a page of the cluster shows of networks', () => {
  it('are the subnets of which the most is given away; one that is too large to count is last', () => {
    const row = (id: number, cidr: string, used: number) => ({ id, cidr, vlan: 'vlan10', used, dynamic: 0 });
    const rows = [row(1, '10.0.0.0/24', 10), row(2, '2001:db8::/64', 9), row(3, '10.0.1.0/24', 100)];
    expect(fullest(rows, 5).map(({ id }) => id)).toEqual([3, 1, 2]);
    expect(fullest(rows, 1)).toEqual([{ id: 3, cidr: '10.0.1.0/24', vlan: 'vlan10', share: 100 / 254 }]);
  });

  it('is the part of a rack in the pair of a VLAN', () => {
    const { vlans } = networks();
    const parts = ['lab/vlan10', 'lab/vlan20', 'lab/mgmt', 'lab/gone'].map((name) => partOf('k1', name, vlans));
    expect(parts).toEqual(['primary', 'secondary', null, null]);
    expect(partOf('k9', 'lab/vlan10', vlans)).toBeNull();
    expect(partOf(null, 'lab/vlan10', vlans)).toBeNull();
  });
});
