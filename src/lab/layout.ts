import { AppError } from '../core/errors.ts';

/** Where everything of all labs lies on the outer machine. */
export const LAB_ROOT = '/var/lib/regent-lab';

/** Every name that one lab instance uses on the outer machine. Names are a function of the instance: nothing is searched by guess. */
export interface Layout {
  readonly instance: string;
  readonly folder: string;
  readonly stateFile: string;
  /** A folder that all hosts have (host.ts `SHARED_INSIDE`), only for root. */
  readonly shared: string;
  /** Held by scripts/lab while it changes the lab, or the product in it. */
  readonly lockFiles: readonly string[];
  /** Held by the one drill that plays in the lab: an abstract socket (unix(7)). */
  readonly drillSocket: string;
  readonly switchNetns: string;
  hostNetns(host: string): string;
  clientNetns(client: string): string;
  /** How the names of DHCP clients' namespaces begin. No instance has a "." in it, so no other's begin so. */
  readonly dhcpNetnsPrefix: string;
  /** Folder of a host or client: `upper`, `work`, `root` (the mount), `console.log`. */
  memberFolder(member: string): string;
  rootOf(member: string): string;
  /** Name of the container, of its scope and of its cgroup. */
  machineName(host: string): string;
  /** Cgroup of a host, relative to the top of a hierarchy. */
  cgroup(host: string): string;
}

/** Names of one instance. Throws AppError `lab_instance` for a name that could not be part of a path or device name. */
export function layoutOf(instance: string): Layout {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(instance))
    throw new AppError(
      'lab_instance',
      `REGENT_LAB="${instance}" cannot name a lab. What to do: use 1 to 20 lower-case letters, digits or "-", a letter first.`,
    );
  const folder = `${LAB_ROOT}/${instance}`;
  return {
    instance,
    folder,
    stateFile: `${folder}/state.json`,
    shared: `${folder}/shared`,
    lockFiles: ['lock', 'product.lock'].map((end) => `/run/lock/regent-lab-${instance}.${end}`),
    drillSocket: `\0regent-lab-${instance}.drill`,
    switchNetns: `rg-${instance}-sw`,
    hostNetns: (host) => `rg-${instance}-${host}`,
    clientNetns: (client) => `rg-${instance}-c.${client}`,
    dhcpNetnsPrefix: `rg-${instance}-d.`,
    memberFolder: (member) => `${folder}/members/${member}`,
    rootOf: (member) => `${folder}/members/${member}/root`,
    machineName: (host) => `rg-${instance}-${host}`,
    cgroup: (host) => `regent-lab/${instance}/${host}`,
  };
}

/** Is this network namespace one of the instance's? Instances whose names begin alike (`a`, `a-b`) differ by the members' names. */
export function ownsNetns(layout: Layout, netns: string, members: readonly string[]): boolean {
  return (
    netns === layout.switchNetns ||
    netns.startsWith(layout.dhcpNetnsPrefix) ||
    members.some((member) => netns === layout.hostNetns(member) || netns === layout.clientNetns(member))
  );
}

/** Name of a veth's far end in the switch namespace: `v-<member>-<index>`, within the kernel's 15 characters. */
export function switchPort(member: string, index: number): string {
  return `v-${member.slice(0, 10)}-${index}`;
}
