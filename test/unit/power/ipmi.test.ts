import { describe, expect, it } from 'vitest';
import { isFailed } from '../../../src/power/driver.ts';
import { identityOf, meaningOf, readingOf } from '../../../src/power/ipmi/ipmitool.ts';
import { ipmi } from '../../../src/power/ipmi/index.ts';
import { answer } from '../../kit/exec-result.ts';
import { FakeBmc, refusal } from '../../kit/power/fake-bmc.ts';
import { parsed } from '../../kit/power/rig.ts';

async function line(
  bmc: FakeBmc,
  given: Readonly<Record<string, unknown>> = {},
  learned: Readonly<Record<string, string>> = {},
) {
  const parameters = parsed('ipmi', { power_address: '10.88.0.1', power_user: 'u', power_pass: 'p', ...given });
  const opened = await ipmi.open({
    parameters,
    learned,
    effects: bmc.effects,
    until: bmc.time.clock.monotonic() + 60_000,
  });
  if (isFailed(opened)) throw new Error(opened.message);
  return opened;
}

const ciphers = (bmc: FakeBmc) => bmc.heard.map(({ argv }) => argv[argv.indexOf('-C') + 1]);

describe('cipher suites', () => {
  it('are tried from the best one, and what works is learned', async () => {
    const bmc = new FakeBmc();
    bmc.ciphers = ['3'];
    const first = await line(bmc);
    expect(await first.query()).toBe('off');
    expect(first.learned()).toMatchObject({ cipher_suite_id: '3', manufacturer: 'Contoso', product: 'ProLiant' });
    expect(ciphers(bmc)).toEqual(['17', '3', '3']);
    const next = await line(bmc, {}, first.learned());
    await next.query();
    expect(ciphers(bmc).slice(3)).toEqual(['3']);
  });

  it('are tried anew when the learned one does not work any more', async () => {
    const bmc = new FakeBmc();
    bmc.ciphers = ['17'];
    const opened = await line(bmc, {}, { cipher_suite_id: '3', manufacturer: 'x' });
    expect(await opened.query()).toMatchObject({ code: 'busy' });
    expect(await opened.query()).toBe('off');
    expect(opened.learned()).toMatchObject({ cipher_suite_id: '17' });
  });

  it('are the operator’s when one is set, and never 0', async () => {
    const bmc = new FakeBmc();
    bmc.ciphers = ['0', '3'];
    expect(await (await line(bmc, { cipher_suite_id: '17' })).query()).toMatchObject({ code: 'unsupported' });
    bmc.ciphers = ['0'];
    expect(await (await line(bmc)).query()).toMatchObject({
      code: 'unsupported',
      remedy: 'Turn cipher suite 17 or 3 on in the BMC.',
    });
    expect(ciphers(bmc)).toEqual(['17', '17', '3']);
    expect(() => parsed('ipmi', { power_address: '10.88.0.1', cipher_suite_id: '0' })).toThrow('one of 17, 3, 8, 12');
  });
});

describe('a session that does not come about', () => {
  const NO = 'Error: Unable to establish IPMI v2 / RMCP+ session';

  it('is a refusal when the BMC answers a ping and said no at once', async () => {
    const bmc = new FakeBmc();
    bmc.before = () => refusal(NO);
    expect(await (await line(bmc)).query()).toMatchObject({
      code: 'refused-credentials',
      message: expect.stringContaining('refuses the session'),
    });
  });

  it('is a BMC that is not there when nothing answers a ping', async () => {
    const bmc = new FakeBmc();
    bmc.ping = 'silent';
    bmc.before = () => refusal(NO);
    expect(await (await line(bmc)).query()).toMatchObject({ code: 'unreachable' });
  });

  it('is a slow one when it answers a ping in time, and ipmitool not', async () => {
    const bmc = new FakeBmc();
    bmc.before = () => {
      bmc.time.step(8000);
      return refusal(NO);
    };
    expect(await (await line(bmc)).query()).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('too slow'),
    });
    expect(bmc.heard.map(({ argv }) => argv[argv.indexOf('-N') + 1])).toEqual(['1', '4']);
  });

  it('is something else when what answers is no IPMI', async () => {
    const bmc = new FakeBmc();
    bmc.ping = 'alien';
    bmc.before = () => refusal(NO);
    expect(await (await line(bmc)).query()).toMatchObject({ code: 'garbage' });
  });
});

describe('the command line', () => {
  it('has the parameters, no secret, and time limits', async () => {
    const bmc = new FakeBmc();
    const given = {
      power_address: '[2001:db8::1]:9623',
      privilege_level: 'ADMIN',
      workaround_flags: 'opensesspriv,supermicro20',
      k_g: '0x6b6579',
    };
    await (await line(bmc, given)).on();
    const [heard] = bmc.heard;
    expect(heard?.argv.join(' ')).toBe(
      '/usr/bin/ipmitool -v -I lanplus -H 2001:db8::1 -p 9623 -U u -E -K -C 17 -L ADMINISTRATOR -N 1 -R 1 -o supermicro chassis power on',
    );
    expect(heard?.env).toEqual({ IPMI_PASSWORD: 'p', IPMI_KGKEY: 'key' });
  });

  it('is that of IPMI 1.5 where it is wanted', async () => {
    const bmc = new FakeBmc();
    bmc.ciphers = [''];
    await (await line(bmc, { power_driver: 'LAN' })).on();
    expect(bmc.heard[0]?.argv.join(' ')).toBe(
      '/usr/bin/ipmitool -v -I lan -H 10.88.0.1 -p 623 -U u -E -L OPERATOR -N 1 -R 1 chassis power on',
    );
  });
});

describe('what ipmitool says', () => {
  it.each([
    ['> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session', 'refused-credentials'],
    ['RAKP 2 message indicates an error : unauthorized name\nError: Unable to establish', 'refused-credentials'],
    ['Set Chassis Power Control to Up/On failed: Insufficient privilege level', 'refused-credentials'],
    ['Set Session Privilege Level to ADMINISTRATOR failed', 'refused-credentials'],
    [
      'Error in open session response message : insufficient resources to create new session (wait for existing sessions to close)',
      'busy',
    ],
    ['Set Chassis Power Control to Up/On failed: Node busy', 'busy'],
    ['Set Chassis Power Control to Soft failed: Invalid data field in request', 'unsupported'],
    ['Set Chassis Power Control to Up/On failed: Command not supported in present state', 'unsupported'],
    ['lorem ipsum', 'garbage'],
    ['', 'garbage'],
  ])('%j is %s', (stderr, code) => {
    expect(meaningOf(refusal(stderr))).toMatchObject({ kind: 'failed', code });
  });

  it.each([
    'Unable to get Chassis Power Status',
    'Unable to set Chassis Power Control to Down/Off',
    'Error setting Chassis Boot Parameter 5',
    'Get Device ID command failed: ',
    'IPMI Request Match NOT FOUND',
  ])('%j means that no answer came in time: it is asked again', (words) => {
    expect(meaningOf(refusal(words))).toBe('silent');
    expect(meaningOf(answer('IPMI Request Match NOT FOUND\n', { code: 1, stderr: words }))).toBe('silent');
  });

  it('is told from what it asks of its own accord', () => {
    const chatter =
      'Running Get VSO Capabilities my_addr 0x20, transit 0, target 0x20\nInvalid completion code received: Invalid command\n';
    expect(meaningOf(refusal(`${chatter}Unable to get Chassis Power Status`))).toBe('silent');
    expect(meaningOf(answer('', { stderr: 'Get HPM.x Capabilities request failed, compcode = d4' }))).toBe('done');
    expect(meaningOf(answer('', { code: null, failure: 'no such file' }))).toMatchObject({
      code: 'unsupported',
      remedy: expect.stringContaining('package'),
    });
  });

  it('is a state, or none', () => {
    expect(readingOf('Discovered IPMB address 0x0\nChassis Power is on\n')).toBe('on');
    expect(readingOf('Chassis Power is offline')).toMatchObject({ code: 'garbage' });
    expect(identityOf('Device ID : 0\n')).toEqual({ manufacturer: 'unknown', product: 'unknown' });
  });
});
