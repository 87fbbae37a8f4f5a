import { describeEpoch, formatEpoch } from '../../core/epoch.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { PATHS } from '../paths.ts';
import { reportFindings, runSteps } from '../run.ts';
import { judgeLoss, type LossReport, reportLines } from './judge.ts';
import { inspectLoss, type RecoveryInputs } from './look.ts';
import { parseRecoverNote, type RecoverNote } from './note.ts';
import type { RecoverOptions } from './options.ts';
import type { RecoverPorts } from './ports.ts';
import { newEpoch, type RecoverRun, STEPS } from './steps.ts';

/** How a run ended: 0 done, 1 refused or failed, 2 the site's name is missing, 5 not there in time. */
export type RecoverExit = 0 | 1 | 2 | 5;

/**
 * Makes a cluster of this one region node, after the majority was lost for good. A run may be interrupted at any moment: the next run goes on with the
 * same epoch, without questions.
 */
export async function runRecover(ports: RecoverPorts, options: RecoverOptions): Promise<RecoverExit> {
  try {
    const earlierNote = ports.uid === 0 ? parseRecoverNote(await ports.host.files.read(PATHS.recoverNote)) : null;
    if (earlierNote !== null && options.isCheck) {
      ports.say(
        `This host has an unfinished recovery, to ${describeEpoch(newEpoch(earlierNote))}. Complete it: regent cluster recover.`,
      );
      return 1;
    }
    const note = earlierNote ?? (await prepare(ports, options));
    if (typeof note === 'number') return note;
    const run: RecoverRun = { ports, note, deadline: ports.monotonic() + options.deadlineMs };
    await runSteps(run, STEPS);
    await ports.show(result(run.note, options, earlierNote !== null));
    await ports.host.files.remove(PATHS.recoverNote);
    return 0;
  } catch (error) {
    ports.say(`regent cluster recover: ${sentenceOf(error)}`);
    ports.say('Remove the cause, then run the same command again: it continues from here.');
    ports.say('More: journalctl -u "regent-*" -u etcd -u patroni -n 50');
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

/** Inspects, reports and asks for the site's name. A number: the run ends here and has changed nothing. */
async function prepare(ports: RecoverPorts, options: RecoverOptions): Promise<RecoverNote | RecoverExit> {
  const seen = await inspectLoss(ports);
  const { findings, report } = judgeLoss(seen);
  if (report !== null) for (const line of reportLines(report)) ports.say(line);
  if (!reportFindings(ports, findings) || report === null || seen.held === null) return 1;
  if (options.isCheck) {
    ports.say('Nothing was changed. Without --check this node becomes a cluster of one, under a new epoch.');
    return 0;
  }
  const sentences = [...report.sentences, ...findings.map(({ sentence }) => sentence)];
  const given = options.site ?? (await ports.askText(`To go on, type the name of the site (${report.site}): `));
  if (given === null) {
    ports.say(
      `regent cluster recover: no terminal to ask for the site's name. To go on without one: --site ${report.site}`,
    );
    return 2;
  }
  if (given.trim() !== report.site) {
    ports.say(`That is not the name of this site, ${report.site}. Nothing was changed.`);
    return 1;
  }
  return noteOf(ports, seen.held, { ...report, sentences });
}

function noteOf(ports: RecoverPorts, held: NonNullable<RecoveryInputs['held']>, report: LossReport): RecoverNote {
  const { dcs, db, vip, desired } = held;
  return {
    nodeId: desired.nodeId,
    name: dcs.name,
    address: dcs.address,
    clusterId: report.site,
    epoch: formatEpoch([...report.epoch, { id: ports.hex(4), at: ports.now() }]),
    lost: report.lost,
    told: report.sentences,
    held: { generation: desired.generation, databaseVersion: db?.version ?? 0 },
    isDatabaseExternal: db === null,
    vip: vip?.vip ?? null,
    virtualRouter: vip?.router ?? DEFAULT_ROUTER,
    isCleared: false,
  };
}

const DEFAULT_ROUTER = 51;

function result(note: RecoverNote, options: RecoverOptions, already: boolean): string {
  const epoch = newEpoch(note);
  if (options.isJson) {
    const { name, lost, told } = note;
    return `${JSON.stringify({ epoch: formatEpoch(epoch), node: name, lost: lost.map((node) => node.name), told, state: 'recovered', already })}\n`;
  }
  const names = note.lost.map(({ name }) => name).join(', ');
  return [
    `${note.name} is a cluster of one, under ${describeEpoch(epoch)}. Lost: ${names}.`,
    'The cluster cannot lose a node now. Add other hosts: regent token create --role region; on each: regent join -',
    `If ${names} return, their services stay down. Run on each: regent leave.`,
    '',
  ].join('\n');
}
