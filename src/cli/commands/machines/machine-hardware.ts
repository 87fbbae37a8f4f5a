import type { Machine } from '../../../contract/machines/machine.ts';
import type {
  MachineInventory,
  ScriptResult,
  ScriptResultDetail,
} from '../../../contract/machines/machine-inventory.ts';
import { printerOf } from '../../change.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { toCliError } from '../../failure.ts';
import { OUTPUT_KINDS } from '../../../model/machines/machine-run.ts';
import { EXIT, usageError } from '../../exit.ts';
import { printableLines } from '../../format/escape.ts';
import { printData, printList, printOne, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { isBad, isPassing } from '../../../model/machines/machine-states.ts';
import { integer, need, option } from '../../values.ts';
import { timelineLines } from './machine-timeline.ts';

type Detail = readonly [label: string, value: string | readonly string[]];
type HardwareInventory = MachineInventory['inventory'];

/** Shows a machine, with its hardware if it has reported it. The timeline comes first if a run is in progress or has failed. */
export async function showMachine(call: Call, shape: Shape<Machine>): Promise<void> {
  const { client } = await call.region();
  const params = { machine: need(call, 0) };
  const { body } = await client.call('machine.show', { params });
  const { format } = printerOf(call);
  const isTable = format === 'table' || format === 'wide';
  const hardware = isTable ? await hardwareOf(call) : null;
  const timeline = isTable && hasTimeline(body) ? await timelineOf(call) : [];
  if (timeline.length > 0) printerOf(call).out.write(`${timeline.join('\n')}\n\n`);
  const details = (machine: Machine) => [
    ...(shape.details?.(machine) ?? []),
    ...(hardware ? hardwareDetails(hardware) : []),
  ];
  await printOne(printerOf(call), { ...shape, details }, body);
}

const hasTimeline = ({ state }: Machine): boolean => state !== undefined && (isPassing(state) || isBad(state));

/** Empty: the region is of a release that keeps none. */
async function timelineOf(call: Call): Promise<string[]> {
  const { client } = await call.region();
  try {
    return timelineLines((await client.call('machine.timeline', { params: { machine: need(call, 0) } })).body);
  } catch (error) {
    if (toCliError(error).exit === EXIT.notFound) return [];
    throw error;
  }
}

/** Null: the machine has reported nothing yet, or the region is of a release that has no inventory. */
async function hardwareOf(call: Call): Promise<MachineInventory | null> {
  const { client } = await call.region();
  try {
    return (await client.call('machine.inventory', { params: { machine: need(call, 0) } })).body;
  } catch (error) {
    if (toCliError(error).exit === EXIT.notFound) return null;
    throw error;
  }
}

function hardwareDetails({ at, inventory, problems }: MachineInventory): Detail[] {
  const { cpu, memory, virtual } = inventory;
  const details: (Detail | null)[] = [
    [
      'Hardware',
      [`as reported ${stamp(at)}`, systemLine(inventory), firmwareLine(inventory)].filter((line) => line !== ''),
    ],
    cpu === undefined ? null : ['CPU', joinParts([cpu.count, cpu.architecture, cpu.model])],
    memory?.kb === undefined ? null : ['Memory', size(memory.kb * 1024)],
    virtual === undefined ? null : ['Virtual', virtual],
    lines('Disks', inventory.disks, ({ name, bytes, model, serial, rotational }) =>
      joinParts([
        name,
        bytes === undefined ? undefined : size(bytes),
        rotational ? 'rotational' : undefined,
        model,
        serial,
      ]),
    ),
    lines('NICs', inventory.interfaces, ({ name, mac, link, speedMbps, driver, lldp }) =>
      joinParts([
        name,
        mac,
        link === undefined ? undefined : link ? 'link' : 'no link',
        speedMbps === undefined ? undefined : `${speedMbps} Mb/s`,
        driver,
        ...(lldp ?? []).map(({ system, chassis, port }) => `at ${joinParts([system ?? chassis, port])}`),
      ]),
    ),
    problems.length === 0 ? null : ['Left out', problems],
  ];
  return details.filter((detail) => detail !== null);
}

function systemLine({ system }: HardwareInventory): string {
  return system === undefined ? '' : joinParts([system.vendor, system.product, system.serial, system.uuid]);
}

function firmwareLine({ firmware }: HardwareInventory): string {
  if (firmware === undefined) return '';
  const secure = firmware.secureBoot === true ? 'Secure Boot' : undefined;
  return joinParts([firmware.kind, firmware.vendor, firmware.version, secure]);
}

function lines<T>(label: string, items: readonly T[] | undefined, line: (item: T) => string): Detail | null {
  return items === undefined || items.length === 0 ? null : [label, items.map(line)];
}

function joinParts(parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('  ');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${UNITS[power] ?? ''}`;
}

const RESULT_SHAPE: Shape<ScriptResult> = {
  kind: 'result',
  name: ({ id }) => String(id),
  columns: [
    { header: 'id', value: ({ id }) => String(id) },
    { header: 'run', value: ({ run }) => String(run) },
    { header: 'purpose', value: ({ purpose }) => purpose },
    { header: 'script', value: ({ script }) => script },
    { header: 'state', value: ({ state }) => state },
    { header: 'exit', value: ({ exitStatus }) => String(exitStatus ?? '') },
    { header: 'bytes', value: ({ outputs }) => String(outputs.reduce((sum, { bytes }) => sum + bytes, 0)) },
    { header: 'at', value: ({ at }) => stamp(at) },
    { header: 'started', wide: true, value: ({ startedAt }) => (startedAt === null ? '' : stamp(startedAt)) },
    { header: 'ended', wide: true, value: ({ endedAt }) => (endedAt === null ? '' : stamp(endedAt)) },
  ],
};

/** `regent machine results`. */
export const RESULTS: CommandSpec = {
  verb: 'results',
  summary: 'what the scripts of a machine gave; with --id, one of them with its output',
  args: [{ name: '<machine>', help: 'host name, full name or id', complete: 'machine' }],
  options: [
    { flags: '--run <number>', help: 'only those of this run' },
    { flags: '--id <number>', help: 'this one, with what it gave out' },
  ],
  examples: ['regent machine results m1', 'regent machine results m1 --id 7'],
  run: async (call) => {
    const { client } = await call.region();
    const machine = need(call, 0);
    const [id, run] = [option(call, 'id'), option(call, 'run')];
    if (id !== undefined) {
      const params = { machine, result: integer(id, '--id') };
      return printOutputs(call, (await client.call('machine.result', { params })).body);
    }
    const query = run === undefined ? {} : { run: integer(run, '--run') };
    const { body } = await client.call('machine.results', { params: { machine }, query });
    return printList(printerOf(call), RESULT_SHAPE, body.items);
  },
};

/** `regent machine result`. */
export const RESULT: CommandSpec = {
  verb: 'result',
  summary: 'one result of a script with what it gave out; with --stream, only this text',
  args: [
    { name: '<machine>', help: 'host name, full name or id', complete: 'machine' },
    { name: '<id>', help: 'number of the result, of: regent machine results' },
  ],
  options: [{ flags: '--stream <stream>', help: 'stdout, stderr, result, or output', values: OUTPUT_KINDS }],
  examples: ['regent machine result m1 7', 'regent machine result m1 7 --stream stdout'],
  run: async (call) => {
    const { client } = await call.region();
    const params = { machine: need(call, 0), result: integer(need(call, 1), '<id>') };
    const { body } = await client.call('machine.result', { params });
    const stream = option(call, 'stream');
    if (stream === undefined) return printOutputs(call, body);
    const found = body.contents.find(({ kind }) => kind === stream);
    if (found?.text === undefined && found?.base64 !== undefined)
      throw usageError(`--stream: ${stream} is not text. Rule: -o json prints it in base64.`);
    printerOf(call).out.write(printableLines(found?.text ?? ''));
    return EXIT.ok;
  },
};

async function printOutputs(call: Call, result: ScriptResultDetail): Promise<void> {
  const printer = printerOf(call);
  if (await printData(printer, result)) return;
  await printOne(printer, RESULT_SHAPE, result);
  for (const { kind, bytes, text, base64 } of result.contents) {
    const storedBytes = text === undefined ? Buffer.byteLength(base64 ?? '', 'base64') : Buffer.byteLength(text);
    const more = bytes > storedBytes ? `, the first ${storedBytes} are stored` : '';
    const body = text === undefined ? '(not text: -o json has it in base64)' : printableLines(text).trimEnd();
    printer.out.write(`\n${kind} (${bytes} bytes${more}):\n${body}\n`);
  }
}
