import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { type BootClient, isSameUuid, parseClient } from '../../../src/boot/client.ts';
import { type BootDecision, decideBoot, STATE_RULES } from '../../../src/boot/decide.ts';
import { BootRecord } from '../../../src/boot/record.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { aPlan, aQuestion, aRecord, BOOT_NOW, BOOT_UUID, ISCSI, type Kind, PLACE } from '../../kit/boot.ts';

function client(kind: Kind, changes: Readonly<Record<string, string>> = {}): BootClient {
  const parsed = parseClient(aQuestion(kind, changes));
  if (isRejected(parsed)) throw new Error(parsed.message);
  return parsed;
}

function decided(record: BootRecord | null, asking = client('ipxe-bios'), now = BOOT_NOW): BootDecision {
  return decideBoot(record, { client: asking, place: PLACE, enlist: { kind: 'no-region' } }, now);
}

const validator = Compile(BootRecord);

describe('decideBoot', () => {
  it.each([
    [{ kind: 'ignored' }, 'leave', 'An operator ordered to ignore the machine 52:54:00:aa:00:01.'],
    [{ kind: 'ignored', reason: 'It is off.' }, 'leave', 'It is off.'],
    [{ kind: 'busy' }, 'wait', expect.stringContaining('the regions are too busy')],
    [{ kind: 'busy', reason: 'm1 is new.' }, 'wait', 'm1 is new.'],
  ] as const)('tells a stranger what a region says of it: %j', (enlist, kind, reason) => {
    const said = decideBoot(null, { client: client('ipxe-bios'), place: PLACE, enlist }, BOOT_NOW);
    expect(said).toMatchObject({ kind, reason });
  });

  it('has the root of the rack that answers by iSCSI, and the part for it behind the initrd', () => {
    const plan = aPlan();
    const root = `images/${'ab'.repeat(32)}/root.squashfs`;
    const boots = [{ ...plan, image: { ...plan.image, root }, iscsi: ISCSI }];
    const record = aRecord('commissioning', { boots });
    expect(validator.Check(record)).toBe(true);
    const said = decided(record);
    expect(said).toMatchObject({
      reason: expect.stringMatching(/ by iSCSI\.$/),
      initrds: [`http://10.10.10.1:5248/${plan.image.initrd}`, `http://10.10.10.1:5248/${ISCSI.initrd}`],
    });
    expect(said.kind === 'kernel' ? said.parameters : []).toContain(
      `regent.root=iscsi:10.10.10.1:6:3260:1:${ISCSI.target}`,
    );
    const { initrd: _, ...bare } = ISCSI;
    expect(decided(aRecord('commissioning', { boots: [{ ...plan, iscsi: bare }] }))).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('has no part for iSCSI: build the image again'),
    });
  });

  it('boots the image where there is work, with the card, the metadata and the plan in its parameters', () => {
    for (const state of [
      'commissioning',
      'testing',
      'deploying',
      'entering-rescue-mode',
      'rescue-mode',
      'disk-erasing',
    ]) {
      expect(decided(aRecord(state))).toMatchObject({
        kind: 'kernel',
        kernel: expect.stringMatching(/^http:\/\/10\.10\.10\.1:5248\/images\/[0-9a-f]{64}\/vmlinuz$/),
        parameters: [
          'console=tty0',
          'console=ttyS0,115200',
          'BOOTIF=01-52-54-00-aa-00-01',
          'regent.metadata=http://10.10.10.1:5248/MAAS/metadata/latest/by-id/abc123/?op=get_preseed',
        ],
      });
    }
  });

  it('has what operators add last, and waits where a kernel would cut the line off', () => {
    const withOptions = (options: string[]) =>
      decided(aRecord('commissioning', { boots: [aPlan('amd64', { options })] }));
    const said = withOptions(['quiet', 'intel_iommu=on']);
    expect(said.kind === 'kernel' && said.parameters.slice(-2)).toEqual(['quiet', 'intel_iommu=on']);
    expect(withOptions(Array.from({ length: 11 }, () => `a=${'x'.repeat(170)}`))).toMatchObject({
      kind: 'wait',
      reason: expect.stringMatching(
        /command line has 20\d\d characters, but the kernel takes at most 2000: shorten the kernel options/,
      ),
    });
  });

  it('sends who is deployed to its disk, also after every deadline and with another UUID', () => {
    const late = aRecord('deployed', { until: 1, uuid: '00000000-1111-4222-8333-444444444444' });
    expect(decided(late)).toMatchObject({ kind: 'local', reason: 'm1 is deployed. It boots from its disk.' });
  });

  it('boots a system in memory each time, and one that is installed from its disk', () => {
    expect(decided(aRecord('deployed', { idle: 'off' }))).toMatchObject({ kind: 'kernel' });
    const { boots: _boots, ...installed } = aRecord('deploying', { idle: 'local', until: 1 });
    expect(decided(installed)).toMatchObject({ kind: 'local' });
    // Without an image and without a system it waits for the image.
    const { idle: _idle, ...bare } = installed;
    expect(decided({ ...bare, until: BOOT_NOW + 10 })).toMatchObject({ kind: 'wait' });
    expect(decided(aRecord('deploying', { idle: 'local' }))).toMatchObject({ kind: 'kernel' });
  });

  it('says why where there is nothing to do, and switches off unless it has a disk to boot', () => {
    for (const [state, { work, says }] of Object.entries(STATE_RULES)) {
      if (work !== 'idle') continue;
      expect(decided(aRecord(state)), state).toEqual({ kind: 'off', reason: `m1 ${says}. It is switched off.` });
      expect(decided(aRecord(state, { idle: 'local' })), state).toMatchObject({ kind: 'local' });
    }
  });

  it('lets nobody write to the disks of a machine whose UUID is another one', () => {
    const other = { uuid: '00000000-1111-4222-8333-444444444444' };
    for (const state of ['deploying', 'disk-erasing', 'testing']) {
      expect(decided(aRecord(state, other)), state).toMatchObject({ kind: 'wait' });
      expect(decided(aRecord(state, other), client('ipxe-bios', { uuid: '' })), state).toMatchObject({
        kind: 'kernel',
      });
    }
    // A new mainboard is commissioned anew, and its inventory says the new UUID.
    expect(decided(aRecord('commissioning', other))).toMatchObject({ kind: 'kernel' });
  });

  it('takes no UUID that many machines have for one', () => {
    expect(client('ipxe-uefi', { uuid: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' }).uuid).toBeNull();
    expect(client('ipxe-uefi', { uuid: BOOT_UUID.toUpperCase() }).uuid).toBe(BOOT_UUID);
  });

  it('waits with jitter, not all at once', () => {
    const seconds = Array.from({ length: 50 }, (_, index) => {
      const mac = `52:54:00:aa:01:${index.toString(16).padStart(2, '0')}`;
      const decision = decided(null, client('ipxe-bios', { mac }));
      return decision.kind === 'wait' ? decision.seconds : 0;
    });
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(15);
    expect(new Set(seconds).size).toBeGreaterThan(3);
  });

  it('waits after the deadline, and not before', () => {
    const record = aRecord('commissioning', { until: BOOT_NOW });
    expect(decided(record)).toMatchObject({ kind: 'kernel' });
    expect(decided(record, client('ipxe-bios'), BOOT_NOW + 1)).toMatchObject({ kind: 'wait' });
  });

  it('gives the root file system where the image has one', () => {
    const { image } = aPlan();
    const root = image.kernel.replace('vmlinuz', 'root.squashfs');
    const decision = decided(aRecord('commissioning', { boots: [aPlan('amd64', { image: { ...image, root } })] }));
    expect(decision.kind === 'kernel' && decision.parameters.at(-1)).toBe(`regent.root=http://10.10.10.1:5248/${root}`);
  });
});

describe('isSameUuid', () => {
  it('knows a UUID with its first fields turned', () => {
    expect(isSameUuid('564d1a2b-0102-4304-8000-525400aa0001', '2b1a4d56-0201-0443-8000-525400aa0001')).toBe(true);
    expect(isSameUuid('564d1a2b-0102-4304-8000-525400aa0001', '564d1a2b-0102-4304-8000-525400aa0002')).toBe(false);
  });
});

describe('BootRecord', () => {
  it('takes what tests use, and nothing that a script could read as something else', () => {
    expect(validator.Check(aRecord('commissioning'))).toBe(true);
    const plan = (changes: object) => ({ ...aRecord('deploying'), boots: [{ ...aPlan(), ...changes }] });
    for (const parameter of ['a b', 'a;halt', 'a=$x', 'a=`x`', "a='", 'a="', 'a=\n', 'a=\\', '-x', 'a=&', 'a=#{}'])
      expect(validator.Check(plan({ parameters: [parameter] })), parameter).toBe(false);
    for (const metadata of ['/MAAS/metadata/', 'http://x/', 'MAAS/metadata/a b', 'MAAS/metadata/${x}'])
      expect(validator.Check(plan({ metadata })), metadata).toBe(false);
    for (const kernel of ['images/../vmlinuz', `images/${'0'.repeat(64)}/../x`, '/etc/shadow'])
      expect(validator.Check(plan({ image: { ...aPlan().image, kernel } })), kernel).toBe(false);
    for (const changes of [{ hostname: 'm1; halt' }, { macs: [] }, { state: 'a b' }, { machine: '../..' }])
      expect(validator.Check({ ...aRecord('ready'), ...changes })).toBe(false);
  });
});
