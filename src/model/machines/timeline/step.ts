/** Who saw a step of a machine: `state`: the lifecycle; `bmc`: the job that switches it; `boot`: a rack's boot listener. */
export const STEP_SOURCES = ['state', 'bmc', 'dhcp', 'tftp', 'http', 'boot', 'metadata', 'script'] as const;
export type StepSource = (typeof STEP_SOURCES)[number];

/** What racks report: a lease; a loader; the boot script; the files of an image; a call for metadata. */
export const RACK_STEPS = ['lease', 'loader', 'script', 'kernel', 'initrd', 'root', 'image', 'metadata'] as const;
export type RackStep = (typeof RACK_STEPS)[number];

/** What regions see themselves. */
const REGION_STEPS = [
  'state',
  'power-asked',
  'power-on',
  'power-off',
  'power-failed',
  'inventory',
  'status',
  'signal',
  'installed',
  'script-started',
  'script-ended',
] as const;
export const STEP_WHATS = [...RACK_STEPS, ...REGION_STEPS] as const;
export type StepWhat = (typeof STEP_WHATS)[number];

export const STEP_OUTCOMES = ['done', 'failed', 'running'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

/** What is known of a step beside its name. Texts are of printable ASCII, or are escaped where they are shown: they come from firmware and from machines. */
export interface StepFacts {
  /** Name of a loader, a file of an image, a path of the metadata, a script. */
  readonly file?: string;
  /** Of HTTP. */
  readonly status?: number;
  readonly bytes?: number;
  readonly ms?: number;
  /** Of a boot script: the answer to the machine, why, what it is. */
  readonly decision?: string;
  readonly reason?: string;
  readonly architecture?: string;
  readonly loader?: string;
  /** Of a lease: where its address lies. */
  readonly vlan?: string;
  readonly exit?: number;
  /** Anything else, as a text. */
  readonly words?: string;
}

/** A step, wherever it was seen. `at`: ms since 1970 by the database's clock. `node`: the rack's name, or empty. */
export interface MachineStep {
  readonly at: number;
  readonly source: StepSource;
  readonly what: StepWhat;
  readonly node: string;
  readonly address: string;
  readonly outcome: StepOutcome;
  readonly facts: StepFacts;
}

/** What a step is called where people read it. */
export const STEP_TITLES: Readonly<Record<StepWhat, string>> = {
  state: 'state',
  'power-asked': 'power on requested',
  'power-on': 'power on',
  'power-off': 'power off',
  'power-failed': 'power failed',
  lease: 'DHCP lease',
  loader: 'loader',
  script: 'boot script',
  kernel: 'kernel',
  initrd: 'initrd',
  root: 'root image',
  image: 'image file',
  metadata: 'metadata',
  inventory: 'inventory',
  status: 'status',
  signal: 'signal',
  installed: 'installed',
  'script-started': 'script started',
  'script-ended': 'script ended',
};

/** What there is to say of a step, on one line. Pure. */
export function stepDetail({ what, address, facts }: Pick<MachineStep, 'what' | 'address' | 'facts'>): string {
  const { file, status, bytes, ms, decision, reason, architecture, loader, vlan, exit, words: note } = facts;
  const isTransfer = bytes !== undefined && bytes > 0 && what !== 'metadata';
  const parts = [
    file ?? '',
    status === undefined ? '' : `HTTP ${status}`,
    isTransfer ? sizeText(bytes) : '',
    isTransfer && ms !== undefined ? `in ${secondsText(ms)}` : '',
    decision === undefined ? '' : `${decision}:`,
    reason ?? '',
    exit === undefined ? '' : `exit ${exit}`,
    note ?? '',
    [loader, architecture].every((one) => one === undefined) ? '' : `(${[loader, architecture].join(' ').trim()})`,
    vlan === undefined ? '' : `on VLAN ${vlan}`,
    what === 'lease' || address === '' ? '' : `from ${address}`,
  ];
  const head = what === 'lease' ? address : '';
  return [head, ...parts].filter((part) => part !== '').join(' ');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${UNITS[power] ?? ''}`;
}

/** A span: `0.4 s`, `75 s`, `12 min`. Pure. */
export function secondsText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 600 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
