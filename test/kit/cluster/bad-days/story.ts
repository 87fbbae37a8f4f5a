import { expect } from 'vitest';
import type { CommandResult } from '../../../../src/lab/command.ts';
import { RANDOM } from '../../dice.ts';
import type { Load } from '../../faults/load.ts';
import { IS_SLOW_MACHINE } from '../../machine.ts';
import { told } from '../../site.ts';
import { type HostSet, openHosts } from '../hosts.ts';
import { REGIONS, type RegionName, VIP } from '../nodes.ts';
import { type ClusterSite, clusterSite } from '../site.ts';

/** Arguments of `regent init` on r1. */
export const INIT = ['init', '--name', 'r1', '--address', REGIONS.r1, '--vip', `${VIP}/24`];
/** The rack's host. */
export const RACK = { name: 'k1', address: '10.77.0.21' } as const;

/** What a join or an init leaves on a host, and an undone or refused one must not. */
const TRACES = [
  '/etc/regent/pki/*',
  '/etc/regent/secrets/*',
  '/var/lib/etcd/regent/member',
  '/var/lib/postgresql/17/regent',
  '/etc/etcd/regent/*',
  '/etc/patroni/regent/*',
  '/var/lib/regent/region/pki/ca.key',
  '/var/lib/regent/agent/ledger.json',
  '/var/lib/regent/*under-way.json',
];

/** One story of many bad days: the hosts, and the cluster once there is one. */
export interface Story {
  readonly hosts: HostSet;
  readonly site: () => ClusterSite;
  /** `regent init` to its end; opens the cluster. */
  readonly begin: () => Promise<void>;
  /** Fails when a host has anything of a cluster. */
  readonly clean: (host: string) => Promise<void>;
  /** A command that must be refused: not by a bug, and without its token in the words. */
  readonly refused: (result: CommandResult, why: RegExp, token?: string) => void;
  /** A command that must succeed. */
  readonly done: (result: CommandResult) => void;
  /** Makes k1 a rack of the cluster, if it is none. */
  readonly needRack: () => Promise<void>;
  /** Numbered writes through the floating address, so many a second; a quarter of that on a slow machine, where the hosts share what one of them needs for it. */
  readonly startLoad: (writesPerSecond: number) => Load;
  /** A line of the table. */
  readonly tell: (name: string, seen: string) => void;
  readonly close: () => Promise<void>;
}

/** Boots the hosts. */
export async function openStory(): Promise<Story> {
  if (IS_SLOW_MACHINE) console.log('a process is dear on this machine: a quarter of the load');
  const hosts = await openHosts('baddays', { regions: 3, racks: 1 });
  let site: ClusterSite | null = null;
  let last = performance.now();
  const needSite = () => {
    if (site === null) throw new Error('not reached: there is no cluster yet');
    return site;
  };
  const done: Story['done'] = (result) => expect(result.code, `${result.stdout}${result.stderr}`).toBe(0);
  return {
    hosts,
    site: needSite,
    begin: async () => {
      site = clusterSite(await hosts.init(INIT));
      await site.well(120_000);
    },
    clean: async (host) => {
      const left = await hosts.lab.ask(host, ['sh', '-c', `ls -d ${TRACES.join(' ')} 2>/dev/null || true`]);
      expect(left, `left on ${host}`).toBe('');
      const units = ['etcd', 'patroni', 'haproxy', 'keepalived', 'regent-agent', 'regent-regiond'];
      const states = (await hosts.lab.exec(host, ['systemctl', 'is-active', ...units])).stdout.trim().split('\n');
      const running = units.filter((_, index) => states[index] !== 'inactive');
      expect(running, `units that run on ${host}, or have failed`).toEqual([]);
    },
    refused: (result, why, token) => {
      expect([1, 2], `${result.stdout}${result.stderr}`).toContain(result.code);
      expect(result.stderr).toMatch(why);
      if (token !== undefined) expect(result.stdout + result.stderr).not.toContain(token);
    },
    done,
    needRack: async () => {
      const { stdout } = await needSite().regent('rack', 'list', '-o', 'name');
      if (stdout.includes(RACK.name)) return;
      done(await hosts.join(RACK.name, (await hosts.token('rack')).token, rackArgs()));
    },
    startLoad: (writesPerSecond) => needSite().startLoad(IS_SLOW_MACHINE ? writesPerSecond / 4 : writesPerSecond),
    tell: (name, seen) => {
      told(name, seen, last);
      last = performance.now();
    },
    close: async () => {
      site?.detach();
      await hosts.close();
    },
  };
}

/** Arguments of `regent join` on a region's host. */
export function joinArgs(host: RegionName): string[] {
  return ['--name', host, '--address', REGIONS[host]];
}

/** Arguments of `regent join` on the rack's host. */
export function rackArgs(): string[] {
  return ['--name', RACK.name, '--address', RACK.address];
}

/** The sentence of a refusal, without the hints that follow it. */
export function answerOf(result: CommandResult): string {
  const lines = result.stderr.trim().split('\n');
  const sentences = lines.filter((line) => /^(error|regent \w+):/.test(line));
  return (sentences.length > 0 ? sentences : lines).join(' | ').slice(0, 400);
}

/** Two region nodes that have not joined, in any order. */
export function newcomers(): [RegionName, RegionName] {
  const [first = 'r2', second = 'r3'] = RANDOM.shuffled<RegionName>(['r2', 'r3']);
  return [first, second];
}
