import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from '../../contract/client.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { ensureBase } from '../base.ts';
import { execInHost, needInit } from '../exec.ts';
import { down, stop, up, type UpOrder } from '../lab.ts';
import { removeTree } from '../mounts.ts';
import type { SavedKey } from '../outer/saved.ts';
import { discardSaved, holdSaved, isSaved, keepFiles, layOnSaved, savedFolder, spoilSaved } from '../outer/saved.ts';
import { needState, writeState } from '../state.ts';
import { labStatus } from '../status.ts';
import { keyInside, writeContext } from './context.ts';
import { versionOf } from './install.ts';
import { productHosts, type ProductOrder } from './order.ts';
import { installProduct, type ProductResult } from './product.ts';

/** A lab with the product, as `up` and `installProduct` want it. */
export interface SavedOrder extends ProductOrder, Omit<UpOrder, 'only'> {}

const REGENT = '/usr/local/bin/regent';
/** A database writes what it has in memory; five hosts share two slow processors. */
const STOP_MS = 120_000;
const WELL_MS = 300_000;
const POLL_MS = 250;

/**
 * Brings the product up in a lab that is not there yet, from a lab at rest: every host boots with the files that it had when it was powered off. Who
 * needs one that is not there, or is damaged, makes it first; who comes second waits for it. Throws AppError `lab_saved`.
 */
export async function restoreProduct(order: SavedOrder): Promise<ProductResult> {
  const { layout, topology, progress } = order;
  const base = await ensureBase(order.packagesFile, progress);
  const key: SavedKey = { release: versionOf(order.archive), base, topology };
  const folder = savedFolder(key);
  {
    await using _held = await holdSaved(folder);
    if (!(await isSaved(key))) {
      if (!(await discardSaved(folder))) return await bringUp(order);
      await saveProduct(order, key);
    }
    writeState(layout, { version: 1, topology, base, hosts: {}, forwarders: [] });
    const seeded = await layOnSaved(layout, key);
    writeState(layout, { ...needState(layout), seeded });
  }
  try {
    const since = Date.now();
    await up(order);
    return await open(order, since);
  } catch (cause) {
    // Whatever it was: nobody is to meet it twice.
    spoilSaved(folder);
    throw cause;
  }
}

/** Brings it up as a person would, powers everything off, and keeps the files. The lab is gone then. */
async function saveProduct(order: SavedOrder, key: SavedKey): Promise<void> {
  const { layout, progress } = order;
  await bringUp(order);
  await powerOff(order);
  await down({ layout, isPurge: false, progress });
  await keepFiles(layout, key, needState(layout).seeded ?? []);
  await removeTree(layout.folder);
}

async function bringUp(order: SavedOrder): Promise<ProductResult> {
  const since = Date.now();
  await up(order);
  await installProduct(order);
  return await open(order, since);
}

/** Racks first, then the region nodes, all at once: so none of them takes over from another. Throws AppError `lab_saved` for one that had to be killed. */
async function powerOff({ layout }: SavedOrder): Promise<void> {
  const { regions, racks } = productHosts(layout);
  for (const hosts of [racks, regions]) {
    const ends = await Promise.all(hosts.map(async ({ name }) => ((await stop(layout, name, STOP_MS)) ? [] : [name])));
    const killed = ends.flat();
    if (killed.length === 0) continue;
    const problem = `${killed.join(', ')} did not power off within ${STOP_MS / 1000} s, so its files were not saved.`;
    throw new AppError('lab_saved', `${problem} What to do: find the hanging host with scripts/lab stop HOST.`);
  }
}

/** Waits until the product is well, by reports that were made after `since` (ms of the epoch), and opens it for the caller. */
async function open(order: SavedOrder, since: number): Promise<ProductResult> {
  const { layout, archive, contextFile, random } = order;
  const { url } = labStatus(layout);
  const first = productHosts(layout).regions[0]?.name ?? '';
  if (!url) throw new AppError('lab_saved', 'The API is not offered outside. What to do: run this again.');
  const apiKey = writeContext(contextFile, url, await keyInside(layout, first));
  const health = await waitUntilWell(order, createClient({ url, apiKey, random, timeoutMs: 5_000 }), since);
  return { url, version: versionOf(archive), apiKey, isNewKey: false, health };
}

/** Asks the API, which is cheap, until it has nothing to say; then the command line's two judges. Returns the first line of `cluster status`. */
async function waitUntilWell({ layout }: SavedOrder, client: Client, since: number): Promise<string> {
  const first = productHosts(layout).regions[0]?.name ?? '';
  const end = performance.now() + WELL_MS;
  let reason = 'it does not answer';
  while (performance.now() < end) {
    reason = await client.call('status.show', {}).then(({ body }) => {
      const late = body.nodes.filter((node) => !node.isCurrent || Date.parse(node.reportedAt ?? '') < since);
      if (body.state !== 'ok') return body.summary;
      return late.length === 0 ? '' : `${late.map((node) => node.name).join(', ')} has not reported`;
    }, sentenceOf);
    if (reason === '') {
      const argv = ['sh', '-c', `${REGENT} cluster status && ${REGENT} doctor >&2`];
      const judged = await execInHost(needInit(layout, first), argv, { timeoutMs: 30_000 });
      if (judged.code === 0) return judged.stdout.split('\n', 1)[0] ?? '';
      reason = `${judged.stdout}${judged.stderr}`.trim();
    }
    await delay(POLL_MS);
  }
  throw new AppError(
    'lab_saved',
    `The product was not healthy after ${WELL_MS / 1000} s: ${reason}. What to do: run this again; it builds the product again.`,
  );
}
