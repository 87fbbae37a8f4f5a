import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../src/host/ask/bmc/interface.ts';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { isFailed } from '../../../src/power/driver.ts';
import { openFence } from '../../../src/power/fence.ts';
import { QUIRKS, quirksOf } from '../../../src/power/quirks.ts';
import { driverOf } from '../../../src/power/registry.ts';
import { bootOrder } from '../../../src/power/virsh/domain.ts';
import { virsh } from '../../../src/power/virsh/index.ts';
import { meaningOf, readingOf } from '../../../src/power/virsh/answers.ts';
import { answer } from '../../kit/exec-result.ts';
import { memoryText } from '../../kit/power/memory-text.ts';
import { parsed, realEffects, testExecutor } from '../../kit/power/rig.ts';
import { webhookRig } from '../../kit/power/webhook-service.ts';
import { bmcCertificate } from '../../kit/redfish/certificate.ts';

describe('virsh', () => {
  async function programs(given: Readonly<Record<string, unknown>>): Promise<Program[]> {
    const ran: Program[] = [];
    const run = async (program: Program) => {
      ran.push(program);
      return answer('running\n');
    };
    const effects = realEffects({ ...realBmcAccess(), run });
    const opened = await virsh.open({
      parameters: parsed('virsh', { power_id: 'm1', ...given }),
      learned: {},
      effects,
      until: Infinity,
    });
    if (!isFailed(opened)) await opened.query();
    return ran;
  }

  it('gets its password in a file without a name, and then speaks SSH itself', async () => {
    const [program] = await programs({ power_address: 'qemu+ssh://admin@10.88.0.9/system', power_pass: 'Geheim' });
    expect(program?.argv).toEqual([
      '/usr/bin/virsh',
      '--connect',
      'qemu+libssh://admin@10.88.0.9/system',
      'domstate',
      '--domain',
      'm1',
    ]);
    expect(program?.env).toEqual({ LIBVIRT_AUTH_FILE: '/dev/fd/3' });
    expect(program?.files?.[0]).toBe(
      '[credentials-regent]\nusername=admin\npassword=Geheim\n\n[auth-libvirt-10.88.0.9]\ncredentials=regent\n\n[auth-ssh-10.88.0.9]\ncredentials=regent\n',
    );
  });

  it('leaves the address alone without a password', async () => {
    const [program] = await programs({ power_address: 'qemu+ssh://admin@10.88.0.9/system' });
    expect(program?.argv).toContain('qemu+ssh://admin@10.88.0.9/system');
    expect(program?.files).toBeUndefined();
  });

  it.each([
    'qemu+ext:///system?command=/tmp/x',
    'qemu+ssh://host/system?command=/tmp/x',
    'qemu+ssh://host/system?netcat=/tmp/x',
    'qemu+ssh://u:p@host/system',
    'host',
    '-c',
  ])('refuses the address %s', (power_address) => {
    expect(() => parsed('virsh', { power_address, power_id: 'm1' })).toThrow('Rule: ');
  });

  it('knows where one sees whether a host can be reached', () => {
    const door = (power_address: string) =>
      driverOf('virsh').doorOf(parsed('virsh', { power_address, power_id: 'm1' }));
    expect(door('qemu+ssh://u@h1/system')).toEqual({ kind: 'tcp', host: 'h1', port: 22 });
    expect(door('qemu://[2001:db8::1]:17/system')).toEqual({ kind: 'tcp', host: '2001:db8::1', port: 17 });
    expect(door('qemu:///system')).toEqual({ kind: 'nowhere' });
  });

  it('changes the boot order and nothing else', () => {
    const xml =
      "<domain>\n  <os>\n    <type>hvm</type>\n    <boot dev='hd'/>\n    <bootmenu enable='no'/>\n  </os>\n  <devices/>\n</domain>\n";
    const pxe = bootOrder(xml, 'pxe') ?? '';
    expect(pxe).toBe(
      "<domain>\n  <os>\n    <type>hvm</type>\n    <bootmenu enable='no'/>\n    <boot dev='network'/>\n    <boot dev='hd'/>\n  </os>\n  <devices/>\n</domain>\n",
    );
    expect(bootOrder(pxe, 'pxe')).toBe(pxe);
    expect(bootOrder(xml.replace('<devices/>', "<devices><disk><boot order='1'/></disk></devices>"), 'pxe')).toBeNull();
  });

  it.each([
    [
      'error: failed to connect to the hypervisor\nerror: authentication failed: access denied by policy',
      'refused-credentials',
    ],
    [
      "error: failed to connect to the hypervisor\nerror: unable to connect to server at '10.0.0.1:22': No route to host",
      'unreachable',
    ],
    [
      "error: failed to connect to the hypervisor\nerror: Cannot find 'ssh' in path: No such file or directory",
      'unsupported',
    ],
    ["error: failed to get domain 'm9'", 'unsupported'],
    ['error: Timed out during operation: cannot acquire state change lock', 'busy'],
    ['Segmentation fault', 'garbage'],
  ])('%j is %s', (stderr, code) => {
    expect(meaningOf(answer('', { code: 1, stderr }))).toMatchObject({ kind: 'failed', code });
  });

  it('reads states', () => {
    expect(['running', 'shut off', 'paused', 'crashed', 'in shutdown'].map((text) => readingOf(`${text}\n\n`))).toEqual(
      ['on', 'off', 'unknown', 'off', 'on'],
    );
    expect(readingOf('')).toMatchObject({ code: 'garbage' });
  });
});

describe('webhook', () => {
  it('tells an answer that matches both patterns', async () => {
    await using rig = await webhookRig();
    const executor = await testExecutor(rig);
    const outcome = await executor.run(
      { verb: 'query' },
      { ...rig.parameters, power_on_regex: 's', power_off_regex: 'stopped' },
    );
    expect(outcome).toMatchObject({ code: 'garbage', message: expect.stringContaining('both patterns') });
  });

  it('looks at the certificate where it is told to', async () => {
    await using rig = await webhookRig();
    const { certificate, key } = await bmcCertificate();
    const server = createServer({ cert: certificate, key }, (_, response) => response.end('status: running'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const power_query_uri = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    const executor = await testExecutor(rig);
    expect(await executor.run({ verb: 'query' }, { ...rig.parameters, power_query_uri })).toMatchObject({
      state: 'on',
    });
    const verified = { ...rig.parameters, power_query_uri, power_verify_ssl: 'y' };
    expect(await executor.run({ verb: 'query' }, verified)).toMatchObject({ code: 'untrusted' });
    server.closeAllConnections();
    server.close();
  });

  it('is one service, whatever stands behind the question mark', () => {
    const given = {
      power_on_uri: 'http://h/on',
      power_off_uri: 'http://h/off',
      power_query_uri: 'http://h/state?token=Geheim',
    };
    expect(driverOf('webhook').bmcOf(parsed('webhook', given))).toBe('webhook http://h/state');
  });
});

describe('the fence', () => {
  it('is durable before it lets an epoch in', async () => {
    const text = memoryText();
    const fence = await openFence(text);
    expect(await fence.raise('a', 3)).toBe(true);
    expect(text.text).toBe('{"a":3}');
    expect(await Promise.all([fence.raise('a', 3), fence.raise('a', 2), fence.raise('b', 1)])).toEqual([
      true,
      false,
      true,
    ]);
    expect(text.text).toBe('{"a":3,"b":1}');
  });

  it('lets nothing in that could not be kept', async () => {
    const fence = await openFence({ ...memoryText(), write: () => Promise.reject(new Error('disk full')) });
    await expect(fence.raise('a', 1)).rejects.toThrow('disk full');
  });

  it.each(['', 'null', '[]', '{"a":"x"}', '{"a":1.5}'])('does not begin with %j', async (text) => {
    await expect(openFence(memoryText(text))).rejects.toThrow('epoch');
  });
});

describe('quirks', () => {
  it('are found by what a BMC tells, each with its reason', () => {
    expect(quirksOf({})).toEqual({});
    expect(quirksOf({ manufacturer: 'unknown' })).toEqual({});
    expect(quirksOf({ manufacturer: 'Super Micro Computer Inc.' })).toMatchObject({ needsBootMode: true });
    expect(quirksOf({ manufacturer: 'HPE', product: 'ProLiant DL385 Gen10' })).toMatchObject({ gapMs: 1000 });
    expect(quirksOf({ manufacturer: 'HP', product: 'Moonshot' })).toEqual({});
    for (const { why } of QUIRKS) expect(why).toMatch(/^[A-Z].*\.$/);
  });
});
