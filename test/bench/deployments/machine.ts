import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../src/contract/client.ts';
import { until } from '../../kit/until.ts';
import type { Login } from './login.ts';

const READY_MS = 900_000;
const DEPLOYED_MS = 900_000;
const LOGIN_MS = 300_000;
const LOOK_MS = 1000;
const LOGIN_LOOK_MS = 300;

const stateOf = async (client: Client, machine: string): Promise<string> =>
  (await client.call('machine.show', { params: { machine } })).body.state ?? 'none';

/** Makes a machine ready, whatever it is: released, aborted or commissioned. Throws when it fails, or is not within a quarter of an hour. */
export async function makeReady(client: Client, machine: string): Promise<void> {
  const params = { machine };
  const state = await stateOf(client, machine);
  if (state === 'ready') return;
  if (state === 'new' || state === 'failed-commissioning')
    await client.call('machine.commission', { params, body: {} });
  else if (state !== 'commissioning') await client.call('machine.release', { params, body: {} });
  const end = await until(
    `${machine} to be ready`,
    async () => {
      const now = await stateOf(client, machine);
      return now === 'ready' || (now.startsWith('failed') && now !== state) ? now : null;
    },
    { deadlineMs: READY_MS, everyMs: LOOK_MS },
  );
  if (end !== 'ready') throw new Error(`${machine} does not become ready: ${end} (regent machine timeline ${machine})`);
}

/** Orders a deployment; `storage` is a layout by its name, or `kept`: what is kept with the machine. */
export async function deploy(client: Client, machine: string, image: string, storage: string): Promise<void> {
  const layout = ['flat', 'lvm', 'raid1'].find((one) => one === storage) as 'flat' | 'lvm' | 'raid1' | undefined;
  await client.call('machine.deploy', {
    params: { machine },
    body: { image, ...(layout === undefined ? {} : { storage: { layout } }) },
  });
}

/** How a deployment has ended: true when it is deployed, else why it failed. A region that is away for a moment is asked again. */
export async function endOfDeployment(client: Client, machine: string): Promise<true | string> {
  const state = await until(
    `${machine} to be deployed or to have failed`,
    async () => {
      const now = await stateOf(client, machine);
      return now === 'deployed' || now === 'failed-deployment' ? now : null;
    },
    { deadlineMs: DEPLOYED_MS, everyMs: LOOK_MS },
  );
  if (state === 'deployed') return true;
  const { body } = await client.call('machine.timeline', { params: { machine }, query: {} });
  return [
    ...body.causes.map(({ sentence }) => sentence),
    body.steps.findLast(({ what }) => what === 'state')?.detail,
  ].join(' ');
}

/** When the machine was switched on for this deployment, when it said that it is deployed (ms since 1970), and how often it took its boot script. */
export async function timesOf(client: Client, machine: string) {
  const { steps } = (await client.call('machine.timeline', { params: { machine }, query: {} })).body;
  const power = steps.find(({ what, outcome }) => what === 'power-on' && outcome === 'done');
  const end = steps.findLast(({ what }) => what === 'state');
  if (power === undefined || end === undefined)
    throw new Error(`the timeline of ${machine} has no power on, or no end`);
  const starts = steps.filter(({ what, outcome }) => what === 'power-on' && outcome === 'done').length;
  return { onAt: Date.parse(power.at), deployedAt: Date.parse(end.at), starts };
}

/** Waits until the user's key opens the machine under its DNS name; tells when, and what its root lies on. */
export async function firstLogin(
  login: Login,
  name: string,
  hasEnded: () => boolean,
): Promise<{ at: number; root: string }> {
  // From its end on; the end has a deadline of its own.
  let end = performance.now() + DEPLOYED_MS + LOGIN_MS;
  for (let isCounted = false; ; ) {
    const root = await login.ask(name, 'findmnt -no SOURCE,FSTYPE /');
    if (root !== null) return { at: Date.now(), root: root.replace(/\s+/g, ' ') };
    if (hasEnded() && !isCounted) [isCounted, end] = [true, performance.now() + LOGIN_MS];
    if (performance.now() > end)
      throw new Error(`nobody gets in at ${name} ${LOGIN_MS / 1000} s after it was deployed`);
    await delay(LOGIN_LOOK_MS);
  }
}
