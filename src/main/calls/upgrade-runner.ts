import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs, CommandResult } from '../../contract/command-kinds.ts';
import { upgradeUnit } from '../../contract/site/upgrade-order.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { Log } from '../../core/ports.ts';
import type { DurableText, Host } from '../../host/interface.ts';
import { RELEASE_FILE } from '../../model/images/image.ts';
import type { ImageDisk, ImagePeers } from '../../region/images/port.ts';

/** What the runner works with. `state`: the text that the unit writes; `disk`: the agent's own folder of archives. */
export interface UpgradeRunnerPorts {
  readonly host: Pick<Host, 'units'>;
  readonly state: Pick<DurableText, 'read'>;
  readonly disk: Pick<ImageDisk, 'list' | 'write' | 'received' | 'remove' | 'dropParts' | 'writeManifest'>;
  readonly peers: Pick<ImagePeers, 'fetch'>;
  readonly log: Log;
}

type Ask = CommandArgs<'upgrade'>;
type Answer = CommandResult<'upgrade'>;
type Archive = NonNullable<Ask['archive']>;

const START_MS = 10_000;
/** How long an archive may take from all regions together, ms. */
const FETCH_MS = 840_000;
const MB = 1e6;

/**
 * Does what an upgrade orders: gets the archive, starts `regent-upgrade@TASK.service` through the helper, and reports what that has noted. A task that is ordered
 * again is not started again, unless it was cut off. What the agent fetched is verified by the unit; nobody trusts this process.
 */
export function upgradeRunner(ports: UpgradeRunnerPorts): CommandRunner {
  const fetches = openFetches(ports);
  return async ({ args }) => {
    const ask = args as Ask;
    const noted = await noteOf(ports, ask.task);
    if (noted !== null && noted.state !== 'running') return outcome(noted);
    const unit = upgradeUnit(ask.task);
    const { active } = await ports.host.units.state(unit);
    if (['active', 'activating', 'reloading', 'deactivating'].includes(active))
      return outcome(noted ?? { ...NOTHING, state: 'running', sentence: 'starts' });
    if (ask.archive !== undefined && (noted === null || ask.task.startsWith('check:'))) {
      const fetching = await fetches.progress(ask.archive);
      if (fetching !== null) return outcome(fetching);
    }
    await ports.host.units.act(unit, 'start', START_MS);
    const sentence = noted === null ? 'starts' : 'was cut off, and starts again';
    return outcome({ ...NOTHING, state: 'running', sentence });
  };
}

const NOTHING = { version: '', changes: [] };

const outcome = (result: Answer) => ({ result, sentence: `Upgrade: ${result.sentence}.`.slice(0, 500) });

/** What the unit has noted of this task; null: nothing, or of another one. */
async function noteOf({ state }: UpgradeRunnerPorts, task: string): Promise<Answer | null> {
  const value = jsonOrNull((await state.read()) ?? '') as Partial<Answer & { task: string }> | null;
  if (value?.task !== task || !['running', 'done', 'failed'].includes(value.state ?? '')) return null;
  const changes = Array.isArray(value.changes)
    ? value.changes.slice(0, 200).map((one) => String(one).slice(0, 300))
    : [];
  return {
    state: value.state ?? 'failed',
    sentence: String(value.sentence ?? '').slice(0, 1000),
    version: String(value.version ?? '').slice(0, 100),
    changes,
  };
}

/** Fetches of archives, one at a time, each in the background: a command waits for none. */
function openFetches({ disk, peers, log }: UpgradeRunnerPorts) {
  let running: { readonly sha256: string; failure: string | null; isOver: boolean } | null = null;

  const fetchArchive = async (archive: Archive): Promise<void> => {
    const { sha256, size, version, architecture, signature, sources } = archive;
    const file = { image: sha256, name: RELEASE_FILE };
    // Another release's archive goes first: the disk has room for one.
    for (const one of await disk.list()) if (one.image !== sha256) await disk.remove(one);
    await disk.dropParts(({ image }) => image === sha256);
    const signal = AbortSignal.timeout(FETCH_MS);
    const whys: string[] = [];
    for (const address of sources) {
      try {
        const start = await disk.received(file);
        const bytes = await peers.fetch(address, { image: archive.image, name: RELEASE_FILE }, { start, signal });
        const refusal = await disk.write({ ...file, size, sha256 }, bytes, { start, isResumable: true });
        if (isRejected(refusal)) throw new AppError('upgrade', refusal.message);
        await disk.writeManifest(sha256, JSON.stringify({ version, architecture, signature }));
        return;
      } catch (error) {
        whys.push(`${address}: ${sentenceOf(error)}`);
      }
    }
    throw new AppError('upgrade', `no region gives the archive (${whys.join('; ')})`);
  };

  return {
    /** Null: the archive is here. It throws why it did not come, once; the next order tries again. */
    progress: async (archive: Archive): Promise<Answer | null> => {
      const { sha256, size } = archive;
      if (running !== null && !running.isOver) {
        const has = await disk.received({ image: running.sha256, name: RELEASE_FILE });
        return { ...NOTHING, state: 'fetching', sentence: `has ${Math.floor(has / MB)} of ${Math.ceil(size / MB)} MB` };
      }
      const failure = running?.failure ?? null;
      running = null;
      if (failure !== null) throw new AppError('upgrade', failure);
      const here = await disk.list();
      if (here.some((file) => file.image === sha256 && file.name === RELEASE_FILE && file.size === size)) return null;
      const mine = { sha256, failure: null as string | null, isOver: false };
      running = mine;
      fetchArchive(archive)
        .catch((error: unknown) => {
          mine.failure = sentenceOf(error).slice(0, 500);
          log.warn('archive of a release not fetched', { why: mine.failure });
        })
        .finally(() => {
          mine.isOver = true;
        });
      return { ...NOTHING, state: 'fetching', sentence: 'fetches the archive' };
    },
  };
}
