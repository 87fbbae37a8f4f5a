import { majorityOf } from '../../cluster/cluster.ts';

/** A VLAN of a machine, and who serves it. `servedBy` null: nobody does now; `isPair`: two racks are to serve it. */
export interface GuardVlan {
  readonly name: string;
  readonly dhcpOn: boolean;
  readonly servedBy: string | null;
  readonly isPair: boolean;
  readonly isWhole: boolean;
  readonly why: string;
}

/** What is checked before anything is erased. Of the refusals of other rules (disks, network, names) the sentence; null: there is none. */
export interface GuardSite {
  readonly machine: string;
  /** That the machine boots from or has addresses on. */
  readonly vlans: readonly GuardVlan[];
  readonly hasEphemeral: boolean;
  readonly image: string;
  /** Region nodes that have the image's file whole, and how many region nodes there are. */
  readonly imageOn: number;
  readonly regions: number;
  readonly bmc: string | null;
  /** A BMC can switch it. */
  readonly hasSwitch: boolean;
  readonly powerError: string | null;
  readonly isFirmwareKnown: boolean;
  readonly storage: string | null;
  readonly network: string | null;
  readonly name: string | null;
  /** Addresses of it that another client has by DHCP, with who. */
  readonly addresses: readonly string[];
  readonly hasKeys: boolean;
  readonly hasUserData: boolean;
  /** Region nodes that answer now. */
  readonly liveRegions: number;
  /** Racks that machines of the VLAN can fetch from. */
  readonly racks: number;
}

/** Why a deployment would not come about (*refuse*), or may not (*warn*), and what helps. */
export interface GuardFinding {
  readonly code: string;
  readonly level: 'refuse' | 'warn';
  readonly sentence: string;
  readonly remedy: string;
}

type Rule = (site: GuardSite) => Omit<GuardFinding, 'code'> | null;

const refuse = (sentence: string, remedy: string) => ({ level: 'refuse', sentence, remedy }) as const;
const warn = (sentence: string, remedy: string) => ({ level: 'warn', sentence, remedy }) as const;

/** Every rule by its code, in the order of a deployment. */
export const GUARD_RULES: Readonly<Record<string, Rule>> = {
  'vlan-unknown': ({ machine, vlans }) =>
    vlans.length > 0
      ? null
      : refuse(
          `The VLAN of ${machine} is not known.`,
          `Name the VLAN: regent machine set ${machine} --vlan VLAN, or commission the machine.`,
        ),
  'vlan-without-dhcp': ({ vlans }) => {
    const [first] = vlans;
    if (first === undefined || vlans.some(({ dhcpOn }) => dhcpOn)) return null;
    return refuse(
      `Its VLAN ${first.name} has no DHCP: the machine would not boot.`,
      `regent vlan set ${first.name} --dhcp on --wait`,
    );
  },
  'vlan-unserved': ({ vlans }) => {
    const dead = vlans.filter(({ dhcpOn }) => dhcpOn);
    const [first] = dead;
    if (first === undefined || dead.some(({ servedBy }) => servedBy !== null)) return null;
    return refuse(
      `No rack answers DHCP on its VLAN ${first.name}. ${first.why}`.trim(),
      `Start a rack of that VLAN, or let another one serve: regent vlan show ${first.name}, regent pairing propose.`,
    );
  },
  'rack-unknown': ({ racks, vlans }) =>
    racks > 0 || !vlans.some(({ servedBy }) => servedBy !== null)
      ? null
      : refuse('No rack that serves it has an address on its VLAN.', 'Check the racks: regent rack list.'),
  'pair-half': ({ vlans }) => {
    // A site with one rack chose that: no warning each time.
    const half = vlans.find((one) => one.dhcpOn && one.servedBy !== null && one.isPair && !one.isWhole);
    if (half === undefined) return null;
    return warn(
      `Its VLAN ${half.name} is served only by ${half.servedBy ?? ''}. ${half.why}`.trim(),
      `If that rack dies, the deployment waits for it: regent vlan show ${half.name}.`,
    );
  },
  'no-ephemeral': ({ hasEphemeral }) =>
    hasEphemeral
      ? null
      : refuse(
          'Its architecture has no default image of the kind ephemeral. Rule: an ephemeral image installs the deployed one.',
          'scripts/build-image ephemeral, regent image import FOLDER, regent image set-default IMAGE.',
        ),
  'image-missing': ({ image, imageOn }) =>
    imageOn > 0
      ? null
      : refuse(
          `No region node has a complete copy of the image ${image}.`,
          `Wait for the copies, or import the image again: regent image show ${image}.`,
        ),
  'image-single': ({ image, imageOn, regions }) =>
    imageOn !== 1 || regions < 2
      ? null
      : warn(
          `Only one region node has a complete copy of the image ${image}. If that node dies, racks cannot fetch the image.`,
          `Regent copies it to the others: regent image show ${image}.`,
        ),
  'bmc-error': ({ bmc, powerError }) =>
    powerError === null
      ? null
      : refuse(
          `Its BMC ${bmc ?? ''} cannot be reached. ${powerError}`.trim(),
          `Repair it, then check: regent bmc show ${bmc ?? 'BMC'}.`,
        ),
  'by-hand': ({ machine, hasSwitch }) =>
    hasSwitch
      ? null
      : warn(
          'The machine has no BMC: a person must start it from the network.',
          `Stand by, or name its BMC: regent machine set ${machine} --bmc BMC.`,
        ),
  'firmware-unknown': ({ machine, isFirmwareKnown }) =>
    isFirmwareKnown
      ? null
      : refuse(
          'Its inventory does not report whether its firmware is BIOS or UEFI. The boot loader depends on it.',
          `regent machine commission ${machine}`,
        ),
  'disk-misfit': ({ storage, machine }) =>
    storage === null
      ? null
      : refuse(storage, `Choose another layout or image, or check its disks: regent machine show ${machine}.`),
  'network-misfit': ({ network, machine }) =>
    network === null ? null : refuse(network, `Correct its interfaces: regent machine show ${machine}.`),
  'address-taken': ({ addresses }) =>
    addresses.length === 0
      ? null
      : refuse(addresses.join(' '), 'Give it another address, or end that lease: regent lease release ADDRESS.'),
  'name-taken': ({ name, machine }) =>
    name === null
      ? null
      : refuse(name, `Rename the machine, or that one: regent machine set ${machine} --hostname NAME.`),
  'no-way-in': ({ hasKeys, hasUserData }) =>
    hasKeys || hasUserData
      ? null
      : warn(
          'Nobody could log in: its owner has no SSH key in Regent, and the machine gets no user data.',
          'regent ssh-key add @FILE',
        ),
  'region-alone': ({ liveRegions, regions }) =>
    liveRegions >= regions || liveRegions - 1 >= majorityOf(regions)
      ? null
      : warn(
          `Of ${regions} region nodes ${liveRegions} ${liveRegions === 1 ? 'answers' : 'answer'}: if one more dies, the deployment stops.`,
          'Start the region nodes that are away, or wait for them: regent cluster status.',
        ),
};

/** What speaks against a deployment. Pure. */
export function guardFindings(site: GuardSite): GuardFinding[] {
  return Object.entries(GUARD_RULES).flatMap(([code, rule]) => {
    const found = rule(site);
    return found === null ? [] : [{ code, ...found }];
  });
}

/** The sentence that refuses it; null: nothing does. With `isForced`, warnings do not refuse. Pure. */
export function guardRefusal(machine: string, findings: readonly GuardFinding[], isForced: boolean): string | null {
  const refusing = findings.filter(({ level }) => level === 'refuse');
  const blocking = refusing.length > 0 ? refusing : isForced ? [] : findings;
  if (blocking.length === 0) return null;
  const sentences = blocking.map(({ sentence, remedy }) => `${sentence} (${remedy})`).join(' ');
  const hint = refusing.length > 0 ? '' : ' To deploy anyway: --force.';
  return `${machine} is not deployed. ${sentences}${hint}`;
}
