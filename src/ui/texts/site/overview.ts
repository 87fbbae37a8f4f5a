const listOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
const noStandby = (alone: number, isFirst = false): string =>
  `DHCP on ${alone === 1 ? '1 VLAN' : `${alone} VLANs`} has no standby rack${isFirst ? ' now' : ''}`;

/** What may fail, in one sentence that the rest of the page never contradicts. */
function headline(it: {
  readonly isSingle: boolean;
  readonly isHealthy: boolean;
  readonly losses: number;
  readonly racks: 'none' | 'any' | 'alone';
}): string {
  const healthy = it.isHealthy ? 'Healthy. ' : '';
  const rack = it.racks === 'any' ? 'any one rack' : '';
  if (it.isSingle)
    return `${healthy}There is one region node only: it cannot fail without an outage.${rack === '' ? '' : ' Any one rack can.'}`;
  if (it.losses === 0) return `No region node can fail without an outage.${rack === '' ? '' : ' Any one rack can.'}`;
  const nodes = it.losses === 1 ? 'Any one region node' : `Any ${it.losses} region nodes`;
  const no = it.racks === 'alone' ? ' No rack can.' : '';
  return `${healthy}${nodes}${rack === '' ? '' : ` and ${rack}`} can fail without an outage.${no}`;
}

/** Sentences of the overview. */
export const OVERVIEW = {
  title: 'Overview',
  headline,
  applying: (nodes: readonly string[], alone: number) =>
    `A change is being applied on ${listOf(nodes)}.${alone === 0 ? '' : ` Until it is done, ${noStandby(alone)}.`}`,
  noStandby: (alone: number) => `${noStandby(alone, true)}.`,
  promised: (count: number) =>
    count === 1
      ? 'When everything is healthy, any one region node can fail.'
      : `When everything is healthy, any ${count} region nodes can fail.`,
  majority: (regions: number) =>
    `More can fail only with more region nodes: of ${regions}, a majority of ${Math.floor(regions / 2) + 1} must stay.`,
  why: 'Why not more',
  warnings: 'Warnings',
  fromMemory: 'The database is away. This is what the region nodes remember.',
  facts: {
    vip: 'Floating address on',
    primary: 'Database primary',
    dcs: 'etcd leader',
    regions: 'Regions ready',
    services: 'Services healthy',
    trust: 'Next certificate ends in',
    site: 'Certificate for browsers ends in',
    drill: 'Last drill',
  },
  topology: 'Who does what',
  topologyTable: 'The same as a table',
  ifDies: 'If a node dies now',
  ifDiesNote: 'Concluded from what is known at this moment. Nothing is done.',
  columns: { node: 'Node', survives: 'Can be lost after', outage: 'Not served', risks: 'Risks' },
  noOutage: 'nothing',
  noRisk: 'none',
  upTo: (probe: string, span: string) => `${probe}: up to ${span}`,
  forGood: (probe: string) => `${probe}: until somebody acts`,
  fullest: 'The fullest subnets',
  counts: 'What is here',
  count: {
    machines: 'machines',
    vlans: 'VLANs',
    subnets: 'subnets',
    leases: 'leases in force',
    domains: 'domains',
    records: 'records',
    racksWaiting: 'racks that wait for a decision',
    withoutSecondary: 'VLANs without a second rack',
  },
  jobs: {
    title: 'Under way',
    empty: 'Nothing is under way.',
    columns: { job: 'What', step: 'How far it is', since: 'Started', by: 'By', do: 'Do' },
    all: 'All jobs, those that have ended, too',
  },
  happened: 'What happened',
  nothingHappened: 'Nothing has happened yet.',
  steps: {
    title: 'The next three steps',
    done: 'done',
    list: {
      nodes: { what: 'Let a second and a third node join', how: 'regent token create; on the new host: regent join -' },
      dhcp: {
        what: 'Switch DHCP on for a VLAN on which two racks stand',
        how: 'regent vlan set FABRIC/VLAN --dhcp on',
      },
      machine: {
        what: 'Let a machine boot from the network, and commission it',
        how: 'regent machine commission NAME --wait',
      },
    },
  },
} as const;
