import type { BootStep } from '../../../../src/contract/machines/boot-steps.ts';
import type { RunPurpose } from '../../../../src/model/machines/machine-run.ts';
import type { RackStep, StepSource } from '../../../../src/model/machines/timeline/step.ts';
import { storeInventory } from '../../../../src/store/queries/machines/machine-inventories.ts';
import { findOpenRun } from '../../../../src/store/queries/machines/machine-tokens.ts';
import { storeScriptOutput, storeScriptResult } from '../../../../src/store/queries/machines/scripts/script-results.ts';
import { readyMachine } from '../../maas-site.ts';
import { builtInScript, machineScriptsOf } from '../../machine-scripts.ts';
import { beginRun } from '../../metadata.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';

/** Scripts that the release of the site has. */
export const SCRIPTS = machineScriptsOf(
  builtInScript('regent-inventory', '', 'tags: inventory'),
  builtInScript('regent-memory', '', 'script_type: testing; hardware_type: memory; tags: default'),
);

const BOOTED: readonly (readonly [source: StepSource, what: RackStep, facts: BootStep['facts']])[] = [
  ['tftp', 'loader', { file: 'ipxe.efi', bytes: 1_000_000, ms: 120 }],
  ['boot', 'script', { decision: 'kernel', reason: 'm1 is deployed', loader: 'ipxe', architecture: 'amd64' }],
  ['http', 'kernel', { file: 'vmlinuz', status: 200, bytes: 8_000_000, ms: 400 }],
];

/** Four machines: one deployed, one ready, one that is being commissioned, one allocated. `admin`: runs SQL on the site. */
export async function addMachines(site: TestRegion, admin: (text: string) => Promise<unknown>): Promise<void> {
  const write = async (text: string) => admin(`set regent.operation = 'test'; ${text}`);
  const ids: string[] = [];
  for (const [index, name] of ['m1', 'm2', 'm3', 'm10'].entries())
    ids.push(await readyMachine(site, write, name, [`52:54:00:00:00:0${index + 1}`]));
  const [first = '', , third = '', fourth = ''] = ids;
  await write(`update machine_states set state = 'deployed', epoch = epoch + 1, owner = 'admin' where machine_id = '${first}';
    insert into machine_deployments (machine_id, image, image_name, deployed_at) values ('${first}', repeat('a', 64), 'debian-13', now() - interval '2 h');
    update machine_states set state = 'commissioning', epoch = epoch + 1, deadline = now() + interval '12 min', minutes = 12 where machine_id = '${third}';
    update machine_states set state = 'allocated', epoch = epoch + 1, owner = 'admin' where machine_id = '${fourth}'`);
  await tellHardware(site, first, 'S1', '52:54:00:00:00:01');
  await tellHardware(site, fourth, 'S4', '52:54:00:00:00:04');
  await tellRun(site, { machineId: first, mac: '52:54:00:00:00:01', purpose: 'deploying', script: 'passed' });
  // It was an hour ago: what happens to the machine from now on is another run.
  await write(`update machine_steps set at = at - interval '1 h';
    update machine_tokens set begun_at = begun_at - interval '1 h', ended_at = ended_at - interval '1 h'`);
}

/** A run of a machine that has ended: what its rack saw, and the result of a script. */
async function tellRun(
  site: TestRegion,
  run: { machineId: string; mac: string; purpose: RunPurpose; script: 'passed' | 'failed' },
): Promise<void> {
  const { machineId, mac, purpose } = run;
  await beginRun(site, machineId, purpose);
  await sawBoot(site, mac);
  await change(site.db, async (tx) => {
    const open = await findOpenRun(tx, machineId);
    if (open === null) throw new Error('the run has just begun');
    const report = { machineId, run: open.id, purpose, script: 'regent-memory', state: run.script };
    const exitStatus = run.script === 'passed' ? 0 : 1;
    const result = await storeScriptResult(tx, { ...report, exitStatus });
    const content = Buffer.from(run.script === 'passed' ? 'all is well\n' : 'A bank is broken.\n');
    await storeScriptOutput(tx, result, { kind: 'output', content, bytes: content.length });
    return {};
  }).then(value);
  await beginRun(site, machineId, null);
}

/** The rack k1 reports how far a machine comes. */
export async function sawBoot(site: Pick<TestRegion, 'region'>, mac: string): Promise<void> {
  const from = Date.now();
  const steps = BOOTED.map(
    ([source, what, facts], index): BootStep => ({
      sequence: index + 1,
      at: new Date(from + index).toISOString(),
      source: source as BootStep['source'],
      what,
      mac,
      address: '10.10.10.20',
      outcome: 'done',
      facts,
    }),
  );
  await site.region.agents.bootSteps('k1', { epoch: from.toString(16), at: new Date().toISOString(), steps });
}

async function tellHardware({ db }: TestRegion, machineId: string, serial: string, mac: string): Promise<void> {
  const inventory = {
    kernel: '6.12.1',
    cpu: { count: 32, cores: 16, model: 'Xeon', architecture: 'x86_64' },
    memory: { kb: 67_108_864 },
    disks: [{ name: 'sda', bytes: 960_197_124_096, model: 'SSD', serial, rotational: false, bus: 'sata' }],
    interfaces: [
      {
        name: 'eth0',
        mac,
        link: true,
        speedMbps: 10_000,
        product: 'X710',
        lldp: [{ system: 'switch1', port: 'ge-0/0/7' }],
      },
    ],
    pci: [{ address: '0000:01:00.0', vendor: '8086', device: '1572', name: 'Ethernet' }],
    firmware: { kind: 'uefi', vendor: 'EDK II', secureBoot: true },
    system: { vendor: 'Example', product: 'Server', serial: 'X1' },
  };
  await change(db, async (tx) => {
    await storeInventory(tx, machineId, { source: '10.10.10.20', inventory, problems: [], bmc: null });
    return {};
  }).then(value);
}
