import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../src/host/ask/bmc/interface.ts';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { isFailed } from '../../../src/power/driver.ts';
import { openExecutor } from '../../../src/power/executor.ts';
import { judgeOf } from '../../../src/power/guard.ts';
import { probeBmc } from '../../../src/power/probe.ts';
import { openFence } from '../../../src/power/fence.ts';
import { QUIRKS, quirksOf } from '../../../src/power/quirks.ts';
import { driverOf } from '../../../src/power/registry.ts';
import { bootOrder } from '../../../src/power/virsh/domain.ts';
import { virsh } from '../../../src/power/virsh/index.ts';
import { meaningOf, readingOf } from '../../../src/power/virsh/answers.ts';
import { answer } from '../../kit/exec-result.ts';
import { silentLog } from '../../kit/postgres.ts';
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
    'qemu:///system',
    'qemu+unix:///system?socket=/run/x',
    'qemu+ssh:///system',
    'test:///default',
    'test://h/etc/passwd',
    'openvz://h/system',
    'esx://h/?no_verify=1',
    'qemu+ssh2://h/system',
    'qemu+ssh://-oProxyCommand=x/system',
    'qemu+ssh://-oProxyCommand=x@h/system',
    'qemu+ssh://a%20b@h/system',
    'qemu+ssh://@h/system',
    'qemu+ssh://a@b@h/system',
    'qemu+ssh://h:0/system',
    'qemu+ssh://h:99999/system',
    'qemu+ssh://h/system/../x',
    'qemu+ssh://h/system?keyfile=/a/../b',
    'qemu+ssh://h/system?keyfile=id',
    'qemu+ssh://h/system?socket=/x;id',
    'qemu+ssh://h/system?socket=/x&command=y',
    'qemu+ssh://h/system?no_verify=yes',
    'qemu+ssh://h/system?sshauth=gssapi',
    'qemu+ssh://h/system#x',
    'qemu+ssh://h/system?mode=direct',
    'qemu+ssh://h',
  ])('refuses the address %s', (power_address) => {
    expect(() => parsed('virsh', { power_address, power_id: 'm1' })).toThrow('Rule: ');
  });

  it.each([
    'qemu+ssh://root@10.88.0.9/system',
    'qemu+libssh://u@h1:2222/system?keyfile=/etc/regent/id_ed25519&no_verify=1',
    'qemu+tls://[2001:db8::1]:17/session',
    'xen+ssh://h/',
    'qemu+ssh://u@h/system?socket=/run/libvirt/libvirt-sock&sshauth=agent,privkey&known_hosts_verify=auto',
  ])('takes the address %s', (power_address) => {
    expect(parsed('virsh', { power_address, power_id: 'm1' })['power_address']).toBe(power_address);
  });

  it('knows where one sees whether a host can be reached', () => {
    const door = (power_address: string) =>
      driverOf('virsh').doorOf(parsed('virsh', { power_address, power_id: 'm1' }));
    expect(door('qemu+ssh://u@h1/system')).toEqual({ kind: 'tcp', host: 'h1', port: 22 });
    expect(door('qemu://[2001:db8::1]:17/system')).toEqual({ kind: 'tcp', host: '2001:db8::1', port: 17 });
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

describe('a pattern that does not end', () => {
  it.each(['(a+)+$', '(a|aa)+$', '(.*)*x', String.raw`^(\w+\s?)*$`])('%s holds nobody up', async (power_on_regex) => {
    await using rig = await webhookRig();
    const text = `${'a'.repeat(4000)}!`;
    const reach = {
      ...rig.reach,
      web: async () => ({ kind: 'answer', status: 200, headers: {}, text, fingerprint: null }) as const,
    };
    const executor = await testExecutor({ ...rig, reach });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 20);
    const outcome = await executor.run({ verb: 'query' }, { ...rig.parameters, power_on_regex });
    clearInterval(timer);
    expect(outcome).toMatchObject({
      code: 'unsupported',
      message: 'Matching the patterns against the answer took longer than 1000 ms.',
    });
    // The thread of the agent went on meanwhile.
    expect(turns).toBeGreaterThan(10);
  });
});

describe('an address that nothing is asked at', () => {
  const LOOPBACK = [
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '169.254.169.254',
    '[fe80::1]',
    '224.0.0.1',
    '[ff02::1]',
    '[::]',
    '255.255.255.255',
    '[::ffff:169.254.169.254]',
    '192.0.2.5',
    '[::ffff:192.0.2.5]',
  ];
  const parametersOf = (type: 'ipmi' | 'redfish' | 'webhook' | 'virsh', host: string) => {
    const uri = `https://${host}/x`;
    const access = { power_address: host, power_user: 'u', power_pass: 'p' };
    if (type === 'webhook') return { power_on_uri: uri, power_off_uri: uri, power_query_uri: uri };
    return type === 'virsh' ? { power_address: `qemu+ssh://u@${host}/system`, power_id: 'm1' } : access;
  };
  const asked: string[] = [];
  /** Nothing is reached, and all that is tried is noted. Names lead to what they say. */
  const effects = realEffects({
    run: async ({ argv }) => (asked.push(argv.join(' ')), answer('')),
    resolve: async ({ host }) =>
      host === 'rebinds.test' ? ['10.88.0.9', '127.0.0.1'] : host === 'node.test' ? ['192.0.2.5'] : [host],
    match: async () => [true, false],
    web: async ({ url }) => (
      asked.push(url), { kind: 'answer', status: 200, headers: {}, text: 'secret of a node', fingerprint: null }
    ),
    datagram: async ({ host }) => (asked.push(host), Uint8Array.from([6])),
    connect: async ({ host }) => (asked.push(host), 'open'),
  });
  const closed = ['192.0.2.5'];

  it.each(
    (['ipmi', 'redfish', 'webhook', 'virsh'] as const).flatMap((type) =>
      [...LOOPBACK, 'rebinds.test', 'node.test'].map((host) => [type, host] as const),
    ),
  )('%s at %s', async (type, host) => {
    const executor = openExecutor({ effects, fence: await openFence(memoryText()), log: silentLog });
    const parameters = parsed(type, parametersOf(type, host));
    const outcome = await executor.run(
      { type, parameters, learned: {}, closed },
      { verb: 'query', epoch: 1, timeoutMs: 5000 },
    );
    expect(outcome).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/^No request was sent: .*(?:lies in|is an address of the cluster)/),
    });
    expect(
      await probeBmc(driverOf(type), parameters, effects, { timeoutMs: 100, judge: judgeOf(closed) }),
    ).toMatchObject({ isReachable: false });
    expect(asked).toEqual([]);
  });

  it('is none of another host', async () => {
    const executor = openExecutor({ effects, fence: await openFence(memoryText()), log: silentLog });
    const parameters = parsed('webhook', parametersOf('webhook', '10.88.0.9'));
    expect(
      await executor.run(
        { type: 'webhook', parameters, learned: {}, closed },
        { verb: 'query', epoch: 1, timeoutMs: 5000 },
      ),
    ).toMatchObject({ state: 'on' });
    expect(asked.length).toBeGreaterThan(0);
  });
});

describe('what somebody answers', () => {
  it('is for the log of the agent and not for who gave the address', async () => {
    await using rig = await webhookRig();
    const text = 'inner page of a host 4711';
    const reach = {
      ...rig.reach,
      web: async () => ({ kind: 'answer', status: 200, headers: {}, text, fingerprint: null }) as const,
    };
    const executor = await testExecutor({ ...rig, reach });
    const outcome = await executor.run({ verb: 'query' });
    expect(outcome).toMatchObject({ code: 'garbage', message: 'The answer matches neither pattern.' });
    expect(JSON.stringify(outcome)).not.toContain('4711');
    expect(JSON.stringify(executor.log.lines)).toContain('inner page of a host 4711');
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
