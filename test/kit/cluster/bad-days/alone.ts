import { expect } from 'vitest';
import { RANDOM } from '../../dice.ts';
import { until } from '../../until.ts';
import { REGIONS, type RegionName } from '../nodes.ts';
import type { BadDay } from './plan.ts';
import { answerOf, joinArgs, newcomers, RACK, rackArgs, type Story } from './story.ts';

/** Bad days of a cluster that has its first node alone, and that it has overcome at their end. */
export const ALONE: readonly BadDay<Story>[] = [
  {
    name: 'join: half a token, none, with another secret or authority, revoked, expired',
    at: 'alone',
    run: wrongTokens,
  },
  { name: 'join: a token of another cluster', at: 'alone', run: foreignTokens },
  { name: 'join: a name or an address that is taken', at: 'alone', run: takenNames },
  { name: 'join: cut off and undone; its token lets nobody else in', at: 'alone', run: usedToken },
  { name: 'join: cut off, all hosts lose power, and it is undone', at: 'alone', run: undoneAfterDark },
  { name: 'join: a rack whose host is rebuilt takes its place again', at: 'alone', run: rackRebuilt },
];

async function wrongTokens({ hosts, site, refused, clean, tell }: Story): Promise<void> {
  const [host] = newcomers();
  const good = await hosts.token('region');
  const revoked = await hosts.token('region');
  await site().tell('token', 'revoke', revoked.id);
  const expired = await hosts.token('region');
  // A token lives for a minute at least: the clock of the database is what it goes by.
  const past = `update join_tokens set expires_at = now() - interval '1 second' where id = '${expired.id}' returning 'past'`;
  expect(await site().nodes.sql('r1', past)).toBe('past');
  const wrong: Record<string, readonly [string, RegExp]> = {
    half: [good.token.slice(0, good.token.length / 2), /the token is damaged/],
    none: ['hello', /this is not a join token/],
    'another secret': [
      hosts.forge(good.token, (token) => ({ ...token, secret: 'A'.repeat(32) })),
      /not known, or its secret is wrong/,
    ],
    'another authority': [
      hosts.forge(good.token, (token) => ({ ...token, pin: 'ab'.repeat(32) })),
      /is not the cluster of this token/,
    ],
    revoked: [revoked.token, /was revoked/],
    expired: [expired.token, /has expired/],
  };
  for (const [name, [token, why]] of Object.entries(wrong)) {
    const result = await hosts.join(host, token, joinArgs(host));
    refused(result, why, token);
    await clean(host);
    tell(`token: ${name}`, answerOf(result));
  }
}

/** r3 begins a cluster of its own: its tokens are as real as ours. */
async function foreignTokens({ hosts, refused, done, clean, needRack, tell }: Story): Promise<void> {
  await needRack();
  done(await hosts.regent('r3', ['init', '--single', '--name', 'f1', '--address', REGIONS.r3]));
  const foreign = await hosts.tokenOf('r3', 'region');
  const own = await hosts.token('region');
  const began = await hosts.join('r1', foreign.token, []);
  refused(began, /started a cluster of its own/, foreign.token);
  tell('foreign token: on our first node', answerOf(began));
  const member = await hosts.join(RACK.name, foreign.token, []);
  refused(member, /is the node k1 of another cluster/, foreign.token);
  tell('foreign token: on a rack of ours', answerOf(member));
  const swapped = hosts.forge(own.token, (token) => ({ ...token, urls: [`https://${REGIONS.r3}:5443`] }));
  const elsewhere = await hosts.join('r2', swapped, joinArgs('r2'));
  refused(elsewhere, /is not the cluster of this token/, swapped);
  tell('our token, their address', answerOf(elsewhere));
  const mixed = hosts.forge(own.token, (token) => ({ ...token, ...hosts.secretOf(foreign.token) }));
  const unknown = await hosts.join('r2', mixed, joinArgs('r2'));
  refused(unknown, /not known, or its secret is wrong/, mixed);
  tell('their secret, our address', answerOf(unknown));
  await hosts.joinCutOff('r2', own.token, joinArgs('r2'), { step: 4, afterMs: 0 });
  const half = await hosts.join('r2', foreign.token, joinArgs('r2'));
  refused(half, /began with the token of another cluster/, foreign.token);
  tell('foreign token: on a host that joins us', answerOf(half));
  done(await hosts.regent('r2', ['leave', '--undo']));
  await clean('r2');
  await hosts.rebuild('r3');
}

async function takenNames({ hosts, site, refused, clean, needRack, tell }: Story): Promise<void> {
  const [host] = newcomers();
  await needRack();
  const { token } = await hosts.token('region');
  for (const taken of ['r1', RACK.name]) {
    const named = await hosts.join(host, token, ['--name', taken, '--address', REGIONS[host]]);
    refused(named, new RegExp(`Another node has the name ${taken}`), token);
    await clean(host);
    tell(`name of ${taken}`, answerOf(named));
  }
  const stranger = await hosts.join(host, token, ['--name', host, '--address', REGIONS.r1]);
  refused(stranger, /is not an address of this host/, token);
  tell('address that is not of the host', answerOf(stranger));
  // A host that was given the address of one that is switched off.
  await hosts.power.kill(RACK.name);
  await hosts.lab.ask(host, ['ip', 'address', 'add', `${RACK.address}/24`, 'dev', 'eth0']);
  const twin = await hosts.join(host, token, ['--name', host, '--address', RACK.address]);
  await hosts.lab.ask(host, ['ip', 'address', 'del', `${RACK.address}/24`, 'dev', 'eth0']);
  await hosts.power.start(RACK.name);
  refused(twin, new RegExp(`The node ${RACK.name} has the address ${RACK.address}`), token);
  await clean(host);
  tell(`address of ${RACK.name}`, answerOf(twin));
  await site().tell('subnet', 'create', '10.77.0.0/24');
  await site().tell('reservation', 'create', REGIONS[host]);
  const reserved = await hosts.join(host, token, joinArgs(host));
  await site().tell('reservation', 'delete', REGIONS[host]);
  await site().tell('subnet', 'delete', '10.77.0.0/24');
  refused(reserved, /The address is taken/, token);
  await clean(host);
  tell('address reserved for something else', answerOf(reserved));
}

async function usedToken(story: Story): Promise<void> {
  const { hosts, refused, clean, tell } = story;
  const [host, other] = newcomers();
  const made = await hosts.token('region');
  // Any step after the cluster has let it in, but for the last: a member is not undone.
  const step = 3 + Math.floor(RANDOM.next() * 6);
  const cut = await hosts.joinCutOff(host, made.token, joinArgs(host), { step, afterMs: RANDOM.next() * 500 });
  const used = await hosts.join(other, made.token, joinArgs(other));
  refused(used, /was used by another host/, made.token);
  await clean(other);
  tell('used token', answerOf(used));
  await undo(story, host);
  tell(`join cut off in step ${cut.step}, undone`, 'the host is clean, its row and its place in etcd are gone');
}

/** Late enough that the host's etcd has a vote, or nearly: the cluster comes back by both. */
async function undoneAfterDark(story: Story): Promise<void> {
  const { hosts, tell } = story;
  const [host] = newcomers();
  const { token } = await hosts.token('region');
  const step = RANDOM.pick([7, 8]);
  await hosts.joinCutOff(host, token, joinArgs(host), { step, afterMs: RANDOM.next() * 500 });
  const order = RANDOM.shuffled(['r1', host]);
  await Promise.all(order.map((name) => hosts.power.kill(name)));
  for (const name of order) await hosts.power.start(name);
  await undo(story, host);
  tell(`join cut off in step ${step}, all hosts off`, `back in the order ${order.join(', ')}; undone, doctor green`);
}

async function undo({ hosts, site, done, clean }: Story, host: RegionName): Promise<void> {
  done(await hosts.regent(host, ['leave', '--undo']));
  await clean(host);
  expect((await site().tell('node', 'list', '-o', 'name')).split('\n')).not.toContain(host);
  expect(await hosts.etcdMembers('r1')).toEqual(['r1']);
  await site().well();
}

/** A plain token takes a new rack only: the UUID of a known rack takes the token of its own place. */
async function rackRebuilt({ hosts, site, done, refused, clean, needRack, tell }: Story): Promise<void> {
  await needRack();
  const uuid = await hosts.lab.ask(RACK.name, ['sed', '-n', 's/^CLUSTER_UUID=//p', '/etc/regent/rack.conf']);
  await mustBeAccepted(site(), uuid);
  await hosts.rebuild(RACK.name);
  const set = `s/^#*CLUSTER_UUID=.*/CLUSTER_UUID=${uuid}/`;
  await hosts.lab.ask(RACK.name, ['sed', '-i', set, '/etc/regent/rack.conf']);
  const plain = (await hosts.token('rack')).token;
  refused(await hosts.join(RACK.name, plain, rackArgs()), /regent node replace k1/, plain);
  await clean(RACK.name);
  await hosts.lab.ask(RACK.name, ['sed', '-i', set, '/etc/regent/rack.conf']);
  done(await hosts.join(RACK.name, await tokenOfPlace(site()), rackArgs()));
  await mustBeAccepted(site(), uuid);
  await site().well(120_000);
  tell('rack rebuilt', `${uuid} is ${RACK.name} again by the token of its place; a plain token was refused`);
}

/** Refused as long as the regions take the old host for alive. */
async function tokenOfPlace(site: ReturnType<Story['site']>): Promise<string> {
  const replaced = async () => {
    const made: { token: string } = JSON.parse(
      await site.tell('node', 'replace', RACK.name, '--no-wait', '-o', 'json'),
    );
    return made.token;
  };
  return await until('the token of the place', replaced, { deadlineMs: 60_000, everyMs: 1_500 });
}

async function mustBeAccepted(site: ReturnType<Story['site']>, uuid: string): Promise<void> {
  const { body } = await site.client.call('rack.list', {});
  const found = body.items.filter((row) => row.uuid === uuid).map(({ name, state }) => ({ name, state }));
  expect(found).toEqual([{ name: RACK.name, state: 'accepted' }]);
}
