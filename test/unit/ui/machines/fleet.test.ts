import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LifecycleContext, transition } from '../../../../src/model/machines/machine-lifecycle.ts';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  ERASE,
  isBad,
  isPassing,
  MACHINE_STATES,
  MACHINE_VERBS,
} from '../../../../src/model/machines/machine-states.ts';
import { kindOfBytes } from '../../../../src/model/images/content.ts';
import { parseManifest } from '../../../../src/model/images/image.ts';
import { HARMLESS_DRILLS } from '../../../../src/contract/cluster/drill.ts';
import { cellsOf } from '../../../../src/region/cluster/drill-run/live.ts';
import {
  allOrNone,
  choiceText,
  chosenOf,
  NOTHING,
  parseChoice,
  toggled,
} from '../../../../src/ui/models/base/choice.ts';
import { checkRows, HARMLESS, hazardRows } from '../../../../src/ui/models/cluster/drills.ts';
import { speedText } from '../../../../src/ui/models/machines/hardware.ts';
import {
  copiesTone,
  fileGrid,
  formatOf,
  packingOf,
  syncShare,
  uploadManifest,
  wholeOnRacks,
} from '../../../../src/ui/models/images/images.ts';
import { lanePicture, liveOf, ownCells } from '../../../../src/ui/models/cluster/lanes.ts';
import { likelyActions } from '../../../../src/ui/models/machines/machine-verbs.ts';
import { isInTransition, machineRow, machineTone, stateCounts } from '../../../../src/ui/models/machines/machines.ts';
import { createSha256 } from '../../../../src/ui/models/images/sha256.ts';
import { columnsText, shownColumns } from '../../../../src/ui/models/base/table.ts';
import { nextOf, stepRows } from '../../../../src/ui/models/machines/timeline.ts';
import { clusterAfter, fateRows } from '../../../../src/ui/models/cluster/what-if.ts';
import { topologyRows } from '../../../../src/ui/models/cluster/topology.ts';
import { fleet, illFleet, machine } from '../../../kit/ui/fleet.ts';
import { drillLive } from '../../../kit/ui/drill-live.ts';
import { wellSite } from '../../../kit/ui/site.ts';
import { listOf, quoted } from '../../../../src/ui/models/base/command-text.ts';
import { sizeText } from '../../../../src/ui/models/base/size.ts';

describe('machines', () => {
  it('are bad, busy, well as the lifecycle has it', () => {
    for (const state of MACHINE_STATES) {
      expect([state, isInTransition(state)]).toEqual([state, isPassing(state)]);
      expect([state, machineTone(state) === 'bad']).toEqual([state, isBad(state)]);
    }
    expect(machineTone(undefined)).toBe('off');
  });

  it('have buttons for what is possible in their state', () => {
    const standing = { isLocked: false, before: 'deployed', isCommissioned: true } as unknown as LifecycleContext;
    for (const state of MACHINE_STATES) {
      for (const action of likelyActions(state, false)) {
        if (action.startsWith('power-')) continue;
        const event = MACHINE_VERBS[action as keyof typeof MACHINE_VERBS];
        const isPossible = (one: typeof event | typeof ERASE) => !isRejected(transition(state, one, standing));
        const isAllowed = isPossible(event) || (action === 'release' && isPossible(ERASE));
        expect([state, action, isAllowed]).toEqual([state, action, true]);
      }
    }
    expect(likelyActions('ready', true)).toEqual(['unlock', 'power-query']);
  });

  it('are rows that say why somebody has to look at them', () => {
    const row = machineRow(machine('aaaaa1', 'm1', 'failed-deployment'));
    expect(row).toMatchObject({
      state: 'failed deployment',
      tone: 'bad',
      power: 'error',
      powerTone: 'bad',
      vlans: 'lab/vlan10',
    });
    expect(row.note).toContain('deadline');
    const rows = fleet().machines.map(machineRow);
    expect(stateCounts([row, ...rows]).map(({ state, count }) => [state, count])[0]).toEqual(['failed deployment', 1]);
  });

  it('tell their way, and why they are late', () => {
    expect(nextOf(fleet().timeline)).toBeNull();
    expect(nextOf(illFleet().timeline)).toMatchObject({ tone: 'bad', isLate: true, next: 'the boot script' });
    expect(stepRows(fleet().timeline)[0]).toMatchObject({ what: 'lease', who: 'boot k1', after: '1.2 s', tone: 'ok' });
  });

  it('take words of a form apart', () => {
    expect(listOf(' a, b,,c ')).toEqual(['a', 'b', 'c']);
    expect(quoted("it's; rm -rf /")).toBe(String.raw`'it'\''s; rm -rf /'`);
    expect(quoted('debian-13')).toBe('debian-13');
  });
});

describe('a choice of rows', () => {
  const rows = ['a', 'b', 'c'];
  const chosen = (text: string) => chosenOf(parseChoice(text), rows, (row) => row);

  it('stands in the address', () => {
    expect(chosen('')).toEqual([]);
    expect(chosen('a,c')).toEqual(['a', 'c']);
    expect(chosen('*')).toEqual(rows);
    expect(chosen('*,b')).toEqual(['a', 'c']);
    expect(choiceText(toggled(parseChoice('*'), 'b'))).toBe('*,b');
    expect(choiceText(toggled(parseChoice('a,b'), 'a'))).toBe('b');
    expect(choiceText(allOrNone(parseChoice('a')))).toBe('*');
    expect(allOrNone(parseChoice('*'))).toEqual(NOTHING);
  });

  it('is never longer than an address', () => {
    const full = parseChoice(Array.from({ length: 5000 }, (_, index) => `m${index}`).join(','));
    expect(full.ids.size).toBe(200);
    expect(toggled(full, 'another')).toBe(full);
  });
});

describe('columns', () => {
  const columns = [{ id: 'name' }, { id: 'state' }, { id: 'macs', isSpare: true }];
  const ids = (text?: string) => shownColumns(columns, text).map(({ id }) => id);

  it('are the usual ones, or those of the address; the first one stays', () => {
    expect(ids()).toEqual(['name', 'state']);
    expect(ids('macs')).toEqual(['name', 'macs']);
    expect(ids('nonsense')).toEqual(['name', 'state']);
    expect(columnsText(columns, shownColumns(columns, undefined), 'macs')).toBe('name,state,macs');
    expect(columnsText(columns, shownColumns(columns, 'name,state,macs'), 'macs')).toBe('');
  });
});

describe('images', () => {
  it('have the digest that others compute, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
        const own = createSha256();
        const theirs = createHash('sha256');
        for (const piece of pieces) {
          own.update(piece);
          theirs.update(piece);
        }
        expect(own.digest()).toBe(theirs.digest('hex'));
      }),
    );
  });

  it('have a manifest that the site takes', () => {
    const wish = {
      name: 'rocky-10',
      architecture: 'amd64',
      format: 'tar',
      packing: 'zst',
      hasCloudInit: true,
    } as const;
    const { file, manifest } = uploadManifest({ ...wish, size: 5, sha256: 'a'.repeat(64) });
    expect(file).toBe('root.tar.zst');
    expect(parseManifest(manifest)).toMatchObject({ kind: 'deployable', name: 'rocky-10' });
    const plain = uploadManifest({ ...wish, format: 'raw', packing: null, size: 5, sha256: 'a'.repeat(64) });
    expect(parseManifest(plain.manifest)).toMatchObject({ content: { bytes: 5, compression: 'none' } });
  });

  it('are known by their first bytes, as the site knows them', () => {
    for (const bytes of [
      [0x1f, 0x8b],
      [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
      [0x28, 0xb5, 0x2f, 0xfd],
      [0x51, 0x46, 0x49, 0xfb],
      [1],
    ]) {
      expect(packingOf(Uint8Array.from(bytes))).toBe(kindOfBytes(Uint8Array.from(bytes)));
    }
    expect(['a.tar.gz', 'a.tgz', 'a.img', 'a.zip'].map(formatOf)).toEqual(['tar', 'tar', 'raw', null]);
  });

  it('have columns of region nodes, then of racks that have told; a host may be both', () => {
    const since = '2026-03-01T09:58:00.000Z';
    const file = (name: string, racks: readonly [string, boolean][]) => ({
      name,
      size: 1,
      sha256: '',
      places: [{ node: 'r1', state: 'fetching' as const, since }],
      racks: racks.map(([node, isThere]) => ({ node, isThere, since })),
    });
    const files = [
      file('a', [
        ['r1', true],
        ['k1', true],
      ]),
      file('b', [['r1', true]]),
    ];
    const { holders, rows } = fileGrid({ regions: ['r1', 'r2'], files });
    expect(holders.map(({ node, isRack }) => `${node}${isRack ? ' rack' : ''}`)).toEqual([
      'r1',
      'r2',
      'k1 rack',
      'r1 rack',
    ]);
    expect(holders.map(({ key }) => rows[0]?.places.get(key))).toEqual(['fetching', undefined, 'there', 'there']);
    expect(holders.map(({ key }) => rows[1]?.places.get(key))).toEqual(['fetching', undefined, undefined, 'there']);
    expect(wholeOnRacks({ files })).toEqual(['r1']);
    // A site of an earlier release says nothing of racks.
    const { racks: _, ...early } = file('a', []);
    expect(fileGrid({ regions: ['r1'], files: [early] }).holders).toHaveLength(1);
  });

  it('say how many copies there are, and how far a sync is', () => {
    expect(copiesTone({ regions: ['r1', 'r2'], wholeOn: [] })).toBe('bad');
    expect(copiesTone({ regions: ['r1', 'r2'], wholeOn: ['r1'] })).toBe('busy');
    expect(syncShare(illFleet().syncs[0] as never)).toBeCloseTo(0.379, 2);
    expect(sizeText(67_108_864 * 1024, 1024)).toBe('64 GiB');
    expect([speedText(10_000), speedText(100), speedText(0)]).toEqual(['10 Gbit/s', '100 Mbit/s', '']);
  });
});

describe('drills', () => {
  it('that may be played here are those of the site', () => {
    expect(HARMLESS).toEqual(HARMLESS_DRILLS);
    const rows = hazardRows(fleet().hazards, []);
    expect(rows.map(({ isHarmless }) => isHarmless)).toEqual([true, true, false]);
  });

  it('show what was foretold beside what was measured', () => {
    const [recording] = fleet().recordings;
    if (recording === undefined) throw new Error('no round');
    expect(checkRows(recording)[1]).toMatchObject({
      what: 'outage of write',
      predicted: '1.0 s to 3.0 s',
      measured: '1.2 s',
    });
    const verdict = { ...recording.verdict, predicted: 'nonsense' };
    expect(checkRows({ verdict })[1]).toMatchObject({ predicted: '' });
  });

  it('under way are lanes, with the longest time without an answer', () => {
    const picture = lanePicture(drillLive(9), { name: 'this page', cells: '....++' });
    expect(picture.lanes.map(({ name, awayMs, limitMs, now }) => [name, awayMs, limitMs, now])).toEqual([
      ['write', 1000, 4000, 'good'],
      ['vip', 500, null, 'good'],
      ['this page', 0, null, 'good'],
    ]);
    expect(picture.endMs).toBe(9000);
    expect(liveOf({ job: 1 })).toBeNull();
    expect(liveOf(null)).toBeNull();
  });

  it('are seen by the page itself', () => {
    const seen = [
      { at: 900, isUp: true },
      { at: 1100, isUp: true },
      { at: 1600, isUp: false },
      { at: 1700, isUp: true },
      { at: 2600, isUp: true },
    ];
    expect(ownCells(seen, 1000, 500)).toBe('+-.+');
  });

  it('tell cells of their probes: who waited was not served', () => {
    const lane = (samples: { sentAt: number; endedAt: number; why?: string }[]) =>
      cellsOf({ probe: 'write', samples }, 100, 500);
    expect(
      lane([
        { sentAt: 110, endedAt: 120 },
        { sentAt: 700, endedAt: 710 },
      ]),
    ).toBe('++');
    expect(lane([{ sentAt: 110, endedAt: 1700 }])).toBe('---+');
    expect(lane([{ sentAt: 110, endedAt: 1200, why: 'refused' }])).toBe('---');
    expect(lane([])).toBe('');
  });
});

describe('what if', () => {
  const answer = {
    node: 'r1',
    event: 'dies',
    summary: 'r1 dies',
    source: 'database',
    time: '',
    vip: { before: 'r1', after: 'r2', candidates: ['r2'] },
    primary: { before: 'r1', after: 'r2', candidates: ['r2'] },
    outages: [],
    redundancy: { before: 1, after: 0, why: [] },
    vlans: [{ vlan: 'lab/vlan10', left: ['k1'], before: 'k1', after: 'k1', why: '' }],
    risks: [],
  } as const;

  it('tells who gets what, and draws it', () => {
    const words = {
      stays: (node: string) => `stays ${node}`,
      moves: (a: string, b: string) => `${a}>${b}`,
      nobody: 'nobody',
    };
    expect(fateRows([answer as never], 'dies', words)[0]).toMatchObject({
      address: 'r1>r2',
      vlans: ['lab/vlan10: stays k1'],
    });
    expect(fateRows([answer as never], 'drains', words)).toEqual([]);
    const rows = topologyRows(clusterAfter(wellSite().cluster, answer as never));
    expect(rows.find(({ name }) => name === 'r2')?.does).toContain('holds 10.77.0.10; region ready; database primary');
    expect(rows.find(({ name }) => name === 'r1')?.does).toContain('silent');
  });
});
