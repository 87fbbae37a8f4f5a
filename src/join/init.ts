import { AppError, sentenceOf } from '../core/errors.ts';
import { lookAtHost } from './look.ts';
import type { InitOptions } from './options.ts';
import { PATHS } from './paths.ts';
import type { InitPorts } from './ports.ts';
import { judgeHost, type Preflight } from './preflight.ts';
import { type InitRun, STEPS, type Step } from './steps.ts';
import { apiUrl, parseObject } from './texts.ts';

/** How a run ended: 0 done, 1 refused by preflight or failed, 5 not healthy in time. */
export type InitExit = 0 | 1 | 5;

/** What `init.json` holds: no secret. `isKeySeen` false: the key of that run was perhaps never printed. */
interface DoneNote {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly isKeySeen: boolean;
}

/**
 * Makes this host the first node of a new site, or says that it is one. Every step may be interrupted at any moment: the
 * next run goes on, makes nothing twice, and revokes a key that was made but not shown.
 */
export async function runInit(ports: InitPorts, options: InitOptions): Promise<InitExit> {
  try {
    const done = readDone(ports.uid === 0 ? await ports.host.files.read(PATHS.done) : null);
    if (done?.isKeySeen) {
      await ports.show(already(ports, done, options));
      return 0;
    }
    const preflight = judgeHost(await lookAtHost(ports), options);
    if (!reportPreflight(ports, preflight)) return 1;
    const run = startRun(ports, options, preflight);
    await runSteps(run, STEPS);
    await finish(run, options);
    return 0;
  } catch (error) {
    ports.say(`regent init: ${sentenceOf(error)}`);
    ports.say('Nothing is lost: after the cause is gone, run the same command again; it goes on from here.');
    ports.say('More: journalctl -u "regent-*" -n 50; systemctl status regent-regiond regent-agent regent-db');
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

/** Says every finding; false when one of them keeps init from starting. */
function reportPreflight(ports: InitPorts, preflight: Preflight): boolean {
  for (const finding of preflight.findings) ports.say(`${finding.severity}: ${finding.sentence}`);
  const errors = preflight.findings.filter((finding) => finding.severity === 'error').length;
  if (errors > 0) ports.say('Nothing was changed.');
  return errors === 0;
}

function startRun(ports: InitPorts, options: InitOptions, preflight: Preflight): InitRun {
  return {
    ports,
    name: preflight.name,
    address: preflight.address,
    domain: options.domain,
    deadline: ports.monotonic() + options.deadlineMs,
    nodeId: '',
    apiKey: '',
  };
}

async function runSteps(run: InitRun, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    run.ports.say(`[${index + 1}/${steps.length}] ${step.title}`);
    try {
      await step.run(run);
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'init';
      throw new AppError(code, `step ${index + 1} (${step.name}) failed`, { cause: error });
    }
  }
}

/** The key is printed between two notes: a run that dies before the second is known not to have shown it. */
async function finish(run: InitRun, options: InitOptions): Promise<void> {
  await writeDone(run, false);
  await run.ports.host.files.remove(PATHS.underWay);
  await run.ports.show(result(run, options));
  await writeDone(run, true);
}

async function writeDone(run: InitRun, isKeySeen: boolean): Promise<void> {
  const note: DoneNote = { nodeId: run.nodeId, name: run.name, address: run.address, isKeySeen };
  await run.ports.host.files.install({
    path: PATHS.done,
    content: `${JSON.stringify(note)}\n`,
    mode: 0o644,
    owner: 'root',
    group: 'root',
  });
}

function readDone(text: string | null): DoneNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { nodeId, name, address, isKeySeen } = note;
  if (typeof nodeId !== 'string' || typeof name !== 'string' || typeof address !== 'string') return null;
  return { nodeId, name, address, isKeySeen: isKeySeen === true };
}

function already(ports: InitPorts, done: DoneNote, options: InitOptions): string {
  const url = apiUrl(ports.regionListen, done.address);
  if (options.isJson) return `${JSON.stringify({ url, nodeId: done.nodeId, already: true })}\n`;
  return [
    `This host is the node ${done.name} already; nothing was changed.`,
    `API: ${url}. Root's key is in ${PATHS.rootConfig}; a new one: regent key create TITLE`,
    'Look at it: regent status',
    '',
  ].join('\n');
}

function result(run: InitRun, options: InitOptions): string {
  const url = apiUrl(run.ports.regionListen, run.address);
  if (options.isJson) {
    return `${JSON.stringify({ url, apiKey: run.apiKey, nodeId: run.nodeId, already: false })}\n`;
  }
  return [
    `The node ${run.name} is up and healthy.`,
    '',
    `  API       ${url}`,
    `  API key   ${run.apiKey}`,
    '',
    `The key is the admin's and is shown only this once; root's command line has it in ${PATHS.rootConfig}.`,
    'Next:',
    '  regent status',
    '  regent domain create example.test',
    `  regent record create www.example.test A 192.0.2.10 --dry-run`,
    '',
  ].join('\n');
}
