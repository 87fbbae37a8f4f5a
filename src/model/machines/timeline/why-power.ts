import { SCRIPT_SENT, STAGES, type Stage } from './stage.ts';
import type { MachineStep, StepWhat } from './step.ts';
import type { WhyCase, WhyRule } from './why-case.ts';

/** Is the machine at this stage, and not beyond it? */
const isAt = ({ stage }: WhyCase, ...stages: readonly Stage[]): boolean => stages.includes(stage);

/** Is it before this stage? Pure. */
export const isBefore = ({ stage }: WhyCase, other: Stage): boolean => STAGES.indexOf(stage) < STAGES.indexOf(other);

/** The last step of such a kind; undefined: there is none. Pure. */
export function lastOf({ steps }: Pick<WhyCase, 'steps'>, ...whats: readonly StepWhat[]): MachineStep | undefined {
  return steps.findLast(({ what }) => whats.includes(what));
}

/** On, or nobody can say so, and not one packet of DHCP. */
const isMute = (seen: WhyCase): boolean => isAt(seen, 'powered') || (isAt(seen, 'asked') && !seen.site.hasSwitch);

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
        sentence: `The BMC ${site.bmc ?? ''} did not switch ${site.machine} on. ${why}`.trim(),
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
        sentence: `The BMC ${site.bmc ?? ''} has not reported yet that ${site.machine} is on: the job waits, or no rack reaches the BMC.`,
        remedy: 'Check which job uses the BMC: regent job list --unfinished.',
      };
    },
  },
  {
    code: 'by-hand',
    judge: (seen) =>
      isAt(seen, 'asked') && !seen.site.hasSwitch
        ? {
            sentence: `${seen.site.machine} has no BMC, and no rack saw a packet of it: a person must start it from the network.`,
            remedy: `Switch ${seen.site.machine} on, or name its BMC: regent machine set ${seen.site.machine} --bmc BMC.`,
          }
        : null,
  },
  {
    code: 'went-off',
    judge: (seen) =>
      seen.site.hasSwitch && seen.site.power.state === 'off' && isBefore(seen, 'inventoried') && !isAt(seen, 'asked')
        ? {
            sentence: `${seen.site.machine} was switched on, but its BMC now reports that it is off.`,
            remedy: `Check whether somebody switched it off or its power supply failed, then start again: regent machine commission ${seen.site.machine}.`,
          }
        : null,
  },
  {
    code: 'no-mac',
    judge: (seen) =>
      seen.site.macs === 0 && isBefore(seen, SCRIPT_SENT)
        ? {
            sentence: `${seen.site.machine} has no MAC address in Regent, so no rack recognizes it when it boots.`,
            remedy: `Set the MAC of the card from which it boots: regent machine set ${seen.site.machine} --mac MAC.`,
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
        sentence: `The VLAN ${first.name} of ${seen.site.machine} has no DHCP: no rack answers there.`,
        remedy: `Turn DHCP on, or give the machine another VLAN: regent vlan set ${first.name} --dhcp on --wait.`,
      };
    },
  },
  {
    code: 'rack-silent',
    judge: (seen) => {
      const dead = seen.site.vlans.find(({ dhcpOn, servedBy }) => dhcpOn && servedBy === null);
      if (!isMute(seen) || dead === undefined) return null;
      const who =
        dead.silent.length === 0
          ? ''
          : ` ${dead.silent.join(' and ')} ${dead.silent.length === 1 ? 'does' : 'do'} not report.`;
      return {
        sentence: `No rack answers DHCP on VLAN ${dead.name} of ${seen.site.machine}.${who} ${dead.why}`.trim(),
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
        sentence: `${half.silent.join(' and ')} of the rack pair on VLAN ${half.name} does not report; only ${half.servedBy ?? ''} serves. Downloads of ${seen.site.machine} from the silent rack broke off.`,
        remedy: `Boot the machine again from the other rack: regent machine power cycle ${seen.site.machine} --boot pxe.`,
      };
    },
  },
  {
    code: 'no-dhcp',
    judge: (seen) => {
      if (!isAt(seen, 'powered')) return null;
      const where = seen.site.vlans.map(({ name }) => name).join(', ');
      return {
        sentence: `${seen.site.machine} is on, but no rack saw a DHCP request of it${where === '' ? '' : ` (VLAN ${where})`}. It does not boot from the network, has another MAC, or its cable or the VLAN of its switch port is wrong.`,
        remedy: `Check on its console that network boot is first in the boot order. Then: regent machine power cycle ${seen.site.machine} --boot pxe.`,
      };
    },
  },
];
