import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import { execInHost, needInit } from '../exec.ts';
import { needState } from '../state.ts';
import { addressOf, type LabHost } from '../topology.ts';
import { doStep, hasFile, productHosts, type ProductOrder } from './order.ts';

/** How long a host of a lab may take to join, s: twice what a person waits, since five hosts may share two slow processors. */
const JOIN_S = 600;
/** Longer than the commands' own deadlines, so that they themselves say what is missing. */
const TIMEOUT_MS = (JOIN_S + 60) * 1000;
const REGENT = '/usr/local/bin/regent';
/** There when a join has ended (src/join/paths.ts). */
const JOINED = '/var/lib/regent/join.json';

/**
 * `regent join` on each host but the first, with a token made for it: the region nodes at once, which take their turns by themselves, then the
 * racks at once: each region node changes what every rack has. Any number of times: who has joined is left alone.
 */
export async function joinHosts(order: ProductOrder, first: LabHost): Promise<void> {
  const { regions, racks } = productHosts(order.layout);
  await Promise.all(regions.filter((host) => host.name !== first.name).map((host) => join(order, first, host)));
  await Promise.all(racks.map((host) => join(order, first, host)));
}

/**
 * `regent init` on the first region node. Gives the admin's key when it was made just now, else null. A first one that was lost and has joined again is a
 * node of its cluster as it is.
 */
export async function initialise(order: ProductOrder, host: LabHost): Promise<string | null> {
  if (await hasFile(order.layout, host.name, JOINED)) return null;
  const { vip } = needState(order.layout).topology;
  const rack = host.roles?.includes('rack') ? ['--rack'] : [];
  const kind = vip === undefined ? ['--single'] : ['--vip', vip, ...rack];
  const own = order.database === undefined ? [] : ['--database', '-'];
  order.progress(`set ${host.name} up (regent init ${[...kind, ...own].join(' ')})`);
  const result = await doStep(order, {
    host: host.name,
    what: 'regent init',
    argv: [REGENT, 'init', ...kind, ...own, ...whoIs(host), '--json'],
    ...(order.database === undefined ? {} : { input: order.database }),
    timeoutMs: TIMEOUT_MS,
    remedy: `see its output above, and scripts/lab logs ${host.name} regent-regiond; then run this again.`,
  });
  return textIn(result.stdout, 'apiKey');
}

async function join(order: ProductOrder, first: LabHost, host: LabHost): Promise<void> {
  if (await hasFile(order.layout, host.name, JOINED)) return;
  const role = (host.roles ?? []).join(',');
  order.progress(`${host.name} joins (${role})`);
  // The token goes from one standard output to one standard input: a command line is everybody's to read.
  await doStep(order, {
    host: host.name,
    what: 'regent join',
    argv: [REGENT, 'join', '-', ...whoIs(host), '--timeout', String(JOIN_S)],
    input: await makeToken(order, first, role),
    timeoutMs: TIMEOUT_MS,
    remedy: `see its output above, and scripts/lab logs ${host.name}; then run this again.`,
  });
}

async function makeToken(order: ProductOrder, first: LabHost, role: string): Promise<string> {
  const argv = [REGENT, 'token', 'create', '--role', role, '-o', 'json'];
  const result = await execInHost(needInit(order.layout, first.name), argv, { timeoutMs: 30_000 });
  const token = result.code === 0 ? textIn(result.stdout, 'token') : null;
  if (token !== null) return token;
  throw new AppError(
    'lab_product',
    `regent token create in ${first.name}: ${result.stderr.trim() || 'it printed no token'}. What to do: bin/regent status`,
  );
}

function whoIs(host: LabHost): string[] {
  const nic = host.nics[0];
  return ['--name', host.name, ...(nic ? ['--address', addressOf(nic)] : [])];
}

/** A text field of a JSON object; null without it. */
function textIn(json: string, field: string): string | null {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) return null;
  const found = new Map<string, unknown>(Object.entries(value)).get(field);
  return typeof found === 'string' ? found : null;
}

const HEALTHY_MS = 90_000;

/**
 * Waits until neither `regent cluster status` nor `regent status` has anything to say, or for 90 s. Returns the first line of the one
 * that still had something; what it says is the person's to judge. A rack that has just joined reports its addresses a moment later:
 * until then nobody serves its VLANs, and `regent status` says so.
 */
export async function waitUntilHealthy(order: ProductOrder): Promise<string> {
  const first = productHosts(order.layout).regions[0]?.name ?? '';
  const end = performance.now() + HEALTHY_MS;
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await execInHost(needInit(order.layout, first), [REGENT, ...args], {
      timeoutMs: 30_000,
    });
    return { isWell: code === 0, text: (stdout || stderr).split('\n', 1)[0] ?? '' };
  };
  for (;;) {
    const cluster = await ask('cluster', 'status');
    const services = cluster.isWell ? await ask('status') : cluster;
    if (services.isWell) return cluster.text;
    if (performance.now() > end) return services.text;
    await delay(500);
  }
}
