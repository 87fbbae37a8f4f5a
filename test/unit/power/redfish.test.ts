import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeTcpPort } from '../../kit/power/ports.ts';
import { testExecutor } from '../../kit/power/rig.ts';
import { RedfishEmulator, type RedfishFault } from '../../kit/redfish/emulator.ts';
import { redfishRig } from '../../kit/redfish/rig.ts';

let rig: Awaited<ReturnType<typeof redfishRig>>;
let executor: Awaited<ReturnType<typeof testExecutor>>;
beforeEach(async () => {
  rig = await redfishRig();
  executor = await testExecutor(rig);
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

const START = { verb: 'on', boot: 'pxe', timeoutMs: 8000 } as const;

describe('sessions', () => {
  it('are ended with the order, whatever becomes of it', async () => {
    expect(await executor.run(START)).toMatchObject({ kind: 'done' });
    rig.emulator.faults.add('forgets-boot');
    rig.emulator.boot.BootSourceOverrideTarget = 'None';
    expect(await executor.run(START)).toMatchObject({ kind: 'failed' });
    rig.emulator.systems = ['1', '2'];
    expect(await executor.run(START)).toMatchObject({
      kind: 'failed',
      code: 'unsupported',
      remedy: 'Set node_id to one of them.',
    });
    expect(rig.emulator.sessions.size).toBe(0);
    expect(rig.emulator.asked.filter((line) => line.startsWith('DELETE'))).toHaveLength(3);
  });

  it('are ended after the deadline, too', async () => {
    rig.emulator.faults.add('ignores');
    expect(await executor.run({ verb: 'on', timeoutMs: 1500 })).toMatchObject({ code: 'lied' });
    expect(rig.emulator.sessions.size).toBe(0);
  });

  it.each(['no-sessions', 'ends-sessions'] as const)('may be missing or end early: %s', async (fault) => {
    rig.emulator.faults.add(fault);
    expect(await executor.run({ ...START, verb: 'cycle' })).toMatchObject({ kind: 'done', state: 'on' });
  });
});

describe('a change', () => {
  it.each([['wants-etag'], ['refuses-etag'], ['weak-etag']] as const)('gets through to one that %s', async (fault) => {
    rig.emulator.faults.add(fault as RedfishFault);
    expect(await executor.run(START)).toMatchObject({ kind: 'done', state: 'on' });
    expect(rig.emulator.boot).toMatchObject({ BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' });
  });

  it('is read back: a BMC that forgets it has lied, and the machine is not started', async () => {
    rig.emulator.faults.add('forgets-boot');
    expect(await executor.run(START)).toMatchObject({
      kind: 'failed',
      code: 'lied',
      message: 'The BMC accepted Pxe for the next start, but reports "None".',
    });
    expect(rig.emulator.isOn).toBe(false);
  });

  it('names the mode of the firmware where a quirk wants it', async () => {
    rig.emulator.manufacturer = 'Supermicro';
    await executor.run(START);
    expect(rig.emulator.asks).toEqual({
      BootSourceOverrideEnabled: 'Once',
      BootSourceOverrideTarget: 'Pxe',
      BootSourceOverrideMode: 'UEFI',
    });
  });
});

describe('kinds of reset', () => {
  it('are those that the BMC lists, in the action or behind its link', async () => {
    rig.emulator.faults.add('action-info');
    rig.emulator.resets = ['ForceOn', 'ForceOff'];
    expect(await executor.run({ verb: 'on', timeoutMs: 8000 })).toMatchObject({ kind: 'done' });
    const soft = await executor.run({ verb: 'off', stopMode: 'soft', timeoutMs: 8000 });
    expect(soft).toMatchObject({
      kind: 'failed',
      code: 'unsupported',
      message: expect.stringContaining('only "ForceOn, ForceOff"'),
    });
    expect(rig.emulator.isOn).toBe(true);
  });
});

describe('the certificate', () => {
  it('is the first one that was seen: from another one the password is kept', async () => {
    const port = rig.emulator.port;
    const first = await executor.run({ verb: 'query' });
    expect(first).toMatchObject({ learned: { certificate_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    await rig.emulator[Symbol.asyncDispose]();
    await using impostor = await RedfishEmulator.open(port);
    const outcome = await executor.run({ verb: 'query', timeoutMs: 5000 });
    expect(outcome).toMatchObject({
      kind: 'failed',
      code: 'untrusted',
      remedy: expect.stringContaining('certificate_fingerprint'),
    });
    expect(impostor.asked).toEqual([]);
  });

  it('is the one that an operator named', async () => {
    const parameters = { ...rig.parameters, certificate_fingerprint: `AB:${'00:'.repeat(30)}CD` };
    expect(await executor.run({ verb: 'query' }, parameters)).toMatchObject({ code: 'untrusted' });
    expect(rig.emulator.asked).toEqual([]);
  });
});

describe('a BMC that is not well', () => {
  it('is busy, and is asked again', async () => {
    rig.emulator.faults.add('busy');
    setTimeout(() => rig.emulator.faults.delete('busy'), 400);
    expect(await executor.run({ verb: 'query' })).toMatchObject({ kind: 'done', state: 'off' });
  });

  it('leads nowhere but to itself', async () => {
    rig.emulator.faults.add('leads-elsewhere');
    expect(await executor.run({ verb: 'query' })).toMatchObject({
      code: 'garbage',
      message: 'The BMC redirects to another host.',
    });
  });

  it('repeats a password, which nobody sees', async () => {
    rig.emulator.faults.add('repeats-password');
    const outcome = await executor.run({ verb: 'query' }, { ...rig.parameters, power_pass: 'my-OLD-password' });
    expect(outcome).toMatchObject({
      code: 'refused-credentials',
      message: 'The BMC refuses the user or the password (401).',
    });
    // What it answered is for the log of the agent, without the secret.
    expect(outcome).not.toHaveProperty('answer');
    expect(JSON.stringify(executor.log.lines)).toContain('wrong password ********');
    expect(JSON.stringify([outcome, executor.log.lines])).not.toContain('my-OLD');
  });

  it('has several systems: node_id chooses', async () => {
    rig.emulator.systems = ['1', 'node-2'];
    expect(await executor.run({ verb: 'query' }, { ...rig.parameters, node_id: 'node-2' })).toMatchObject({
      kind: 'done',
    });
    expect(await executor.run({ verb: 'query' }, { ...rig.parameters, node_id: '3' })).toMatchObject({
      code: 'unsupported',
      message: 'The BMC has no system 3: "1, node-2".',
    });
  });

  it('does not speak TLS', async () => {
    const port = await freeTcpPort();
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.on('error', () => {}).end('220 mail\r\n')).listen(port, '127.0.0.1');
    const outcome = await executor.run(
      { verb: 'query', timeoutMs: 3000 },
      { ...rig.parameters, power_address: `127.0.0.1:${port}` },
    );
    server.close();
    expect(outcome).toMatchObject({ kind: 'failed', code: 'garbage' });
  });
});
