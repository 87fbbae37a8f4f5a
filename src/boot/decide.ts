import { textDigest } from '../core/stable-json.ts';
import type { MachineState } from '../model/machines/machine-states.ts';
import { type BootClient, isSameUuid } from './client.ts';
import type { BootPlan, BootRecord } from './record.ts';

/**
 * What a region answers about an unknown machine. `offer`: it boots this and is enlisted; `ignored`: an operator wants it left alone; `busy`: it asks
 * again. `reason`: sentences for its console, in place of the usual ones.
 */
export type EnlistAnswer =
  | { readonly kind: 'offer'; readonly boot: BootPlan }
  | { readonly kind: 'ignored'; readonly reason?: string }
  | { readonly kind: 'busy'; readonly reason?: string }
  | { readonly kind: 'no-region' };

/** The rack that the machine asks. `files`, `scripts`: origins of the rack's web server and boot listener on its VLAN, such as `http://10.0.0.1:5248`. */
export type BootPlace = { readonly files: string; readonly scripts: string };

/** A question to decide. `enlist`: the region's answer; a region is only asked if there is no record. */
export type BootRequest = { readonly client: BootClient; readonly place: BootPlace; readonly enlist: EnlistAnswer };

/** What the machine does. `reason`: a sentence for its console and for the log. */
export type BootDecision = { readonly reason: string } & (
  | {
      readonly kind: 'kernel';
      readonly kernel: string;
      /** One after the other they are the machine's first file system. */
      readonly initrds: readonly [string, ...string[]];
      readonly parameters: readonly string[];
    }
  /** Its own disk. */
  | { readonly kind: 'local' }
  | { readonly kind: 'off' }
  /** The machine asks again after so many seconds, with a new DHCP exchange: another rack may answer then. */
  | { readonly kind: 'wait'; readonly seconds: number }
  /** We have nothing to do with it: the firmware goes on with its next boot device. */
  | { readonly kind: 'leave' }
);

type BootWork = 'kernel' | 'local' | 'idle';
interface StateRule {
  readonly work: BootWork;
  /** How the sentence goes on after "NAME ". */
  readonly says: string;
  /** The system writes to disks: never on a machine whose UUID another machine also has. */
  readonly isDestructive?: true;
}

/** What a machine does when it boots, by the state of its life. */
export const STATE_RULES: Readonly<Record<MachineState, StateRule>> = {
  new: { work: 'idle', says: 'is new: an operator accepts it by commissioning it' },
  commissioning: { work: 'kernel', says: 'is commissioned' },
  'failed-commissioning': { work: 'idle', says: 'failed in commissioning' },
  testing: { work: 'kernel', says: 'is tested', isDestructive: true },
  'failed-testing': { work: 'idle', says: 'failed in its tests' },
  ready: { work: 'idle', says: 'is ready: nobody has allocated it' },
  reserved: { work: 'idle', says: 'is reserved' },
  allocated: { work: 'idle', says: 'is allocated, and nothing is deployed on it' },
  deploying: { work: 'kernel', says: 'is deployed now', isDestructive: true },
  'failed-deployment': { work: 'idle', says: 'failed in deployment' },
  deployed: { work: 'local', says: 'is deployed' },
  releasing: { work: 'idle', says: 'is released' },
  'failed-releasing': { work: 'idle', says: 'failed in its release' },
  'disk-erasing': { work: 'kernel', says: 'has its disks erased', isDestructive: true },
  'failed-disk-erasing': { work: 'idle', says: 'failed when its disks were erased' },
  broken: { work: 'idle', says: 'is marked broken' },
  'entering-rescue-mode': { work: 'kernel', says: 'enters rescue mode' },
  'rescue-mode': { work: 'kernel', says: 'is in rescue mode' },
  'failed-entering-rescue-mode': { work: 'idle', says: 'failed to enter rescue mode' },
  'exiting-rescue-mode': { work: 'idle', says: 'leaves rescue mode' },
  'failed-exiting-rescue-mode': { work: 'idle', says: 'failed to leave rescue mode' },
  retired: { work: 'idle', says: 'is retired' },
  missing: { work: 'idle', says: 'is missing, and here it is' },
};

/** A record may come from a newer region, with a state that is not in the table. */
function ruleOf(state: string): StateRule | undefined {
  const rules: Readonly<Record<string, StateRule>> = STATE_RULES;
  return Object.hasOwn(rules, state) ? rules[state] : undefined;
}

/** Characters of the kernel's command line: 2,047, of which loaders add some (`initrd=`). */
const LINE_MAX = 2000;

/** Pauses in seconds, before jitter: a fault of ours, no region, a region that has too much to do. */
const WAITS = { fault: 15, noRegion: 10, busy: 20 } as const;

/**
 * What a machine that boots is to do. `record`: the rack's for its MAC; null: nobody knows it. `now`: seconds since 1970. Pure and total: every state,
 * known or not, has an answer with a reason.
 */
export function decideBoot(record: BootRecord | null, request: BootRequest, now: number): BootDecision {
  if (record === null) return enlist(request, now);
  const rule = ruleOf(record.state);
  const wait = (reason: string) => later(request, now, WAITS.fault, reason);
  if (rule === undefined) return wait(`The rack does not know the state ${record.state} of ${record.hostname}.`);
  const says = `${record.hostname} ${rule.says}`;
  // One without a system on its disk has it in memory; one that is deployed just now and has no image to boot has it on its disk by now.
  const isLocal = rule.work === 'local' && record.idle !== 'off';
  const isInstalled = record.state === 'deploying' && record.idle === 'local' && record.boots === undefined;
  if (isLocal || isInstalled) return { kind: 'local', reason: `${says}. It boots from its disk.` };
  if (rule.work === 'idle')
    return record.idle === 'local'
      ? { kind: 'local', reason: `${says}. It boots from its disk.` }
      : { kind: 'off', reason: `${says}. It is switched off.` };
  if (record.until !== undefined && now > record.until)
    return wait(`${says}, but its time has run out: a region decides what follows.`);
  const { uuid } = request.client;
  if (rule.isDestructive && record.uuid !== undefined && uuid !== null && !isSameUuid(record.uuid, uuid))
    return wait(
      `${says}, but this machine has the UUID ${uuid} and not ${record.uuid}: check whether its network card comes from another machine.`,
    );
  const { boots = [] } = record;
  const boot = boots.find(({ image }) => image.architecture === request.client.architecture) ?? boots[0];
  if (boot === undefined) return wait(`${says}, but the rack has no image for it.`);
  return bootOf(boot, request, now, says);
}

/** The parameters that the kernel gets besides its plan's: what our initrd reads (`scripts/image`). */
export const BOOT_PARAMETERS = {
  metadata: 'regent.metadata',
  root: 'regent.root',
  // cloud-init's own name for it (its kernel command line's documentation).
  credentials: 'cloud-config-url',
} as const;

function enlist(request: BootRequest, now: number): BootDecision {
  const { enlist: answer, client } = request;
  const who = `The machine ${client.mac} is unknown`;
  switch (answer.kind) {
    case 'offer':
      return bootOf(answer.boot, request, now, `${who}, so it is enlisted`);
    case 'ignored':
      return { kind: 'leave', reason: answer.reason ?? `An operator ordered to ignore the machine ${client.mac}.` };
    case 'busy': {
      const usual = `${who}, and the regions are too busy to enlist it now.`;
      return later(request, now, WAITS.busy, answer.reason ?? usual);
    }
    case 'no-region':
      return later(request, now, WAITS.noRegion, `${who}, and the rack reaches no region that can enlist it.`);
  }
}

function bootOf(
  { image, parameters, options = [], metadata, credentials, iscsi }: BootPlan,
  request: BootRequest,
  now: number,
  says: string,
): BootDecision {
  const { client, place } = request;
  if (image.architecture !== client.architecture) {
    const why = `the image ${image.name} is for ${image.architecture} and this machine is ${client.architecture}`;
    return later(request, now, WAITS.fault, `${says}, but ${why}.`);
  }
  const url = (path: string) => `${place.files}/${path}`;
  if (iscsi !== undefined && iscsi.initrd === undefined) {
    const why = `its boot media is iSCSI, and the image ${image.name} has no part for iSCSI: build the image again`;
    return later(request, now, WAITS.fault, `${says}, but ${why}.`);
  }
  const root = iscsi === undefined ? image.root && url(image.root) : iscsiUri(place, iscsi);
  const line = [
    ...parameters,
    // The card that it booted from, in PXELINUX's form: hardware type 1 and the MAC.
    `BOOTIF=01-${client.mac.replaceAll(':', '-')}`,
    `${BOOT_PARAMETERS.metadata}=${url(metadata)}`,
    ...(credentials === undefined ? [] : [`${BOOT_PARAMETERS.credentials}=${url(credentials)}`]),
    ...(root === undefined ? [] : [`${BOOT_PARAMETERS.root}=${root}`]),
    // Last: of two values most options take the later one.
    ...options,
  ];
  const length = line.join(' ').length;
  if (length > LINE_MAX) {
    const why = `the kernel's command line has ${length} characters, but the kernel takes at most ${LINE_MAX}: shorten the kernel options of its tags or of the site`;
    return later(request, now, WAITS.fault, `${says}, but ${why}.`);
  }
  return {
    kind: 'kernel',
    reason: `${says}. It boots ${image.name}${iscsi === undefined ? '' : ' by iSCSI'}.`,
    kernel: url(image.kernel),
    initrds: [url(image.initrd), ...(iscsi?.initrd === undefined ? [] : [url(iscsi.initrd)])],
    parameters: line,
  };
}

/** Logical unit 1 of the rack's target, in the form of RFC 4173 §5: `iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET`; 6 is TCP. The rack is where its files are. */
function iscsiUri({ files }: BootPlace, { target, port }: NonNullable<BootPlan['iscsi']>): string {
  const server = files.replace(/^http:\/\//, '').replace(/:\d+$/, '');
  return `iscsi:${server}:6:${port}:1:${target}`;
}

/** Machines that wait for the same thing do not ask all at once: up to half as long again, by their MAC and the second. */
function later({ client }: BootRequest, now: number, seconds: number, reason: string): BootDecision {
  const drawn = Number.parseInt(textDigest(`${client.mac} ${Math.floor(now)}`).slice(0, 8), 16);
  return { kind: 'wait', seconds: seconds + (drawn % (Math.floor(seconds / 2) + 1)), reason };
}
