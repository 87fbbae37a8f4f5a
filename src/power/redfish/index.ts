import { isRejected, show } from '../../core/errors.ts';
import type { BootDevice, PowerParameters, PowerPlace, StopMode } from '../../model/machines/power.ts';
import { formatPlace, parsePlace } from '../../model/machines/power.ts';
import type { Learned, PowerCall, PowerDriver, PowerFailure, PowerLine, Reading } from '../driver.ts';
import { failed, isFailed, textOf } from '../driver.ts';
import { quirksOf } from '../quirks.ts';
import { RedfishClient } from './client.ts';
import { type JsonObject, linksOf, memberOf, textIn, textsIn } from './json.ts';
import { HTTPS_PORT, SETTINGS } from './settings.ts';

const SYSTEMS = '/redfish/v1/Systems';
/** Kinds of reset that do what is wanted, the best first. */
const RESETS = { on: ['On', 'ForceOn'], hard: ['ForceOff'], soft: ['GracefulShutdown', 'PushPowerButton'] } as const;
const TARGETS: Readonly<Record<BootDevice, string>> = { pxe: 'Pxe', disk: 'Hdd' };

/** Redfish over HTTPS. */
export const redfish: PowerDriver = {
  type: 'redfish',
  label: 'Redfish',
  settings: SETTINGS,
  isQueryable: true,
  canSetBoot: true,
  bmcOf: (parameters) => `redfish ${formatPlace(placeOf(parameters), HTTPS_PORT)}`,
  doorOf: (parameters) => ({ kind: 'tcp', ...placeOf(parameters) }),
  hostsOf: (parameters) => [{ name: 'power_address', host: placeOf(parameters).host }],
  open: async (call) => {
    const client = new RedfishClient(call, `https://${hostOf(placeOf(call.parameters))}`);
    const stopped = await client.open();
    if (stopped !== null) return stopped;
    const system = await findSystem(client, textOf(call.parameters, 'node_id'));
    if (!isFailed(system)) return new RedfishLine(call, client, system);
    await client.close();
    return system;
  },
};

function placeOf(parameters: PowerParameters): PowerPlace {
  const place = parsePlace(textOf(parameters, 'power_address'), 'power_address', HTTPS_PORT);
  // The parameters were parsed before.
  return isRejected(place) ? { host: '', port: HTTPS_PORT } : place;
}

function hostOf({ host, port }: PowerPlace): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The system of this id, or the only one that there is. */
async function findSystem(client: RedfishClient, id: string): Promise<string | PowerFailure> {
  const collection = await client.request({ method: 'GET', target: SYSTEMS });
  if (isFailed(collection)) return collection;
  const links = linksOf(collection.body);
  const named = links.find((link) => link.replace(/\/+$/, '').split('/').at(-1) === id);
  const [only] = links;
  if (id === '' && links.length === 1 && only !== undefined) return only;
  if (named !== undefined) return named;
  if (links.length === 0) return failed('garbage', 'The BMC lists no system.', 'Reset the BMC (cold).');
  const ids = show(links.map((link) => link.split('/').at(-1)).join(', '), 200);
  const what = id === '' ? 'has several systems' : `has no system ${id}`;
  return failed('unsupported', `The BMC ${what}: ${ids}.`, 'Set node_id to one of them.');
}

class RedfishLine implements PowerLine {
  readonly #call: PowerCall;
  readonly #client: RedfishClient;
  readonly #system: string;
  #identity: Learned = {};

  constructor(call: PowerCall, client: RedfishClient, system: string) {
    this.#call = call;
    this.#client = client;
    this.#system = system;
  }

  async query(): Promise<Reading | PowerFailure> {
    const answer = await this.#readSystem();
    if (isFailed(answer)) return answer;
    const state = textIn(answer.body, 'PowerState');
    // While the state changes, the machine still is what it was before.
    if (state === 'On' || state === 'PoweringOff') return 'on';
    if (state === 'Off' || state === 'PoweringOn') return 'off';
    if (state === 'Paused') return 'unknown';
    return failed(
      'garbage',
      'The BMC reports no power state that Redfish defines.',
      'Reset the BMC (cold).',
      JSON.stringify(answer.body['PowerState'] ?? null),
    );
  }

  on() {
    return this.#reset(RESETS.on);
  }

  off(mode: StopMode) {
    return this.#reset(RESETS[mode]);
  }

  async bootNext(device: BootDevice): Promise<'accepted' | PowerFailure> {
    const before = await this.#readSystem();
    if (isFailed(before)) return before;
    const target = TARGETS[device];
    const boot = memberOf(before.body, 'Boot');
    const allowed = textsIn(boot, 'BootSourceOverrideTarget@Redfish.AllowableValues');
    if (allowed !== null && !allowed.includes(target)) {
      const remedy = 'Choose the order in the firmware of the machine.';
      return failed(
        'unsupported',
        `The BMC cannot start the machine from ${target}, only from ${show(allowed.join(', '), 200)}.`,
        remedy,
      );
    }
    const mode = this.#quirks.needsBootMode === true ? textIn(boot, 'BootSourceOverrideMode') : '';
    const body = {
      Boot: {
        BootSourceOverrideEnabled: 'Once',
        BootSourceOverrideTarget: target,
        ...(mode === '' ? {} : { BootSourceOverrideMode: mode }),
      },
    };
    const changed = await this.#change(body, before.etag);
    if (isFailed(changed)) return changed;
    return await this.#seeBoot(target);
  }

  learned() {
    const { fingerprint } = this.#client;
    const { certificate_fingerprint: _, ...before } = this.#call.learned;
    return { ...before, ...this.#identity, ...(fingerprint === null ? {} : { certificate_fingerprint: fingerprint }) };
  }

  close() {
    return this.#client.close();
  }

  get #quirks() {
    return quirksOf(this.learned());
  }

  async #readSystem() {
    const answer = await this.#client.request({ method: 'GET', target: this.#system });
    if (isFailed(answer)) return answer;
    const manufacturer = textIn(answer.body, 'Manufacturer').slice(0, 100) || 'unknown';
    this.#identity = { manufacturer, product: textIn(answer.body, 'Model').slice(0, 100) || 'unknown' };
    return answer;
  }

  /** Some BMCs want If-Match, some refuse it, some do not know their own tag again: so the variants are tried one after the other. */
  async #change(body: JsonObject, etag: string | null): Promise<PowerFailure | null> {
    for (const tag of tagsOf(etag, this.#quirks.ifMatch)) {
      const headers = tag === null ? {} : { 'if-match': tag };
      const answer = await this.#client.change({ method: 'PATCH', target: this.#system, body, headers });
      if (answer !== 'mismatch') return isFailed(answer) ? answer : null;
    }
    const remedy = 'Install newer firmware of the BMC.';
    return failed('unsupported', 'The BMC refuses the change both with its own ETag and without one.', remedy);
  }

  /** Some accept the change and forget it. */
  async #seeBoot(target: string): Promise<'accepted' | PowerFailure> {
    const after = await this.#readSystem();
    if (isFailed(after)) return after;
    const boot = memberOf(after.body, 'Boot');
    const now = textIn(boot, 'BootSourceOverrideTarget');
    if (now === target && textIn(boot, 'BootSourceOverrideEnabled') !== 'Disabled') return 'accepted';
    const remedy = 'Choose the network first in the firmware of the machine, or reset the BMC (cold).';
    return failed('lied', `The BMC accepted ${target} for the next start, but reports ${show(now)}.`, remedy);
  }

  async #reset(wanted: readonly string[]): Promise<'accepted' | PowerFailure> {
    const system = await this.#readSystem();
    if (isFailed(system)) return system;
    const action = memberOf(memberOf(system.body, 'Actions'), '#ComputerSystem.Reset');
    const target = textIn(action, 'target');
    if (target === '')
      return failed(
        'unsupported',
        'The BMC lists no action that resets the system.',
        'Install newer firmware of the BMC.',
      );
    const allowed = await this.#allowed(action);
    if (isFailed(allowed)) return allowed;
    const kind = wanted.find((item) => allowed === null || allowed.includes(item));
    if (kind === undefined) {
      const listed = show((allowed ?? []).join(', '), 200);
      return failed(
        'unsupported',
        `The BMC supports none of ${wanted.join(', ')}, only ${listed}.`,
        'Use the other stop mode, or another power type.',
      );
    }
    const answer = await this.#client.request({ method: 'POST', target, body: { ResetType: kind } });
    return isFailed(answer) ? answer : 'accepted';
  }

  /** The kinds of reset that this BMC lists, in the action or behind a link; null: it does not say. */
  async #allowed(action: JsonObject): Promise<readonly string[] | null | PowerFailure> {
    const listed = textsIn(action, 'ResetType@Redfish.AllowableValues');
    const link = textIn(action, '@Redfish.ActionInfo');
    if (listed !== null || link === '') return listed;
    const info = await this.#client.request({ method: 'GET', target: link });
    if (isFailed(info)) return info.code === 'unsupported' ? null : info;
    const parameters = info.body['Parameters'];
    if (!Array.isArray(parameters)) return null;
    const kind = (parameters as readonly unknown[]).find(
      (item): item is JsonObject =>
        typeof item === 'object' && item !== null && 'Name' in item && item.Name === 'ResetType',
    );
    return kind === undefined ? null : textsIn(kind, 'AllowableValues');
  }
}

/** The values of If-Match to try; null: none. */
function tagsOf(etag: string | null, ifMatch: 'never' | 'any' | undefined): readonly (string | null)[] {
  if (ifMatch === 'never') return [null];
  const strong = etag?.replace(/^W\//, '') ?? null;
  const own = etag === null ? [null] : [...new Set([etag, strong])];
  return ifMatch === 'any'
    ? ['*', ...own]
    : [...own, '*', null].filter((tag, index, all) => all.indexOf(tag) === index);
}
