import type { Machine } from '../../../contract/machines/machine.ts';
import type { MachineDeployRequest } from '../../../contract/machines/machine-deploy.ts';
import type { MachineAllocated, MachineAllocateRequest } from '../../../contract/machines/machine-lifecycle.ts';
import { runChange } from '../../change.ts';
import type { Call, CommandSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Shape } from '../../format/output.ts';
import { annotationsOf } from './machine-place.ts';
import { collect, integer, option, options, text } from '../../values.ts';

/** Options of a verb, and the members of its body that they make. */
export interface VerbOptions {
  readonly options: readonly OptionSpec[];
  readonly bodyOf: (call: Call) => object | Promise<object>;
}

/** `regent machine release`. */
export const RELEASE: VerbOptions = {
  options: [
    { flags: '--erase', help: 'erase the disks first: by a verified pass over all of them' },
    { flags: '--quick', help: 'with --erase: only the beginning and the end of each disk' },
    { flags: '--secure', help: "with --erase: by the disk's own command where it has one" },
  ],
  bodyOf: ({ options: given }) => ({
    ...(given['erase'] === true ? { erase: true } : {}),
    ...(given['quick'] === true ? { quickErase: true } : {}),
    ...(given['secure'] === true ? { secureErase: true } : {}),
  }),
};

/** `regent machine deploy`. */
export const DEPLOY: VerbOptions = {
  options: [
    {
      flags: '--image <image>',
      help: 'name of a deployable image, or the beginning of its digest; left out: the one before',
    },
    {
      flags: '--storage <layout|@file>',
      help: 'flat, lvm, raid1 or blank; @FILE: a layout of your own as JSON (docs/deploy.md)',
    },
    { flags: '--disk <name>', help: 'a disk that the layout takes; may be repeated', repeat: true },
    { flags: '--fs <kind>', help: 'file system of the root', values: ['ext4', 'xfs'] },
    { flags: '--swap <mib>', help: 'size of the swap, MiB' },
    { flags: '--user-data <file>', help: 'what cloud-init gets, byte for byte; at most 1 MiB' },
    { flags: '--ephemeral', help: 'a system in memory, which writes to no disk' },
    { flags: '--force', help: 'even where there are warnings' },
  ],
  bodyOf: deployBodyOf,
};

async function deployBodyOf(call: Call): Promise<MachineDeployRequest> {
  const file = option(call, 'userData');
  return {
    ...text(call, 'image'),
    ...(await storageOf(call)),
    ...(file === undefined ? {} : { userData: (await bytesOf(call, file)).toString('base64') }),
    ...(call.options['ephemeral'] === true ? { ephemeral: true } : {}),
    ...(call.options['force'] === true ? { force: true } : {}),
  };
}

async function storageOf(call: Call): Promise<Pick<MachineDeployRequest, 'storage'>> {
  const [layout, swap, fs] = [option(call, 'storage'), option(call, 'swap'), option(call, 'fs')];
  const disks = options(call, 'disk');
  if (layout?.startsWith('@') === true) {
    if (swap !== undefined || fs !== undefined || disks.length > 0)
      throw usageError('--disk, --fs, --swap: your own layout already defines these.');
    return { storage: parseStorage((await bytesOf(call, layout.slice(1))).toString('utf8')) };
  }
  if (layout === undefined && swap === undefined && fs === undefined && disks.length === 0) return {};
  // The region checks it by its schema.
  const storage = {
    layout: layout ?? 'flat',
    ...(disks.length === 0 ? {} : { disks: [...disks] }),
    ...(fs === undefined ? {} : { fs }),
    ...(swap === undefined ? {} : { swapBytes: integer(swap, '--swap', 'a whole number of MiB') * 1_048_576 }),
  };
  return { storage: storage as NonNullable<MachineDeployRequest['storage']> };
}

function parseStorage(json: string): NonNullable<MachineDeployRequest['storage']> {
  try {
    return JSON.parse(json) as NonNullable<MachineDeployRequest['storage']>;
  } catch {
    throw usageError('--storage: the value is not JSON.');
  }
}

async function bytesOf(call: Call, path: string): Promise<Buffer> {
  const file = await call.io.openFile(path);
  if (file === null) throw usageError(`There is no file "${path}".`);
  return Buffer.concat(await collect(file.open(0)));
}

const LISTS = [
  ['arch', 'architectures', '<arch>', 'amd64 or arm64'],
  ['tag', 'tags', '<tag>', 'with this tag; given again: with all of them'],
  ['notTag', 'notTags', '<tag>', 'without this tag'],
  ['zone', 'zones', '<zone>', 'in this zone; given again: or in that one'],
  ['notZone', 'notZones', '<zone>', 'not in this zone'],
  ['pool', 'pools', '<pool>', 'in this resource pool; given again: or in that one'],
  ['notPool', 'notPools', '<pool>', 'not in this resource pool'],
  ['subnet', 'subnets', '<subnet>', 'on the VLAN of this subnet; given again: or of that one'],
  ['notSubnet', 'notSubnets', '<subnet>', 'not on the VLAN of this subnet'],
] as const;

const ANNOTATION: OptionSpec = {
  flags: '--annotation <name=text>',
  help: 'a text that a tool stores with the machine; may be repeated',
  repeat: true,
};

const CONSTRAINT_OPTIONS: readonly OptionSpec[] = [
  ...LISTS.map(([name, , value, help]) => ({ flags: `--${kebab(name)} ${value}`, help, repeat: true })),
  { flags: '--cpus <count>', help: 'so many processors at least' },
  { flags: '--memory <mib>', help: 'so much memory at least, MiB' },
  { flags: '--interfaces <constraints>', help: 'such as "net:fabric=fabric-0,vid=20;data:space=storage"' },
  {
    flags: '--storage <constraints>',
    help: 'such as "root:8(ssd),data:100": GB, and tags; the first is the disk with /',
  },
  ANNOTATION,
];

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `regent machine allocate`: machines that are named, or one that fits. */
export function allocateCommand(plain: CommandSpec, shape: Shape<Machine>): CommandSpec {
  const comment = (plain.options ?? []).filter(({ flags }) => flags.startsWith('--comment'));
  return {
    ...plain,
    options: [...CONSTRAINT_OPTIONS, ...comment],
    examples: [
      'regent machine allocate m1',
      'regent machine allocate --cpus 16 --memory 65536 --tag gpu',
      'regent machine allocate --arch amd64 --storage "root:100(ssd)" --dry-run',
    ],
    run: async (call) => {
      const isNamed = call.args.some((name) => name !== undefined && name !== '');
      const constraints = readConstraints(call);
      if (!isNamed) return await allocateOne(call, constraints, shape);
      if (Object.keys(constraints).length > 0) throw usageError('Give names, or what the machine must have, not both.');
      return await plain.run({ ...call, options: { ...call.options, tag: undefined } });
    },
  };
}

function readConstraints(call: Call): MachineAllocateRequest {
  const lists = LISTS.flatMap(([name, member]) => {
    const values = options(call, name);
    return values.length === 0 ? [] : [[member, [...values]] as const];
  });
  const [cpus, memory] = [option(call, 'cpus'), option(call, 'memory')];
  return {
    ...Object.fromEntries(lists),
    ...(cpus === undefined ? {} : { cpus: integer(cpus, '--cpus') }),
    ...(memory === undefined ? {} : { memoryMb: integer(memory, '--memory', 'a whole number of MiB') }),
    ...text(call, 'interfaces'),
    ...text(call, 'storage'),
    ...annotationsOf(call),
  };
}

async function allocateOne(call: Call, constraints: MachineAllocateRequest, of: Shape<Machine>) {
  const shape: Shape<MachineAllocated> = { kind: of.kind, name: ({ machine }) => of.name(machine), columns: [] };
  return await runChange(call, {
    route: 'machine.allocate-any',
    input: { body: { ...text(call, 'comment'), ...constraints } },
    shape,
    done: 'allocated',
    next: { conflict: ['regent machine list --state ready'] },
    describe: ({ machine, storage, interfaces }) => {
      const labels = [...Object.entries(storage), ...Object.entries(interfaces)].map(
        ([label, what]) => `${label}: ${what}`,
      );
      return `${machine.fqdn} is yours${labels.length === 0 ? '' : ` (${labels.join(', ')})`}`;
    },
    // Nothing of it goes on.
    waitFor: async () => 0,
  });
}
