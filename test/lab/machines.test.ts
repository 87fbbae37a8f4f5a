import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { kill, up } from '../../src/lab/lab.ts';
import { readConsole } from '../../src/lab/machines/console.ts';
import { machineStates, switchMachine, takeScreenshot } from '../../src/lab/machines/machines.ts';
import { isMachineOn, machineFolder, qemuName } from '../../src/lab/machines/places.ts';
import { readLogin } from '../../src/lab/machines/prepare.ts';
import { DISK_GB } from '../../src/lab/machines/qemu.ts';
import { askQmp } from '../../src/lab/machines/qmp.ts';
import { withMachines } from '../../src/lab/machines/topology.ts';
import { allProcesses } from '../../src/lab/process.ts';
import { labStatus, statusText } from '../../src/lab/status.ts';
import { needState } from '../../src/lab/state.ts';
import type { LabNetwork, Topology } from '../../src/lab/topology.ts';
import { LAB_PROGRAM, openLab, PACKAGES_FILE, type TestLab } from '../kit/lab.ts';
import { until } from '../kit/until.ts';

/** Machines and their BMCs on hosts without the product: k1 stands where a rack stands, with a Kea by hand. */

const vlan = (vid: number): LabNetwork => {
  const prefix = `10.${vid}.${vid}`;
  return { name: `vlan${vid}`, cidr: `${prefix}.0/24`, served: { vid, first: `${prefix}.200`, last: `${prefix}.250` } };
};
const SITE: Topology = withMachines({
  name: 'k1',
  networks: [{ name: 'bmc', cidr: '10.88.0.0/24' }, vlan(10), vlan(20)],
  hosts: [
    {
      name: 'k1',
      nics: [
        { device: 'eth0', network: 'bmc', address: '10.88.0.21/24' },
        { device: 'eth1', network: 'vlan10', address: '10.10.10.1/24' },
      ],
    },
  ],
  clients: [],
});
const KEA = {
  Dhcp4: {
    'interfaces-config': { interfaces: ['eth1'] },
    'match-client-id': false,
    'valid-lifetime': 600,
    'lease-database': { type: 'memfile', persist: true, name: '/var/lib/kea/kea-leases4.csv' },
    subnet4: [{ id: 1, subnet: '10.10.10.0/24', pools: [{ pool: '10.10.10.200-10.10.10.219' }] }],
  },
};
const MINUTE = { deadlineMs: 60_000, everyMs: 100 };
const PNG = '89504e470d0a1a0a';

let lab: TestLab;
const isOn = (name: string) => isMachineOn(lab.layout, name);
const consoleOf = async (name: string) => {
  let text = '';
  await readConsole(lab.layout, name, (more) => {
    text += more;
  });
  return text;
};
/** `ipmitool` on k1, with the password in its environment. */
const ipmi = (name: string, words: string, password = readLogin(lab.layout, name).power_pass) => {
  const { power_address: address, power_user: user } = readLogin(lab.layout, name);
  const argv = `ipmitool -I lanplus -C 3 -N 1 -R 5 -H ${address} -U ${user} -E chassis ${words}`.split(' ');
  return lab.exec('k1', ['env', `IPMI_PASSWORD=${password}`, ...argv], 30_000);
};
const ask = async (name: string, words: string) => {
  const { code, stdout, stderr } = await ipmi(name, words);
  return code === 0 ? stdout.trim() : stderr.trim();
};

const pidOfQemu = (name: string) => {
  const qemu = allProcesses().find(
    ({ argv }) => argv[0]?.includes('qemu-system') && argv.includes(qemuName(lab.layout, name)),
  );
  if (qemu === undefined) throw new Error(`${name} has no QEMU`);
  return qemu.pid;
};

beforeAll(async () => {
  lab = await openLab('machines', SITE);
  writeFileSync(`${lab.layout.rootOf('k1')}/etc/kea/kea-dhcp4.conf`, JSON.stringify(KEA));
  await lab.ask('k1', ['systemctl', 'start', 'kea-dhcp4-server']);
}, 300_000);
afterAll(() => lab.close(), 300_000);

describe('a machine with a BMC that speaks IPMI', () => {
  it('is off at first, is switched on with a boot device, asks for an address and gets one', async () => {
    expect(labStatus(lab.layout).machines.map((machine) => machine.isOn)).toEqual([false, false, false, false]);
    expect(await ask('m1', 'power status')).toBe('Chassis Power is off');
    expect(await ask('m1', 'bootdev pxe')).toBe('Set Boot Device to pxe');
    expect(await ask('m1', 'power on')).toBe('Chassis Power Control: Up/On');
    await until('the kernel knows of m1', () => isOn('m1'));
    // ipmitool asks twice where the answer is late.
    expect(await ask('m1', 'power on')).toBe('Chassis Power Control: Up/On');
    expect(await ask('m1', 'power status')).toBe('Chassis Power is on');
    expect(statusText(labStatus(lab.layout), [])).toMatch(/machine m1 +on +BIOS/);
    await until('iPXE to have a lease', async () => /net0: 10\.10\.10\.2\d\d\//.test(await consoleOf('m1')), MINUTE);
    const leases = await lab.ask('k1', ['cat', '/var/lib/kea/kea-leases4.csv']);
    expect(leases).toMatch(/^10\.10\.10\.2\d\d,52:54:00:ab:00:01,/m);
    expect(await consoleOf('m1')).not.toContain('Booting from Hard Disk');
  }, 90_000);

  it('the boot device counts for one start: a reset of the machine itself takes the disk first', async () => {
    const before = pidOfQemu('m1');
    await askQmp(`${machineFolder(lab.layout, 'm1')}/qmp`, { execute: 'system_reset' }, 5_000);
    const tries = async () => {
      const [, first, second] = (await consoleOf('m1'))
        .split('SeaBIOS (version')
        // A line may be read while it is written: a word counts when something follows it.
        .map((text) => text.match(/Booting from [A-Z]\w+(?=[ .])/g));
      return second ? { first, second } : null;
    };
    const { first, second } = await until('the second boot of m1', tries, MINUTE);
    expect([first?.[0], second[0]]).toEqual(['Booting from ROM', 'Booting from Hard']);
    // Its memory is empty: it is another QEMU.
    expect(pidOfQemu('m1')).not.toBe(before);
    expect(isOn('m1')).toBe(true);
    const png = await takeScreenshot(lab.layout, 'm1');
    expect(readFileSync(png).subarray(0, 8).toString('hex')).toBe(PNG);
  }, 90_000);

  it('is switched off, once or twice; with a wrong password nothing happens', async () => {
    expect((await ipmi('m1', 'power off', 'wrong')).code).not.toBe(0);
    expect(isOn('m1')).toBe(true);
    for (const _ of [1, 2]) expect(await ask('m1', 'power off')).toBe('Chassis Power Control: Down/Off');
    await until('the kernel knows of none', () => !isOn('m1'));
    expect(await ask('m1', 'power status')).toBe('Chassis Power is off');
    await expect(takeScreenshot(lab.layout, 'm1')).rejects.toThrow(/m1 is off/);
  }, 60_000);
});

describe('a machine with a BMC that speaks Redfish', () => {
  const redfish = async (method: string, path: string, body?: object) => {
    const { power_address: address, power_user: user, power_pass: password } = readLogin(lab.layout, 'm4');
    const argv = ['curl', '--silent', '--insecure', '--max-time', '20', '--user', `${user}:${password}`];
    const more = body === undefined ? [] : ['--data', JSON.stringify(body)];
    const url = `https://${address}/redfish/v1/Systems/m4${path}`;
    const text = await lab.ask(
      'k1',
      [...argv, '--request', method, ...more, '--write-out', '%{http_code}', url],
      30_000,
    );
    return { status: text.slice(-3), body: text.length > 3 ? JSON.parse(text.slice(0, -3)) : null };
  };
  const reset = (kind: string) => redfish('POST', '/Actions/ComputerSystem.Reset', { ResetType: kind });

  it('is switched on with a boot device, boots by UEFI and is switched off', async () => {
    await until('the BMC to answer', async () => (await redfish('GET', '')).status === '200', MINUTE);
    expect((await redfish('GET', '')).body.PowerState).toBe('Off');
    const boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' };
    expect((await redfish('PATCH', '', { Boot: boot })).status).toBe('204');
    expect((await redfish('GET', '')).body.Boot).toMatchObject(boot);
    expect((await reset('On')).status).toBe('204');
    await until('the kernel knows of m4', () => isOn('m4'));
    // Each is another process's matter: QEMU runs before the emulator has cleared what counts once.
    await until('the BMC says that it is on', async () => (await redfish('GET', '')).body.PowerState === 'On', MINUTE);
    await until(
      'the boot device is used up',
      async () => (await redfish('GET', '')).body.Boot.BootSourceOverrideTarget === 'None',
      MINUTE,
    );
    await until('UEFI to boot by PXE', async () => (await consoleOf('m4')).includes('Start PXE over IPv4'), MINUTE);
    expect((await reset('ForceOff')).status).toBe('204');
    await until('the kernel knows of none', () => !isOn('m4'));
  }, 90_000);
});

describe('the lab’s own hand', () => {
  const cli = async (...words: string[]) => {
    const env = { ...process.env, REGENT_LAB: lab.layout.instance } as Record<string, string>;
    const { code, stdout, stderr } = await run([process.execPath, LAB_PROGRAM, 'machine', ...words], {
      timeoutMs: 60_000,
      env,
    });
    return code === 0 ? stdout : `${code} ${stderr}`;
  };

  it('lists, switches, shows the console, and makes a machine new', async () => {
    expect(await cli('list')).toMatch(/machine m3 +off +BIOS +52:54:00:ab:00:03 +vlan20/);
    expect(await cli('power', 'm3', 'on', '--boot', 'disk')).toBe('m3 is on\n');
    expect(JSON.parse(await cli('list', '-o', 'json'))[2]).toMatchObject({ name: 'm3', isOn: true });
    await until('SeaBIOS to speak', async () => (await cli('console', 'm3')).includes('SeaBIOS'), MINUTE);
    const disk = `${machineFolder(lab.layout, 'm3')}/disk.raw`;
    expect(statSync(disk)).toMatchObject({ size: DISK_GB * 1024 ** 3 });
    expect(statSync(disk).blocks).toBeLessThan(1000);
    expect(await cli('power', 'm3', 'new')).toBe('m3 is off\n');
    expect(existsSync(disk)).toBe(false);
    expect(await cli('power', 'm9', 'on')).toMatch(/^1 lab: The lab has no machine "m9"/);
    expect(await cli('power', 'm3', 'up')).toMatch(/^2 lab: machine power: "up" is none of/);
  }, 90_000);

  it('a host that loses its power takes its machines along; after its boot they are off and its BMCs answer', async () => {
    const { layout } = lab;
    const login = readLogin(layout, 'm2');
    await switchMachine(layout, 'm2', 'on');
    await kill(layout, 'm');
    expect(machineStates(layout, SITE).map((machine) => machine.isOn)).toEqual([false, false, false, false]);
    expect(allProcesses().filter(({ argv }) => argv.some((word) => word.startsWith(qemuName(layout, 'm'))))).toEqual(
      [],
    );
    await expect(switchMachine(layout, 'm2', 'on')).rejects.toThrow(/m does not run/);
    await up({ layout, topology: SITE, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {} });
    expect(needState(layout).topology).toEqual(SITE);
    expect(readLogin(layout, 'm2')).toEqual(login);
    await until('the BMC to answer', async () => (await ask('m2', 'power status')) === 'Chassis Power is off', MINUTE);
  }, 120_000);
});
