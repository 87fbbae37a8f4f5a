import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { age } from '../../format/when.ts';
import { askCluster } from '../base/ask.ts';
import { CLUSTER_MOVES } from './move.ts';

/** `regent cluster`. */
export const CLUSTER: NounSpec = {
  noun: 'cluster',
  summary:
    'region nodes as a cluster: how many can be lost, and the role of each (regent cluster recover, on a node: after most were lost for good)',
  commands: [
    {
      verb: 'status',
      summary: 'show the cluster on one screen; exit code 6 when it is degraded',
      examples: [
        'regent cluster status',
        'sudo regent cluster status   # on a region node also while the database is away',
      ],
      run: showCluster,
    },
    ...CLUSTER_MOVES,
  ],
};

/**
 * Degraded, as in `regent status`: a service, a node or the database is not well, an invariant is broken, or the cluster can lose fewer region nodes
 * than their number allows. A healthy single node is not degraded: its first line says that it can lose none.
 */
async function showCluster(call: Call): Promise<ExitCode> {
  const cluster = await askCluster(call, 'cluster.show');
  const printer = printerOf(call);
  if (printer.format === 'name') call.io.out.write(`${cluster.state}\n`);
  else if (!(await printData(printer, cluster))) {
    call.io.out.write(`${clusterLines(cluster, call.io.now()).join('\n')}\n`);
  }
  return cluster.state === 'ok' ? EXIT.ok : EXIT.degraded;
}

/** The screen, line by line. `now`: wall time in ms. */
function clusterLines(cluster: ClusterStatus, now: number): string[] {
  const { database, dcs, vip } = cluster;
  const ill = cluster.services
    .filter((row) => row.ill.length > 0)
    .map((row) => `${row.service} on ${row.ill.join(', ')}`);
  const wanted = cluster.services.reduce((sum, row) => sum + row.wanted, 0);
  const healthy = cluster.services.reduce((sum, row) => sum + row.healthy, 0);
  const illCount = cluster.services.reduce((sum, row) => sum + row.ill.length, 0);
  const takingOver = Math.max(0, wanted - healthy - illCount);
  const settling = takingOver > 0 ? `, ${takingOver} just taking over what was published` : '';
  const wrong = ill.length === 0 ? '' : `; not as they should be: ${ill.join('; ')}`;
  const labelled: readonly (readonly [string, string])[] = [
    ['Cluster', `${cluster.cluster?.id ?? 'none'}, version ${cluster.version}`],
    ['Epoch', epochText(cluster)],
    ['Source', cluster.source === 'database' ? '' : 'memory of the regions, since the database is away'],
    ['VIP', vip === null ? '' : vipText(vip)],
    ['Database', `${databaseText(cluster)}${database.state === 'ok' ? '' : `; ${database.state}: ${database.why}`}`],
    ['etcd', dcsText(dcs)],
    ['Services', `${healthy} of ${wanted} healthy${settling}${wrong}`],
    ['Trust', trustText(cluster)],
    ['Site', siteText(cluster)],
    ['Joining', cluster.nodes.flatMap((node) => (node.state === 'joining' ? [node.name] : [])).join(', ')],
  ];
  return [
    printable(`${cluster.state === 'ok' ? 'OK' : 'DEGRADED'}: ${cluster.summary}`),
    ...cluster.warnings.map((warning) => printable(`Warning: ${warning}`)),
    '',
    ...labelled.flatMap(([label, value]) => (value === '' ? [] : [printable(`${label.padEnd(10)}${value}`)])),
    '',
    ...nodeTable(cluster, now),
    ...(cluster.racks.length === 0
      ? []
      : [
          '',
          ...tableLines(
            ['rack', 'vlans'],
            cluster.racks.map((rack) => [rackName(rack), rack.vlans.join(', ')]),
          ),
        ]),
  ];
}

/** Empty where the cluster was never recovered. */
function epochText({ cluster }: ClusterStatus): string {
  const recovery = cluster?.recovery;
  if (recovery === undefined) return '';
  const { epoch, id, at, node, lost } = recovery;
  return `${epoch} (${id}), since it was recovered on ${node} at ${at}; lost: ${lost.join(', ')}`;
}

function databaseText({ cluster, database }: ClusterStatus): string {
  const { primary, timeline, servers } = database;
  if (cluster?.isDatabaseExternal === true)
    return `external: ${servers?.map(({ server, why }) => `${server} ${why}`).join(', ') ?? 'its servers were not queried'}`;
  return primary === null ? 'no primary' : `primary ${primary}, timeline ${timeline ?? '-'}`;
}

function vipText(vip: NonNullable<ClusterStatus['vip']>): string {
  const holder = vip.holders.length === 0 ? 'held by nobody' : `on ${vip.holders.join(' and ')}`;
  const unfit = vip.unfit.map(({ node, why }) => `${node} (${why})`);
  return `${vip.address} ${holder}, fit: ${vip.fit.join(', ') || 'none'}${unfit.length === 0 ? '' : `, not fit: ${unfit.join(', ')}`}`;
}

function dcsText(dcs: ClusterStatus['dcs']): string {
  if (dcs.hasQuorum === null) return 'no node reports it';
  const learners = dcs.learners.length === 0 ? '' : `, learning: ${dcs.learners.join(', ')}`;
  return `${dcs.hasQuorum ? `leader ${dcs.leader ?? 'not known'}` : 'no majority'}, voters ${dcs.voters.join(', ')}${learners}`;
}

function trustText({ certificates, authority }: ClusterStatus): string {
  const first = certificates.toSorted((a, b) => a.daysLeft - b.daysLeft)[0];
  if (first === undefined) return '';
  const end = `the first certificate (${first.node}) ends in ${first.daysLeft} days`;
  return authority === null ? end : `${end}, the authority in ${authority.daysLeft}`;
}

/** The certificate that browsers see, and the doctor's warning; empty if the region does not report them. */
export function siteText({ site }: Pick<ClusterStatus, 'site'>): string {
  if (site === undefined) return '';
  if (site === null) return 'no certificate for browsers yet; a region node signs it within a minute';
  const { isOwn, subject, issuer, notAfter, daysLeft, state, detail } = site;
  const whose = isOwn ? `an own certificate (${subject}), issued by ${issuer},` : `certificate issued by ${issuer}`;
  const text = `${whose} ends in ${daysLeft} days, ${notAfter}`;
  return state === 'ok' ? text : `${text}; ${state}: ${detail}`;
}

function rackName(rack: ClusterStatus['racks'][number]): string {
  return rack.isMaster ? `${rack.name} (master)` : rack.name;
}

function nodeTable(cluster: ClusterStatus, now: number): string[] {
  const days = new Map(cluster.certificates.map((row) => [row.node, `${Math.floor(row.daysLeft)} d`]));
  const members = new Map(cluster.database.members.map((row) => [row.node, row]));
  const rows = cluster.nodes.map((node) => {
    const member = members.get(node.name);
    return [
      node.name,
      [...(node.isRegion ? ['region'] : []), ...(node.isRack ? ['rack'] : [])].join(', '),
      node.state,
      node.reportedAt === null ? node.report : `${node.report}, ${age(node.reportedAt, now)}`,
      `${node.applied ?? '-'}/${node.wanted ?? '?'}`,
      node.region ?? '',
      member === undefined ? '' : roleText(member),
      member?.lagBytes == null ? '' : bytes(member.lagBytes),
      node.agent === null ? '' : age(node.agent.since, now),
      days.get(node.name) ?? '',
    ];
  });
  return tableLines(
    ['node', 'roles', 'state', 'report', 'generation', 'region', 'database', 'lag', 'agent', 'certificate'],
    rows,
  );
}

function roleText(member: ClusterStatus['database']['members'][number]): string {
  if (member.role === 'primary') return member.state === 'running' ? 'primary' : `primary, ${member.state}`;
  return `${member.isSynchronous ? 'synchronous ' : ''}${member.role}, ${member.state}`;
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 ** 2 ? `${Math.round(count / 1024)} KiB` : `${Math.round(count / 1024 ** 2)} MiB`;
}
