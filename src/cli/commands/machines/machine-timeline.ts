import type { MachineTimeline, TimelineStep } from '../../../contract/machines/machine-timeline.ts';
import { STEP_TITLES, secondsText } from '../../../model/machines/timeline/step.ts';
import { isPassing } from '../../../model/machines/machine-states.ts';
import { printerOf } from '../../change.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable, safeJson } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { integer, need, option } from '../../values.ts';
import { queryRegion } from '../../waiting/outcome.ts';

const POLL_MS = 1000;
/** Deadline of one query while a timeline is followed, ms; a query that gets no answer is repeated. */
const ASK_MS = 10_000;

/** `regent machine timeline`. */
export const TIMELINE: CommandSpec = {
  verb: 'timeline',
  summary: 'what was seen of a machine step by step, what comes next and by when, and why it is late',
  args: [{ name: '<machine>', help: 'host name, full name or id', complete: 'machine' }],
  options: [
    { flags: '-f, --follow', help: 'print steps as they come, until the machine is at rest' },
    { flags: '--run <number>', help: 'of this run (see machine results); the newest one when left out' },
    { flags: '--all', help: 'all stored steps' },
  ],
  examples: ['regent machine timeline m1', 'regent machine timeline m1 --follow', 'regent machine timeline m1 --run 7'],
  run: async (call) => {
    if (call.options['follow'] === true) return await follow(call);
    await showTimeline(call, await read(call));
  },
};

function queryOf(call: Call): { run?: number; all?: boolean } {
  const run = option(call, 'run');
  const all = call.options['all'] === true;
  if (run !== undefined && all) throw usageError('--run and --all: give one of them.');
  return { ...(run === undefined ? {} : { run: integer(run, '--run') }), ...(all ? { all } : {}) };
}

async function read(call: Call): Promise<MachineTimeline> {
  const { client } = await call.region();
  return (await client.call('machine.timeline', { params: { machine: need(call, 0) }, query: queryOf(call) })).body;
}

async function showTimeline(call: Call, timeline: MachineTimeline): Promise<void> {
  const printer = printerOf(call);
  if (await printData(printer, timeline)) return;
  if (printer.format === 'csv' || printer.format === 'name')
    throw usageError(`A timeline is printed as table, wide, json or yaml, not as ${printer.format}.`);
  printer.out.write(`${timelineLines(timeline).join('\n')}\n`);
}

/** A timeline for people: its steps, what comes next, why it is late. Made printable. Pure. */
export function timelineLines(timeline: MachineTimeline): string[] {
  const { steps, isCut } = timeline;
  const rows = steps.map(cellsOf);
  return [
    printable(headOf(timeline)),
    ...(isCut ? ['(the newest steps)'] : []),
    ...(rows.length === 0 ? ['Nothing was seen of it yet.'] : tableLines(HEADERS, rows)),
    ...endLines(timeline),
  ];
}

const HEADERS = ['at', 'after', 'source', 'step', 'result', 'what'];

/** Marks of outcomes: what went well has none. */
const MARKS: Readonly<Record<TimelineStep['outcome'], string>> = { done: 'ok', failed: 'FAILED', running: 'runs' };

function cellsOf({ at, afterMs, source, node, what, outcome, detail }: TimelineStep): string[] {
  const since = afterMs === null ? '' : `+${secondsText(afterMs)}`;
  return [clockTime(at), since, node === '' ? source : `${source}@${node}`, STEP_TITLES[what], MARKS[outcome], detail];
}

/** A moment of the day to a tenth of a second, UTC. */
function clockTime(iso: string): string {
  const time = Date.parse(iso);
  return Number.isFinite(time) ? `${new Date(time).toISOString().slice(11, 21)}Z` : iso;
}

function headOf({ name, state, run, deadline, steps }: MachineTimeline): string {
  const day = (run?.startedAt ?? steps[0]?.at ?? '').slice(0, 10);
  const which = run === null ? '' : `, run ${run.id} (${run.purpose})`;
  const until = deadline === null ? '' : `, until ${clockTime(deadline)}`;
  return `${name} is ${state}${which}${until}${day === '' ? '' : `, ${day}`}`;
}

/** What comes next, and why it does not come. */
function endLines({ next, causes }: MachineTimeline): string[] {
  const causeLines = causes.flatMap(({ sentence, remedy }) => [`  * ${sentence}`, `    ${remedy}`]);
  return [
    ...(next === null ? [] : [next.sentence]),
    ...(causes.length === 0 ? [] : ['Likely causes:', ...causeLines]),
  ].map(printable);
}

/** Prints what is new until the machine is at rest; a machine that is at rest already is followed until the user interrupts. */
async function follow(call: Call): Promise<void> {
  const { io } = call;
  const { format } = printerOf(call);
  if (format !== 'table' && format !== 'wide' && format !== 'json')
    throw usageError(`--follow prints lines; it cannot print ${format}.`);
  const query = queryOf(call);
  const { client } = await call.region();
  const printedIds = new Set<string>();
  let ends = '';
  let wasInProgress = false;
  while (!io.interrupted.aborted) {
    const timeline = await queryRegion(call, ASK_MS, async (signal) => {
      const params = { machine: need(call, 0) };
      return (await client.call('machine.timeline', { params, query }, { signal })).body;
    });
    if (timeline !== null) {
      const fresh = timeline.steps.filter(({ id }) => !printedIds.has(id));
      for (const step of fresh) {
        printedIds.add(step.id);
        io.out.write(`${format === 'json' ? safeJson(step, 0) : cellsOf(step).map(printable).join('  ')}\n`);
      }
      const isInProgress = isPassing(timeline.state);
      // The next step is printed again if it changes or becomes late.
      const key = JSON.stringify([timeline.next?.next, timeline.next?.isLate, timeline.causes]);
      if (key !== ends && format !== 'json')
        io.err.write(
          endLines(timeline)
            .map((line) => `${line}\n`)
            .join(''),
        );
      ends = key;
      if (wasInProgress && !isInProgress) return;
      wasInProgress ||= isInProgress;
    }
    await io.sleep(POLL_MS, io.interrupted).catch(() => {});
  }
}
