import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import type { CommandRunner, CommandRunners } from '../../src/agent/commands/runner.ts';
import { CommandsWaiting } from '../../src/contract/base/command.ts';
import { commandRunners } from '../../src/main/calls/command-runners.ts';
import { insertCommand, type NewCommandRow } from '../../src/store/queries/base/jobs/commands.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { Check } from 'typebox/value';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { type TestIdentity, testIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { noHost } from '../kit/no-host.ts';
import { noCheck, noLog } from '../kit/no-log.ts';
import { noPower } from '../kit/power/agent-power.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { rackKey } from '../kit/rack.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

const pg = usePostgres();
let site: TrustedRegion;
let rig: AgentRig;
const open: RegionChannel[] = [];
beforeEach(async () => {
  site = await startTrustedRegion(pg.get());
  rig = await agentRig();
  for (const id of [NODE, 'k2'])
    value(
      await change(site.db, (tx) => createNode(tx, { id, name: id, isRegion: false, isRack: true, addresses: [] })),
    );
});
afterEach(async () => {
  for (const channel of open.splice(0)) channel.close();
  await rig.close();
  await site.close();
});

/** The way of a node's agent to the region: mutual TLS, as that node. */
async function channelOf(nodeId: string, identity?: TestIdentity): Promise<RegionChannel> {
  const { authority, certificate, key } = identity ?? (await testIdentity(site.authority, { nodeId }));
  const trust = openTrustStore({ read: async () => [authority, certificate, key], clock: realClock });
  await trust.refresh();
  const channel = openChannel({
    urls: [`https://127.0.0.1:${site.process.secureAgentPort}`],
    credential: null,
    rack: null,
    trust: () => trust.current(),
    clock: realClock,
    random: realRandom,
  });
  open.push(channel);
  // The addresses of the site's region nodes are none of this machine.
  return { ...channel, setRegions: () => {} };
}

const ask = async (command: Partial<NewCommandRow>) => {
  const row = {
    nodeId: NODE,
    kind: 'walk',
    args: {},
    secrets: null,
    isRepeatable: false,
    claimSeconds: 30,
    deadlineSeconds: 60,
    caller: 'ada',
    ...command,
  };
  return value(await change(site.db, (tx) => insertCommand(tx, row))).id;
};
const show = async (id: number) => (await site.asAdmin('GET', `/commands/${id}`)).body as Record<string, unknown>;
// Each look is a TLS connection of its own, in the process of the region and the agent.
const ended = (id: number) =>
  until(`command ${id} has ended`, async () => (await show(id))['endedAt'], { everyMs: 200, deadlineMs: 20_000 });
const start = async (runners: CommandRunners, channel?: RegionChannel) =>
  rig.start({ runners, channel: channel ?? (await channelOf(NODE)) });

describe('an agent at a region, by its certificate', () => {
  it('does what it is asked within a second, with what only it may see', async () => {
    const seen: unknown[] = [];
    const walk: CommandRunner = async ({ args, secrets }) => {
      seen.push({ args, secrets });
      return { result: { walked: true }, sentence: 'Walked.' };
    };
    await start({ walk });
    await until('the agent holds a desired state', () =>
      rig.log.lines.some(({ message }) => message.includes('in force')),
    );
    const id = await ask({ args: { far: 3 }, secrets: { password: 'correct-horse-battery' } });
    await ended(id);
    // By the database's clock: from the row to the claim, over NOTIFY, the waiting pull and mutual TLS.
    const { createdAt, claimedAt } = await show(id);
    expect(Date.parse(String(claimedAt)) - Date.parse(String(createdAt))).toBeLessThan(1000);
    expect(await show(id)).toMatchObject({ state: 'done', sentence: 'Walked.', result: { walked: true }, epoch: 1 });
    expect(seen).toEqual([{ args: { far: 3 }, secrets: { password: 'correct-horse-battery' } }]);
    expect(JSON.stringify(rig.log.lines)).not.toContain('correct-horse');
  });

  it('looks whether an address is reachable', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await start(commandRunners(noPower(), noLog(), noCheck(), noHost()));
    const probe = { kind: 'probe-address', isRepeatable: true };
    const id = await ask({ ...probe, args: { address: '127.0.0.1', port } });
    await ended(id);
    expect(await show(id)).toMatchObject({
      state: 'done',
      sentence: expect.stringMatching(
        /^127\.0\.0\.1 is reachable: it takes TCP connections at port \d+, after [\d.]+ ms\.$/,
      ),
      result: { isReachable: true, way: 'connected', port, why: '' },
    });
    await new Promise((resolve) => server.close(resolve));
    const closed = await ask({ ...probe, args: { address: '127.0.0.1', port } });
    await ended(closed);
    expect(await show(closed)).toMatchObject({ state: 'done', result: { isReachable: false, way: 'refused' } });
  });

  it('gets no other node’s commands, and its own only by its certificate', async () => {
    const mine = await ask({ kind: 'walk' });
    const stranger = await channelOf('k2');
    const claim = { key: 'a'.repeat(32), kinds: ['walk'], limit: 8 };
    expect(await stranger.claim(claim)).toEqual({ commands: [] });
    const nothing = { generation: 999_999, digest: '', wait: 0, commands: '' };
    expect(Check(CommandsWaiting, await stranger.pull(nothing))).toBe(false);
    expect(await stranger.endCommand(mine, { epoch: 1, state: 'done', sentence: '', result: {} })).toBe('late');
    const signer = { uuid: '6f9619ff-8b86-4011-b42d-00cf4fc964ff', privateKey: rackKey(), clock: realClock };
    const signed = openChannel({
      urls: [`unix:${site.folder}/agent.sock`],
      credential: null,
      rack: signer,
      clock: realClock,
      random: realRandom,
    });
    open.push(signed);
    await expect(signed.claim(claim)).rejects.toMatchObject({ code: expect.stringMatching(/^region_/) });
    expect(await show(mine)).toMatchObject({ state: 'waiting', epoch: 0 });
  });
});

describe('an agent that ends at work', () => {
  it('never does again what must not be done twice; what may be is done by the next one', async () => {
    const begun: string[] = [];
    const hang =
      (kind: string): CommandRunner =>
      async () => {
        begun.push(kind);
        return begun.filter((one) => one === kind).length > 1
          ? { result: { second: true }, sentence: 'Done by the next one.' }
          : await new Promise(() => {});
      };
    const runners = { harsh: hang('harsh'), gentle: hang('gentle') };
    const agent = await start(runners);
    const harsh = await ask({ kind: 'harsh' });
    const gentle = await ask({ kind: 'gentle', isRepeatable: true });
    await until('both have begun', () => begun.length === 2);
    await agent.stop();
    expect(await show(harsh)).toMatchObject({ state: 'claimed', epoch: 1 });
    await start(runners);
    await Promise.all([ended(harsh), ended(gentle)]);
    expect(await show(harsh)).toMatchObject({
      state: 'failed',
      epoch: 1,
      sentence: `The agent of ${NODE} was restarted meanwhile. The command may have been done.`,
    });
    expect(await show(gentle)).toMatchObject({ state: 'done', epoch: 2, sentence: 'Done by the next one.' });
    expect([...begun].sort()).toEqual(['gentle', 'gentle', 'harsh']);
  });

  it('and comes back after its claim ran out is too late with its word', async () => {
    let finish = () => {};
    const slow: CommandRunner = () =>
      new Promise((resolve) => {
        finish = () => resolve({ result: {}, sentence: 'Late.' });
      });
    await start({ slow });
    const id = await ask({ kind: 'slow', claimSeconds: 30 });
    await until('it has begun', async () => (await show(id))['state'] === 'claimed');
    // As if the host had stood still for half a minute.
    await pg
      .get()
      .admin(
        `update commands set claim_until = clock_timestamp() - interval '1 ms' where id = ${id}`,
        site.connection.database,
      );
    await ended(id);
    finish();
    await until('its word was refused', () =>
      rig.log.lines.some(({ message, fields }) => message === 'a command ended' && fields['answer'] === 'late'),
    );
    expect(await show(id)).toMatchObject({
      state: 'failed',
      sentence: `The agent of ${NODE} took it and did not report its end in time. It may have been done.`,
    });
  });
});
