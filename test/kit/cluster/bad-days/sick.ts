import { expect } from 'vitest';
import { pauseUnit } from '../../../../src/lab/faults/hang.ts';
import { PORTS } from '../../../../src/model/cluster/cluster.ts';
import { TRUST_FILES } from '../../../../src/model/cluster/trust-files.ts';
import { RANDOM } from '../../dice.ts';
import { until } from '../../until.ts';
import { REGION_NAMES, type RegionName, REGIONS, VIP } from '../nodes.ts';
import { patronictl } from '../patronictl.ts';
import type { Story } from './story.ts';

interface Found {
  readonly id: string;
  readonly state: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Something of a whole cluster that is really broken. `heal`: where nothing heals it by itself. `names`: invariants that must speak of it. */
interface Sickness {
  readonly name: string;
  readonly names: readonly string[];
  readonly harm: (story: Story, one: RegionName) => Promise<unknown>;
  readonly heal?: (story: Story, one: RegionName) => Promise<unknown>;
}

const ETCDCTL = [
  'etcdctl',
  `--endpoints=https://${REGIONS.r1}:${PORTS.etcdClient}`,
  `--cacert=${TRUST_FILES.authority.path}`,
  `--cert=${TRUST_FILES.certificate.path}`,
  `--key=${TRUST_FILES.key.path}`,
];

const onAll = async (story: Story, argv: readonly string[]) => {
  await Promise.all(REGION_NAMES.map((host) => story.hosts.lab.ask(host, argv, 60_000)));
};

const pause = (unit: string) => (story: Story, one: RegionName) => pauseUnit(story.hosts.lab.layout, one, unit);

const setStrict = (value: string) => (story: Story) =>
  patronictl(story.hosts.lab, 'r1', 'edit-config', '--quiet', '--force', '--set', `synchronous_mode_strict=${value}`);

const takeAddress = async (story: Story, one: RegionName) =>
  story.hosts.lab.ask(one, ['ip', 'address', 'add', `${VIP}/24`, 'dev', 'eth0']);

/** keepalived may have taken it away before: it does when the address came to this host in order meanwhile, and went on. */
const dropAddress = async (story: Story, one: RegionName) =>
  story.hosts.lab.ask(one, [
    'sh',
    '-c',
    `ip address del ${VIP}/24 dev eth0 || ! ip -o address show dev eth0 | grep -q ' ${VIP}/'`,
  ]);

const SICKNESSES: readonly Sickness[] = [
  {
    name: 'a region node without power',
    names: ['etcd-quorum', 'standbys', 'agents'],
    harm: ({ hosts }, one) => hosts.power.kill(one),
    heal: ({ hosts }, one) => hosts.power.start(one),
  },
  {
    name: 'a member of etcd that nobody knows',
    names: ['etcd-members'],
    harm: ({ hosts }) =>
      hosts.lab.ask('r1', [...ETCDCTL, 'member', 'add', 'stray', '--learner', '--peer-urls=https://10.77.0.99:2380']),
  },
  {
    name: 'the database is stopped everywhere',
    names: ['database-writes', 'one-primary', 'services'],
    harm: async (story) => {
      await onAll(story, ['systemctl', 'stop', 'regent-agent']);
      await onAll(story, ['systemctl', 'stop', 'patroni']);
      await onAll(story, ['systemctl', 'mask', '--runtime', 'patroni']);
      await onAll(story, ['systemctl', 'start', 'regent-agent']);
    },
    heal: async (story) => {
      await onAll(story, ['systemctl', 'unmask', '--runtime', 'patroni']);
      await onAll(story, ['systemctl', 'start', 'patroni']);
    },
  },
  {
    name: 'a setting of the database that was changed by hand',
    names: ['database-configuration'],
    harm: setStrict('false'),
    heal: setStrict('true'),
  },
  {
    name: 'a second holder of the floating address',
    names: ['vip-holder'],
    harm: takeAddress,
    heal: dropAddress,
  },
  // Its agent restarts it after ten seconds, and until then its own region, which it reports to first, has no way to the database: whether anybody hears
  // that the service is unhealthy is a matter of luck.
  { name: 'a frozen haproxy', names: ['load-balancers'], harm: pause('haproxy.service') },
  { name: 'a frozen named', names: ['zone-serials', 'services'], harm: pause('named.service') },
  { name: 'a frozen chronyd', names: ['services'], harm: pause('chrony.service') },
];

/** The doctor names what is really broken, with a remedy, and is content again afterwards. */
export async function sick(story: Story): Promise<void> {
  await story.site().well(120_000);
  const unsaid: string[] = [];
  for (const sickness of RANDOM.shuffled(SICKNESSES)) {
    const holder = (await story.site().nodes.holders())[0];
    // Not the holder, which would be another story, and not r1, which asks.
    const one = RANDOM.pick(REGION_NAMES.filter((host) => host !== holder && host !== 'r1'));
    const said = new Map<string, string>();
    await sickness.harm(story, one);
    const isSaid = async () => {
      for (const { id, state, detail, remedy } of await ask(story)) {
        if (state === 'ok' || said.has(id)) continue;
        expect(remedy, id).not.toBe('');
        said.set(id, `${id} ${state}: ${detail}`);
      }
      return sickness.names.every((id) => said.has(id));
    };
    await until(sickness.name, isSaid, { deadlineMs: 90_000, everyMs: 200 }).catch(() => undefined);
    await sickness.heal?.(story, one);
    await story.site().well(150_000);
    story.tell(`${sickness.name} (${one})`, [...said.values()].join(' | ').slice(0, 600));
    unsaid.push(...sickness.names.filter((id) => !said.has(id)).map((id) => `${sickness.name}: ${id}`));
  }
  expect(unsaid, 'what the doctor did not speak of').toEqual([]);
}

/** As root of r1: by the database, or without it by what regions remember. */
async function ask({ hosts }: Story): Promise<readonly Found[]> {
  const { code, stdout, stderr } = await hosts.regent('r1', ['doctor', '-o', 'json']);
  if (code !== 0 && code !== 6) throw new Error(`regent doctor: ${code}: ${stderr}`);
  const { invariants } = JSON.parse(stdout) as { invariants: Found[] };
  expect(code).toBe(invariants.some(({ state }) => state === 'broken' || state === 'unknown') ? 6 : 0);
  return invariants;
}
