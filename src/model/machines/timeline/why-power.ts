import { STAGES, type Stage } from './stage.ts';
import type { MachineStep, StepWhat } from './step.ts';
import type { WhyCase, WhyRule } from './why-case.ts';

/** Is the machine at this stage, and not beyond it? */
function isAt({ stage }: WhyCase, ...stages: readonly Stage[]): boolean {
  return stages.includes(stage);
}

/** Is it before this stage? Pure. */
export function isBefore({ stage }: WhyCase, other: Stage): boolean {
  return STAGES.indexOf(stage) < STAGES.indexOf(other);
}

/** The last step of such a kind; undefined: there is none. Pure. */
export function lastOf({ steps }: Pick<WhyCase, 'steps'>, ...whats: readonly StepWhat[]): MachineStep | undefined {
  return steps.findLast(({ what }) => whats.includes(what));
}

/** On, or nobody can say so, and not one packet of DHCP. */
function isMute(seen: WhyCase): boolean {
  return isAt(seen, 'powered') || (isAt(seen, 'asked') && !seen.site.hasSwitch);
}

/** From the order to the first packet of DHCP. */
export const powerCauses: readonly WhyRule[] = [
  {
    code: 'power-failed',
    judge: (seen) => {
      const { site } = seen;
      const failed = lastOf(seen, 'power-on', 'power-failed', 'power-asked');
      const isFailed = failed?.what === 'power-failed';
      if (!isAt(seen, 'asked') || !site.hasSwitch || !(isFailed || site.power.state === 'error')) return null;
      const why = isFailed ? (failed.facts.words ?? '') : site.power.why;
      return {
        sentence: `The BMC ${site.bmc ?? ''} did not switch it on. ${why}`.trim(),
        remedy: `Repair the BMC or its settings (regent bmc show ${site.bmc ?? 'BMC'}), then check: regent machine power query ${site.machine} --wait.`,
      };
    },
  },
  {
    code: 'power-waits',
    judge: (seen) => {
      const { site } = seen;
      if (!isAt(seen, 'asked') || !site.hasSwitch || site.power.state === 'error') return null;
      if (lastOf(seen, 'power-failed') !== undefined) return null;
      return {
        sentence: `Its BMC ${site.bmc ?? ''} has not reported yet that it is on: the job waits, or no rack reaches it.`,
        remedy: 'See who holds the BMC: regent job list --unfinished.',
      };
    },
  },
  {
    code: 'by-hand',
    judge: (seen) =>
      isAt(seen, 'asked') && !seen.site.hasSwitch
        ? {
            sentence: 'No BMC switches it, and no packet of it was seen: a person must start it from the network.',
            remedy: `Switch it on, or name its BMC: regent machine set ${seen.site.machine} --bmc BMC.`,
          }
        : null,
  },
  {
    code: 'went-off',
    judge: (seen) =>
      seen.site.hasSwitch && seen.site.power.state === 'off' && isBefore(seen, 'inventoried') && !isAt(seen, 'asked')
        ? {
            sentence: 'It was switched on, and its BMC says now that it is off.',
            remedy: `Check whether somebody switched it off or its supply failed, then start again: regent machine commission ${seen.site.machine}.`,
          }
        : null,
  },
  {
    code: 'no-mac',
    judge: (seen) =>
      seen.site.macs === 0 && isBefore(seen, 'told')
        ? {
            sentence: 'No MAC address of it is known, so no rack knows it when it boots.',
            remedy: `Set the MAC of the card that it boots from: regent machine set ${seen.site.machine} --mac MAC.`,
          }
        : null,
  },
  {
    code: 'vlan-without-dhcp',
    judge: (seen) => {
      const { vlans } = seen.site;
      const [first] = vlans;
      if (!isMute(seen) || first === undefined || vlans.some(({ dhcpOn }) => dhcpOn)) return null;
      return {
        sentence: `Its VLAN ${first.name} has no DHCP: nobody answers it there.`,
        remedy: `Turn it on, or name its other VLAN: regent vlan set ${first.name} --dhcp on --wait.`,
      };
    },
  },
  {
    code: 'rack-silent',
    judge: (seen) => {
      const dead = seen.site.vlans.find(({ dhcpOn, servedBy }) => dhcpOn && servedBy === null);
      if (!isMute(seen) || dead === undefined) return null;
      const who = dead.silent.length === 0 ? '' : ` ${dead.silent.join(' and ')} do not report.`;
      return {
        sentence: `No rack answers DHCP on its VLAN ${dead.name}.${who} ${dead.why}`.trim(),
        remedy: `Start a rack of that VLAN, or let another one serve: regent vlan show ${dead.name}, regent pairing propose.`,
      };
    },
  },
  {
    code: 'pair-broken',
    judge: (seen) => {
      const half = seen.site.vlans.find(({ servedBy, silent }) => servedBy !== null && silent.length > 0);
      if (half === undefined) return null;
      return {
        sentence: `${half.silent.join(' and ')}, of the pair of its VLAN ${half.name}, does not report; ${half.servedBy ?? ''} serves alone. What it was fetching there broke off.`,
        remedy: `Let it boot again by the other one: regent machine power cycle ${seen.site.machine} --boot pxe.`,
      };
    },
  },
  {
    code: 'no-dhcp',
    judge: (seen) => {
      if (!isAt(seen, 'powered')) return null;
      const where = seen.site.vlans.map(({ name }) => name).join(', ');
      return {
        sentence: `It is on, and no rack saw a DHCP request of it${where === '' ? '' : ` (VLAN ${where})`}: it does not boot from the network, its MAC is another one, or its cable or the VLAN of its switch port is wrong.`,
        remedy: `Check its console: is network boot first in the boot order? Then regent machine power cycle ${seen.site.machine} --boot pxe.`,
      };
    },
  },
];
