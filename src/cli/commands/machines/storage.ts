import type { MachineStorage, StorageChangeBody } from '../../../contract/machines/machine-storage.ts';
import { NAMED_LAYOUTS, type NamedLayout } from '../../../model/machines/deployment/stored/layouts.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { collect, integer, need, option, text } from '../../values.ts';

const MIB = 1_048_576;
const SHAPE: Shape<MachineStorage> = {
  kind: 'storage of machine',
  name: ({ machine }) => machine,
  columns: [
    { header: 'machine', value: ({ machine }) => machine },
    { header: 'devices', value: ({ devices }) => devices.map(({ name }) => name).join(', ') },
  ],
  details: ({ storage, devices, problem }) => [
    ['Layout', storage.isUsual ? 'usual: flat, on the first disk that the image fits on' : 'its own'],
    ...(problem === null ? [] : [['Problem', problem] as const]),
    ['Devices', devices.map(deviceLine)],
  ],
};

function deviceLine({ id, name, kind, bytes, freeBytes, on, tags }: MachineStorage['devices'][number]): string {
  const free = freeBytes === 0 ? '' : `, ${Math.floor(freeBytes / MIB)} MiB free`;
  const suffix = [id === null ? '' : `#${id}`, on, tags.join(', ')].filter((part) => part !== '').join('  ');
  return `${name}  ${kind}  ${Math.floor(bytes / MIB)} MiB${free}  ${suffix}`.trimEnd();
}

const MACHINE = { name: '<machine>', help: 'host name, full name or id', complete: 'machine' } as const;
const paramsOf = (call: Call) => ({ machine: need(call, 0) });

const SHOW: CommandSpec = {
  verb: 'show',
  summary: 'show how the disks of a machine are to be laid out',
  args: [MACHINE],
  run: async (call) => {
    const { client } = await call.region();
    const { body } = await client.call('storage.show', { params: paramsOf(call) });
    await printOne(printerOf(call), SHAPE, body);
  },
};

const LAY_OUT: CommandSpec = {
  verb: 'lay-out',
  summary: 'set the layout of the disks of a machine; a deployment uses it unless it names a layout',
  args: [MACHINE],
  options: [
    { flags: '--layout <layout>', help: 'which', values: NAMED_LAYOUTS },
    { flags: '--root <disk>', help: 'the disk; the one that it boots from, or the first, when left out' },
    { flags: '--boot <mib>', help: 'size of a partition for /boot; none when left out' },
    { flags: '--group <name>', help: 'of lvm: the volume group; vgroot when left out' },
    { flags: '--volume <name>', help: 'of lvm: the volume of the root; lvroot when left out' },
    { flags: '--volume-size <mib>', help: 'of lvm: its size; all when left out' },
  ],
  isChange: true,
  examples: ['regent storage lay-out m1 --layout lvm --root sdb --boot 1024'],
  run: (call) => {
    const layout = NAMED_LAYOUTS.find((one): one is NamedLayout => one === option(call, 'layout'));
    if (layout === undefined) throw usageError(`--layout: it is missing. Rule: ${NAMED_LAYOUTS.join(', ')}.`);
    const change: StorageChangeBody = {
      do: 'lay-out',
      layout,
      ...text(call, 'root'),
      ...text(call, 'group'),
      ...text(call, 'volume'),
      ...mib(call, 'boot', 'bootBytes'),
      ...mib(call, 'volumeSize', 'volumeBytes'),
    };
    return changeStorage(call, [change]);
  },
};

const CHANGE: CommandSpec = {
  verb: 'change',
  summary: 'change partitions, RAIDs, volumes and file systems one by one (docs/deploy.md)',
  args: [MACHINE, { name: '<@file>', help: 'a list of changes as JSON' }],
  isChange: true,
  examples: ['regent storage change m1 @changes.json'],
  run: async (call) => {
    const path = need(call, 1).replace(/^@/, '');
    const file = await call.io.openFile(path);
    if (file === null) throw usageError(`There is no file "${path}".`);
    return changeStorage(call, parse(Buffer.concat(await collect(file.open(0))).toString('utf8')));
  },
};

const RESET: CommandSpec = {
  verb: 'reset',
  summary: 'forget how the disks of a machine were to be laid out',
  args: [MACHINE],
  isChange: true,
  run: (call) =>
    runChange(call, { route: 'storage.reset', input: { params: paramsOf(call) }, shape: SHAPE, done: 'reset' }),
};

/** `regent storage`. */
export const STORAGE: NounSpec = {
  noun: 'storage',
  summary: 'how the disks of machines are to be laid out',
  commands: [SHOW, LAY_OUT, CHANGE, RESET],
};

function changeStorage(call: Call, changes: StorageChangeBody[]) {
  return runChange(call, {
    route: 'storage.change',
    input: { params: paramsOf(call), body: { changes } },
    shape: SHAPE,
    done: 'changed',
    describe: (body) => body.devices.map(deviceLine).join('\n'),
  });
}

/** The region checks it by its schema. */
function parse(json: string): StorageChangeBody[] {
  try {
    return JSON.parse(json) as StorageChangeBody[];
  } catch {
    throw usageError('It is no JSON.');
  }
}

function mib<K extends string>(call: Call, name: string, member: K): { [P in K]?: number } {
  const value = option(call, name);
  const bytes = value === undefined ? {} : { [member]: integer(value, name, 'a whole number of MiB') * MIB };
  return bytes as { [P in K]?: number };
}
