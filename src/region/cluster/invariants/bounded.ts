import { formatCount } from '../../../core/count-text.ts';
import { collectFacts, listOf, settled } from '../site.ts';
import { type InvariantCheck, judgeSilence, ok, warning } from './check.ts';

const MIB = 1024 ** 2;

/** What must be true of folders in which others decide what is written. */
export const BOUNDED_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'bounded-folders',
    title: 'Bodies of unknown machines fill no disk',
    explanation:
      'Before a region knows a machine, nginx of the rack buffers its requests in a small file system in memory. Without that file system, anybody on a VLAN can fill the disk of the rack.',
    concerns: (site) => settled(site).some((node) => node.isRack),
    judge(site) {
      const racks = settled(site).filter((node) => node.isRack);
      const { reports } = collectFacts(racks, 'host');
      const folders = reports.flatMap(({ node, facts }) =>
        (facts.boundedFolders ?? []).map((folder) => ({ node: node.name, ...folder })),
      );
      const loose = folders.filter(({ sizeBytes, mostBytes }) => sizeBytes === null || sizeBytes > mostBytes);
      if (loose.length > 0) {
        const clauses = loose.map(({ node, service, path, sizeBytes, mostBytes }) => {
          const had = sizeBytes === null ? 'none of its own' : `one of ${Math.ceil(sizeBytes / MIB)} MiB`;
          return `${service} on ${node} should have a file system of ${Math.floor(mostBytes / MIB)} MiB at ${path} and has ${had}`;
        });
        const restarts = loose.map(({ node, service }) => `regent service restart ${service} --node ${node}`);
        const remedy = `The daemon started with another unit file. Without a drop-in of your own: systemctl daemon-reload on that host, then ${[...new Set(restarts)].join('; ')}. If it stays: systemctl cat nginx.`;
        return warning(`${listOf(clauses)}.`, remedy);
      }
      return (
        judgeSilence(site, racks, 'host') ??
        ok(
          folders.length === 0
            ? 'No rack has reported such a folder.'
            : `${formatCount(folders.length, 'folder')}, each with a bound of its own.`,
        )
      );
    },
  },
];
