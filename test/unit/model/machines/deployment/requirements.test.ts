import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { type Candidate, diskTags, imageArchitecture } from '../../../../../src/model/machines/deployment/candidate.ts';
import { fitsOf, whyNone } from '../../../../../src/model/machines/deployment/requirements.ts';
import {
  parseInterfaceRequirements,
  parseDiskRequirements,
} from '../../../../../src/model/machines/deployment/requirement-grammar.ts';

const machine = (hostname: string, more: Partial<Candidate> = {}): Candidate => ({
  id: `${hostname}abcd`,
  hostname,
  fqdn: `${hostname}.example.test`,
  architecture: 'amd64',
  cpus: 4,
  memoryMb: 8192,
  tags: [],
  zone: 'default',
  pool: 'default',
  interfaces: [],
  disks: [],
  ...more,
});
const disk = (name: string, gb: number, ...tags: string[]) => ({ name, bytes: gb * 1e9, tags, use: 'free' as const });
const root = (name: string, gb: number, ...tags: string[]) => ({ ...disk(name, gb, ...tags), use: 'root' as const });
const used = (name: string, gb: number, ...tags: string[]) => ({ ...disk(name, gb, ...tags), use: 'used' as const });
const names = (fits: ReturnType<typeof fitsOf>) => fits.map(({ candidate }) => candidate.hostname);

describe('a wish', () => {
  it('is met by the smallest machine first', () => {
    const all = [
      machine('c', { memoryMb: 1 }),
      machine('b', { cpus: 1 }),
      machine('a'),
      machine('d', { disks: [disk('sda', 1)] }),
    ];
    expect(names(fitsOf(all, {}))).toEqual(['c', 'b', 'a', 'd']);
  });

  it('gives each label another disk, wherever there is a way', () => {
    const disks = [root('sdr', 9), disk('sda', 100, 'ssd'), disk('sdb', 500, 'ssd')];
    // The wish a takes the small disk, which b could have had alone.
    const storage = parseDiskRequirements('root:0,a:50(ssd),b:10,c:400');
    if (isRejected(storage)) throw new Error(storage.message);
    expect(fitsOf([machine('m', { disks })], { storage })).toEqual([]);
    const three = [...disks, disk('nvme0n1', 20, 'nvme')];
    expect(fitsOf([machine('m', { disks: three })], { storage })[0]?.matched.storage).toEqual({
      root: 'sdr',
      a: 'sda',
      b: 'nvme0n1',
      c: 'sdb',
    });
  });

  it('finds a way for disks if and only if there is one', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, sizes, (has, wants) => {
        const disks = [root('r', 1), ...has.map((gb, index) => disk(`d${index}`, gb))];
        const storage = [1, ...wants].map((gb, index) => ({ label: `${index}`, minBytes: gb * 1e9, tags: [] }));
        // Without tags: the largest wishes on the largest disks.
        const down = (list: readonly number[]) => [...list].sort((one, other) => other - one);
        const isPossible = down(wants).every((gb, index) => (down(has)[index] ?? 0) >= gb);
        const found = fitsOf([machine('m', { disks })], { storage });
        expect(found.length === 1).toBe(isPossible);
        const taken = Object.values(found[0]?.matched.storage ?? {});
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('has the device that holds / as its first disk, and the others hold nothing', () => {
    const storage = (text: string) => {
      const wishes = parseDiskRequirements(text);
      if (isRejected(wishes)) throw new Error(wishes.message);
      return { storage: wishes };
    };
    const match = (disks: Candidate['disks'], text: string) =>
      fitsOf([machine('m', { disks })], storage(text))[0]?.matched.storage ?? null;
    const same = [disk('sda', 100), root('sdb', 100)];
    expect(match(same, 'root:100,data:100')).toEqual({ root: 'sdb', data: 'sda' });
    expect(match(same, 'data:100,root:100')).toEqual({ root: 'sda', data: 'sdb' });
    expect(match(same, 'root:101')).toBeNull();
    expect(match([root('sda', 10), disk('sdb', 900)], 'root:500')).toBeNull();
    expect(match([root('sda', 10), used('sdb', 900), disk('sdc', 1)], 'root:1,data:1')).toEqual({
      root: 'sda',
      data: 'sdc',
    });
    expect(match([root('sda', 10), used('sdb', 900)], 'root:1,data:1')).toBeNull();
    expect(match([disk('sda', 10), disk('sdb', 900)], 'root:1')).toBeNull();
  });

  it('says how many machines are left after each part of it', () => {
    expect(whyNone([machine('a'), machine('b', { tags: ['gpu'] })], { tags: ['gpu'], zones: ['x', 'y'] })).toBe(
      'No ready machine fits. Machines that are left: 2 ready, 1 after tag gpu, 0 after zone x or y.',
    );
    expect(whyNone([], {})).toContain('No machine is ready and unlocked.');
  });
});

describe('the grammar of wishes', () => {
  it("is MAAS's", () => {
    expect(parseDiskRequirements('root:8.5(ssd,nvme), 100')).toEqual([
      { label: 'root', minBytes: 8.5e9, tags: ['ssd', 'nvme'] },
      { label: '1', minBytes: 1e11, tags: [] },
    ]);
    expect(parseInterfaceRequirements('a:fabric=fabric-0,vid=20; b:subnet_cidr=10.0.0.0/24')).toEqual([
      {
        label: 'a',
        wants: [
          ['fabric', 'fabric-0'],
          ['vid', '20'],
        ],
      },
      { label: 'b', wants: [['subnet_cidr', '10.0.0.0/24']] },
    ]);
  });

  it.each(['', 'a', 'a:', 'a:-1', 'a:1()', 'a:1(b', '1,1,', '1,'.repeat(17), 'a:1e9'])(
    'refuses %j as disks, and says the rule',
    (text) => expect(parseDiskRequirements(text)).toMatchObject({ code: 'invalid_value' }),
  );
  it.each(['a', 'a:b', 'a:b=c', 'a:vid=', 'a:vid=1;a:vid=2', 'x;'.repeat(17), '.:vid=1'])(
    'refuses %j as interfaces',
    (text) => expect(parseInterfaceRequirements(text)).toMatchObject({ code: 'invalid_value' }),
  );
});

describe('what hardware is called', () => {
  it('is as MAAS has it', () => {
    expect([imageArchitecture('x86_64'), imageArchitecture('riscv64'), imageArchitecture(undefined)]).toEqual([
      'amd64',
      'riscv64',
      null,
    ]);
    expect(diskTags({ name: 'sda', rotational: true, bus: 'sata' })).toEqual(['rotary', 'sata']);
    expect(diskTags({ name: 'nvme0n1', rotational: false })).toEqual(['ssd', 'nvme']);
    expect(diskTags({ name: 'vda' })).toEqual([]);
  });
});
