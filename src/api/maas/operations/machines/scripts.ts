import type { ScriptResult, ScriptResultDetail } from '../../../../contract/machines/machine-inventory.ts';
import type { Script } from '../../../../contract/machines/script.ts';
import { json, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { uriOf, formatMoment } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';
import { machineOf } from './machines.ts';
import { HARDWARE, scriptNumber } from './site-scripts.ts';
import { badValue, notFound } from '../base/refusals.ts';

/** Purposes of runs as MAAS numbers its kinds of results. */
export const TYPES: Readonly<Record<string, { readonly number: number; readonly name: string }>> = {
  enlisting: { number: 0, name: 'Commissioning' },
  commissioning: { number: 0, name: 'Commissioning' },
  deploying: { number: 1, name: 'Installation' },
  testing: { number: 2, name: 'Testing' },
  erasing: { number: 3, name: 'Release' },
  rescue: { number: 0, name: 'Commissioning' },
};
const STATES: Readonly<Record<ScriptResult['state'], { readonly number: number; readonly name: string }>> = {
  pending: { number: 0, name: 'Pending' },
  running: { number: 1, name: 'Running' },
  passed: { number: 2, name: 'Passed' },
  failed: { number: 3, name: 'Failed' },
  'timed-out': { number: 4, name: 'Timed out' },
};

/** What scripts gave on machines, run by run. */
export const RESULT_HANDLERS: Handlers = {
  'NodeScriptResults.read': async ({ site, path, args }) => {
    const { id } = await machineOf(site, path);
    const { items } = await site.call('machine.results', { params: { machine: id } });
    const scripts = await scriptsOf(site);
    const chosen = items.filter(choiceOf(args, scripts));
    const outputs = await outputsOf(site, args, { id, results: chosen });
    const wanted = args.text('type')?.toLowerCase();
    const runs = [...Map.groupBy(chosen, ({ run }) => run)].map(([run, results]) =>
      viewRun({ machine: id, run, results }, { scripts, outputs }),
    );
    return json(runs.filter((run) => !wanted || run.type_name.toLowerCase() === wanted || String(run.type) === wanted));
  },
  'NodeScriptResult.read': showRun,
  'NodeScriptResult.download': downloadRun,
};

async function showRun({ site, path, args }: MaasCall) {
  const { id, run, results } = await runOf({ site, path });
  const scripts = await scriptsOf(site);
  const chosen = results.filter(choiceOf(args, scripts));
  const outputs = await outputsOf(site, args, { id, results: chosen });
  return json(viewRun({ machine: id, run, results: chosen, all: results }, { scripts, outputs }));
}

type Scripts = ReadonlyMap<string, Script>;
type Outputs = ReadonlyMap<number, ScriptResultDetail>;

async function scriptsOf(site: Site): Promise<Scripts> {
  return new Map((await site.all('script.list')).map((script) => [script.name, script]));
}

/** Which results the call requests: by names, tags or numbers of scripts or of results (`filters`), and by the hardware that the script examines. */
function choiceOf(args: Args, scripts: Scripts): (result: ScriptResult) => boolean {
  const filters = args.list('filters');
  const hardware = args.text('hardware_type')?.toLowerCase();
  return ({ id, script }) => {
    const known = scripts.get(script);
    const names = [script, String(id), String(scriptNumber(script, known)), ...(known?.tags ?? [])];
    const isMeant = filters.length === 0 || filters.some((one) => names.includes(one));
    const isOfKind =
      hardware === known?.hardware || (known !== undefined && HARDWARE[Number(hardware)] === known.hardware);
    return isMeant && (!hardware || isOfKind);
  };
}

/** What scripts printed, if the call requests it. */
async function outputsOf(
  site: Site,
  args: Args,
  { id, results }: { readonly id: string; readonly results: readonly ScriptResult[] },
): Promise<Outputs> {
  const outputs = new Map<number, ScriptResultDetail>();
  if (args.flag('include_output'))
    for (const one of results)
      outputs.set(one.id, await site.call('machine.result', { params: { machine: id, result: one.id } }));
  return outputs;
}

/** The outputs of a run as one text, each under the name of its script. */
async function downloadRun({ site, path, args }: MaasCall) {
  if (args.text('filetype') && args.text('filetype') !== 'txt')
    badValue('filetype', 'it cannot be made', 'txt; the outputs of a run are one text');
  const kind = args.text('output') || 'combined';
  const wanted = kind === 'combined' || kind === 'all' ? 'output' : kind;
  const { id, results } = await runOf({ site, path });
  const chosen = results.filter(choiceOf(args, await scriptsOf(site)));
  const texts: string[] = [];
  for (const { id: result, script } of chosen) {
    const { contents } = await site.call('machine.result', { params: { machine: id, result } });
    const content = contents.find((one) => one.kind === wanted);
    texts.push(`${script}\n${content?.text ?? Buffer.from(content?.base64 ?? '', 'base64').toString('latin1')}\n`);
  }
  return text(texts.join('\n'));
}

/** The run that a path names: its number, or the newest one of a kind. */
async function runOf({ site, path }: Pick<MaasCall, 'site' | 'path'>) {
  const { id } = await machineOf(site, path);
  const { items } = await site.call('machine.results', { params: { machine: id } });
  const newest = (kind: string) => items.find(({ purpose }) => TYPES[purpose]?.name.toLowerCase() === kind)?.run;
  const wanted = path['id'] ?? '';
  const run = wanted.startsWith('current-') ? newest(wanted.slice('current-'.length)) : Number(wanted);
  const results = items.filter((one) => one.run === run);
  return run === undefined || results.length === 0 ? notFound('run of scripts', wanted) : { id, run, results };
}

interface ScriptRun {
  readonly machine: string;
  readonly run: number;
  /** Those that are shown, of all that it has. */
  readonly results: readonly ScriptResult[];
  readonly all?: readonly ScriptResult[];
}

function viewRun(
  { machine, run, results: shown, all: results = shown }: ScriptRun,
  { scripts, outputs }: { readonly scripts: Scripts; readonly outputs: Outputs },
) {
  const type = TYPES[results[0]?.purpose ?? ''] ?? { number: 0, name: 'Commissioning' };
  const started = results.flatMap(({ startedAt }) => startedAt ?? []).sort()[0] ?? null;
  const ended = results.every(({ endedAt }) => endedAt !== null)
    ? (results
        .flatMap(({ endedAt }) => endedAt ?? [])
        .sort()
        .at(-1) ?? null)
    : null;
  // What is worst of all: failed before running before pending before passed.
  const worst = ['failed', 'timed-out', 'running', 'pending', 'passed'].find((state) =>
    results.some((one) => one.state === state),
  );
  const status = STATES[(worst ?? 'pending') as ScriptResult['state']];
  return {
    id: run,
    system_id: machine,
    type: type.number,
    type_name: type.name,
    last_ping: null,
    status: status.number,
    status_name: status.name,
    started: started === null ? '' : formatMoment(started),
    ended: ended === null ? '' : formatMoment(ended),
    runtime: runtimeOf(started, ended),
    results: shown.map((one) => viewResult(one, scripts.get(one.script), outputs.get(one.id))),
    suppressed: false,
    resource_uri: uriOf('nodes', machine, 'results', run),
  };
}

function viewResult(one: ScriptResult, known: Script | undefined, detail: ScriptResultDetail | undefined) {
  const { id, script, state, exitStatus, startedAt, endedAt, at } = one;
  const base64 = (kind: string) => {
    const content = detail?.contents.find((found) => found.kind === kind);
    return content?.base64 ?? Buffer.from(content?.text ?? '').toString('base64');
  };
  return {
    id,
    created: formatMoment(at),
    updated: formatMoment(at),
    name: script,
    status: STATES[state].number,
    status_name: STATES[state].name,
    exit_status: exitStatus,
    started: startedAt === null ? null : formatMoment(startedAt),
    ended: endedAt === null ? null : formatMoment(endedAt),
    runtime: runtimeOf(startedAt, endedAt),
    starttime: startedAt === null ? null : Date.parse(startedAt) / 1000,
    endtime: endedAt === null ? null : Date.parse(endedAt) / 1000,
    estimated_runtime: '',
    parameters: {},
    script_id: scriptNumber(script, known),
    script_revision_id: null,
    suppressed: false,
    ...(detail
      ? { output: base64('output'), stdout: base64('stdout'), stderr: base64('stderr'), result: base64('result') }
      : {}),
  };
}

/** `0:00:07`; empty: it has not ended. */
function runtimeOf(started: string | null, ended: string | null): string {
  if (started === null || ended === null) return '';
  const seconds = Math.max(0, Math.round((Date.parse(ended) - Date.parse(started)) / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
