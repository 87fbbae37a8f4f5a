import { describe, expect, it } from 'vitest';
import { lastBoot, stageOf } from '../../../../../src/model/machines/timeline/stage.ts';
import type {
  MachineStep,
  StepFacts,
  StepOutcome,
  StepSource,
  StepWhat,
} from '../../../../../src/model/machines/timeline/step.ts';
import { causesOf, WHY_RULES } from '../../../../../src/model/machines/timeline/why.ts';
import type { WhySite, WhyVlan } from '../../../../../src/model/machines/timeline/why-case.ts';

/** Each cause is provoked by the steps that would be seen; the same way without the fault does not have it. */

const SOURCES: Partial<Record<StepWhat, StepSource>> = {
  'power-on': 'bmc',
  'power-failed': 'bmc',
  lease: 'dhcp',
  loader: 'tftp',
  script: 'boot',
  inventory: 'metadata',
  metadata: 'http',
  'script-started': 'script',
  'script-ended': 'script',
};
let at = 0;
function step(what: StepWhat, facts: StepFacts = {}, outcome: StepOutcome = 'done'): MachineStep {
  at += 1000;
  return { at, source: SOURCES[what] ?? 'http', what, node: 'k1', address: '10.20.0.21', outcome, facts };
}
const ON = step('power-on');
const LEASE = step('lease', { vlan: 'fabric-1/vlan10' });
const BIOS = step('loader', { file: 'undionly.kpxe' });
const SCRIPT = step('script', { decision: 'kernel', reason: 'm1 is commissioned. It boots micro.' });
const KERNEL = step('kernel', { file: 'vmlinuz', status: 200 });
const INITRD = step('initrd', { file: 'initrd.img', status: 200 });
const UP = step('metadata', { file: 'latest/meta-data', status: 200 });
const INVENTORY = step('inventory');
const LOADED = [ON, LEASE, BIOS, SCRIPT];
const BOOTED = [...LOADED, KERNEL, INITRD];

const VLAN: WhyVlan = { name: 'fabric-1/vlan10', dhcpOn: true, servedBy: 'k1', why: '', silent: [] };
const SITE: WhySite = {
  machine: 'm1',
  state: 'commissioning',
  bmc: 'm1-bmc',
  hasSwitch: true,
  power: { state: 'on', why: '' },
  macs: 1,
  vlans: [VLAN],
  firmware: null,
  architecture: null,
  hasImage: true,
  disks: null,
  script: null,
};

interface Case {
  readonly steps: readonly MachineStep[];
  readonly site?: Partial<WhySite>;
  /** The likeliest of all: it is told first. */
  readonly isFirst?: boolean;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  'own-system-unbooted': {
    steps: [
      ...BOOTED,
      UP,
      INVENTORY,
      step('script-started', { file: 'regent-install-50-deployed' }),
      step('installed'),
    ],
    site: { state: 'deploying' },
    isFirst: true,
    says: /are written, but no rack saw m1 start/,
    remedy: /regent machine power cycle m1 --boot disk/,
  },
  'own-system-mute': {
    steps: [
      ...BOOTED,
      UP,
      INVENTORY,
      step('script-started', { file: 'regent-install-50-deployed' }),
      step('installed'),
      step('lease'),
      step('loader', { file: 'undionly.kpxe' }),
      step('script', { decision: 'local', reason: 'm1 is deployed now. It boots from its disk.' }),
    ],
    site: { state: 'deploying' },
    isFirst: true,
    says: /sent m1 to its disk, but the system there has not reported/,
    remedy: /regent machine results m1/,
  },
  'power-failed': {
    steps: [step('power-failed', { words: 'k1: the BMC refuses the password.' }, 'failed')],
    site: { power: { state: 'error', why: '' } },
    isFirst: true,
    says: /m1-bmc did not switch m1 on\. k1: the BMC refuses the password\./,
    remedy: /regent bmc show m1-bmc.*regent machine power query m1/,
  },
  'power-waits': {
    steps: [],
    site: { power: { state: 'off', why: '' } },
    isFirst: true,
    says: /has not reported yet that m1 is on/,
    remedy: /regent job list/,
  },
  'by-hand': {
    steps: [],
    site: { hasSwitch: false, bmc: null },
    isFirst: true,
    says: /a person must start it/,
    remedy: /regent machine set m1 --bmc/,
  },
  'went-off': {
    steps: [ON, LEASE],
    site: { power: { state: 'off', why: '' } },
    isFirst: true,
    says: /its BMC now reports that it is off/,
    remedy: /regent machine commission m1/,
  },
  'no-mac': {
    steps: [ON],
    site: { macs: 0, vlans: [] },
    isFirst: true,
    says: /m1 has no MAC address/,
    remedy: /regent machine set m1 --mac/,
  },
  'vlan-without-dhcp': {
    steps: [ON],
    site: { vlans: [{ ...VLAN, dhcpOn: false, servedBy: null }] },
    isFirst: true,
    says: /vlan10 of m1 has no DHCP/,
    remedy: /regent vlan set fabric-1\/vlan10 --dhcp on/,
  },
  'rack-silent': {
    steps: [ON],
    site: { vlans: [{ ...VLAN, servedBy: null, silent: ['k1', 'k2'], why: 'k1 says nothing.' }] },
    isFirst: true,
    says: /No rack answers DHCP on VLAN fabric-1\/vlan10 of m1\. k1 and k2 do not report\./,
    remedy: /regent vlan show/,
  },
  'pair-broken': {
    steps: [...LOADED, KERNEL],
    site: { vlans: [{ ...VLAN, servedBy: 'k2', silent: ['k1'] }] },
    isFirst: true,
    says: /k1 of the rack pair .* does not report; only k2 serves/,
    remedy: /regent machine power cycle m1 --boot pxe/,
  },
  'no-dhcp': {
    steps: [ON],
    isFirst: true,
    says: /no rack saw a DHCP request of it \(VLAN fabric-1\/vlan10\)/,
    remedy: /boot order/,
  },
  'other-vlan': {
    steps: [ON, step('lease', { vlan: 'fabric-1/vlan20' })],
    isFirst: true,
    says: /on VLAN fabric-1\/vlan20, but it belongs to fabric-1\/vlan10/,
    remedy: /switch port/,
  },
  'wrong-loader': {
    steps: [ON, LEASE, BIOS],
    site: { firmware: 'uefi', architecture: 'x86_64' },
    isFirst: true,
    says: /undionly\.kpxe, which is for BIOS amd64, but it is UEFI amd64/,
    remedy: /--boot-file none/,
  },
  'loader-missing': {
    steps: [ON, LEASE, step('loader', { file: 'grub.efi' }, 'failed')],
    isFirst: true,
    says: /requested from k1 the boot file grub\.efi/,
    remedy: /regent subnet show/,
  },
  'loader-mute': {
    steps: [ON, LEASE, step('loader', { file: 'snponly.efi' })],
    isFirst: true,
    says: /took its loader snponly\.efi and requested no boot script.*Secure Boot/,
    remedy: /bootx64\.efi/,
  },
  'boot-order': {
    steps: [ON, LEASE],
    isFirst: true,
    says: /requested no boot file.*boot order is wrong/,
    remedy: /--boot pxe/,
  },
  'wrong-architecture': {
    steps: [
      ON,
      LEASE,
      step('script', {
        decision: 'wait',
        reason: 'm1 is commissioned, but the image micro is for amd64 and this machine is arm64.',
      }),
    ],
    isFirst: true,
    says: /another architecture\. The rack answered: .*arm64/,
    remedy: /regent image import DIRECTORY --default/,
  },
  'image-unset': {
    steps: [
      ON,
      LEASE,
      step('script', { decision: 'wait', reason: 'm1 is commissioned, but the rack has no image for it.' }),
    ],
    site: { hasImage: false },
    isFirst: true,
    says: /No image is the default/,
    remedy: /regent image set-default/,
  },
  'told-otherwise': {
    steps: [ON, LEASE, step('script', { decision: 'local', reason: 'm1 is deployed. It boots from its disk.' })],
    isFirst: true,
    says: /k1 answered “local” and named no kernel\. m1 is deployed/,
    remedy: /regent config diff/,
  },
  'image-missing': {
    steps: [...LOADED, step('kernel', { file: 'vmlinuz', status: 503 }, 'failed')],
    isFirst: true,
    says: /k1 did not give out vmlinuz \(HTTP 503\): it has no copy/,
    remedy: /regent image list/,
  },
  'kernel-unfetched': { steps: LOADED, isFirst: true, says: /did not fetch it/, remedy: /regent service list/ },
  'initrd-unfetched': { steps: [...LOADED, KERNEL], isFirst: true, says: /but not its initrd/, remedy: /console/ },
  'wrong-key': {
    steps: [...BOOTED, step('metadata', { file: '2012-03-01/meta-data', status: 401 }, 'failed')],
    isFirst: true,
    says: /credentials that are not those of this run \(HTTP 401 by k1\)/,
    remedy: /regent machine abort m1/,
  },
  'wrong-address': {
    steps: [...BOOTED, step('metadata', { status: 403 }, 'failed')],
    isFirst: true,
    says: /from 10\.20\.0\.21, which is not one of its addresses/,
    remedy: /regent lease list/,
  },
  'metadata-unreachable': {
    steps: [...BOOTED, step('metadata', { status: 502 }, 'failed')],
    isFirst: true,
    says: /k1 reaches no region .*HTTP 502/,
    remedy: /regent cluster status/,
  },
  'system-mute': { steps: BOOTED, isFirst: true, says: /never requested metadata/, remedy: /console/ },
  'cloud-init-failed': {
    steps: [...BOOTED, UP, step('status', { words: 'finish modules-config FAIL: x' }, 'failed')],
    isFirst: true,
    says: /reported an error: “finish modules-config FAIL: x”/,
    remedy: /cloud-init status --long/,
  },
  'no-inventory': {
    steps: [...BOOTED, UP],
    isFirst: true,
    says: /reported no inventory\. The last thing seen: “latest\/meta-data”\./,
    remedy: /regent machine results m1/,
  },
  'script-failed': {
    steps: [...BOOTED, UP, INVENTORY, step('script-ended', { file: 'memory', exit: 3 }, 'failed')],
    isFirst: true,
    says: /^memory failed with exit 3\./,
    remedy: /regent machine results m1/,
  },
  'script-hangs': {
    steps: [...BOOTED, UP, INVENTORY, step('script-started', { file: 'memory' })],
    site: { script: { name: 'memory', ranMs: 1_000_000, mayMs: 900_000 } },
    isFirst: true,
    says: /memory has run for 17 min and may run for 15 min: it hangs/,
    remedy: /regent machine abort m1/,
  },
  'scripts-mute': {
    steps: [...BOOTED, UP, INVENTORY],
    isFirst: true,
    says: /no report of the end of its scripts/,
    remedy: /console/,
  },
  'disk-absent': { steps: [...BOOTED, UP, INVENTORY], site: { disks: 0 }, says: /has no disk/, remedy: /controller/ },
};

describe('each cause', () => {
  it.each(Object.entries(CASES))(
    '%s is told for the steps that show it',
    (code, { steps, site, isFirst, says, remedy }) => {
      const causes = causesOf(steps, { ...SITE, ...site });
      const cause = isFirst ? causes[0] : causes.find((one) => one.code === code);
      expect(cause).toMatchObject({
        code,
        sentence: expect.stringMatching(says) as string,
        remedy: expect.stringMatching(remedy) as string,
      });
    },
  );

  it('is a sentence with a remedy, and has a case here', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(WHY_RULES.map(({ code }) => code).toSorted());
    for (const { steps, site } of Object.values(CASES))
      for (const { sentence, remedy } of causesOf(steps, { ...SITE, ...site })) {
        expect(sentence).toMatch(/^\S.*\.$/s);
        expect(remedy).toMatch(/^\S.*\.$/s);
      }
  });

  it('is told no more when the way went on', () => {
    const went = [...BOOTED, UP, INVENTORY, step('script-started', { file: 'memory' })];
    const site = { ...SITE, script: { name: 'memory', ranMs: 1000, mayMs: 900_000 } };
    expect(causesOf(went, site).map(({ code }) => code)).toEqual(['unknown']);
  });

  it('also says that a region answered 503, and that a request came after a refused one', () => {
    const refused = [...BOOTED, step('metadata', { status: 503 }, 'failed')];
    expect(causesOf(refused, SITE)[0]).toMatchObject({
      code: 'metadata-unreachable',
      sentence: expect.stringContaining('HTTP 503') as string,
    });
    expect(causesOf([...refused, step('metadata', { status: 200 })], SITE)[0]).toMatchObject({ code: 'no-inventory' });
  });
});

describe('how far a machine is', () => {
  it('is what its last start proves: DHCP of a loader or a system is no step back, a loader after a kernel is a new start', () => {
    expect(stageOf(lastBoot([...BOOTED, step('lease')])).stage).toBe('initrd');
    expect(stageOf(lastBoot([ON, LEASE, BIOS, step('lease')])).stage).toBe('loading');
    expect(stageOf(lastBoot([...BOOTED, UP, step('lease'), step('loader')])).stage).toBe('loading');
    expect(stageOf(lastBoot([...BOOTED, step('script')])).stage).toBe('told');
    expect(stageOf(lastBoot([])).stage).toBe('asked');
  });

  it('begins anew with the power, also where the BMC tells of it after the first packet', () => {
    const late = { ...step('power-on'), at: at + 60_000 };
    expect(lastBoot([...BOOTED, late])).toEqual([late]);
    const told = { ...ON, at: LEASE.at + 500 };
    expect(stageOf(lastBoot([LEASE, told])).stage).toBe('addressed');
  });
});
