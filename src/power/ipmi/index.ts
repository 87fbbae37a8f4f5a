import { isRejected } from '../../core/errors.ts';
import type { ExecResult } from '../../core/host-values.ts';
import type { BootDevice, PowerParameters, PowerPlace, StopMode } from '../../model/machines/power.ts';
import { formatPlace, parsePlace } from '../../model/machines/power.ts';
import { preferred } from '../guard.ts';
import type { PowerCall, PowerDriver, PowerFailure, PowerLine } from '../driver.ts';
import { closedFailure, failed, isFailed, textOf, timeLeft } from '../driver.ts';
import { CIPHERS, identityOf, meaningOf, program, readingOf } from './ipmitool.ts';
import { pingBmc } from './rmcp.ts';
import { RMCP_PORT, SETTINGS } from './settings.ts';

/** Seconds for each of two answers: first for the BMC that is well, then for the one that takes its time. */
const WAITS_S = [1, 4] as const;
const PING_MS = 1000;
const RESOLVE_MS = 5000;

/** IPMI 1.5 and 2.0 over LAN, by ipmitool. */
export const ipmi: PowerDriver = {
  type: 'ipmi',
  label: 'IPMI',
  settings: SETTINGS,
  isQueryable: true,
  canSetBoot: true,
  bmcOf: (parameters) => `ipmi ${formatPlace(placeOf(parameters), RMCP_PORT)}`,
  doorOf: (parameters) => ({ kind: 'rmcp', ...placeOf(parameters) }),
  hostsOf: (parameters) => [{ name: 'power_address', host: placeOf(parameters).host }],
  open: async (call) => {
    const place = placeOf(call.parameters);
    // The program would resolve a name again: it gets the address that was judged.
    const found = await call.effects.reach.resolve({ host: place.host, timeoutMs: timeLeft(call, RESOLVE_MS) });
    if (!('kind' in found)) return new IpmiLine(call, { ...place, host: preferred(found) ?? place.host });
    if (found.why === 'closed') return closedFailure(found.sentence);
    return failed(
      'unreachable',
      `No BMC answers: ${found.sentence}.`,
      'Check power_address and the name servers of this node.',
    );
  },
};

function placeOf(parameters: PowerParameters): PowerPlace {
  const place = parsePlace(textOf(parameters, 'power_address'), 'power_address', RMCP_PORT);
  // The parameters were parsed before.
  return isRejected(place) ? { host: '', port: RMCP_PORT } : place;
}

class IpmiLine implements PowerLine {
  readonly #call: PowerCall;
  readonly #place: PowerPlace;
  #learned: Record<string, string>;
  #waitS: number = WAITS_S[0];

  constructor(call: PowerCall, place: PowerPlace) {
    this.#call = call;
    this.#place = place;
    this.#learned = { ...call.learned };
  }

  async query() {
    const result = await this.#say('chassis', 'power', 'status');
    if (isFailed(result)) return result;
    const reading = readingOf(result.stdout);
    if (!isFailed(reading) && this.#learned['manufacturer'] === undefined) await this.#learnIdentity();
    return reading;
  }

  async on() {
    return accepted(await this.#say('chassis', 'power', 'on'));
  }

  async off(mode: StopMode) {
    return accepted(await this.#say('chassis', 'power', mode === 'soft' ? 'soft' : 'off'));
  }

  async bootNext(device: BootDevice) {
    const isEfi = textOf(this.#call.parameters, 'power_boot_type') === 'efi';
    return accepted(await this.#say('chassis', 'bootdev', device, ...(isEfi ? ['options=efiboot'] : [])));
  }

  learned() {
    return this.#learned;
  }

  async close() {}

  async #learnIdentity(): Promise<void> {
    const result = await this.#say('mc', 'info');
    // A BMC that reports no identity has no quirks.
    Object.assign(this.#learned, isFailed(result) ? { manufacturer: 'unknown' } : identityOf(result.stdout));
  }

  /** Gives a command with the cipher suite that is known to work, or the best one that does. */
  async #say(...args: string[]): Promise<ExecResult | PowerFailure> {
    const fixed = textOf(this.#call.parameters, 'cipher_suite_id') || this.#learned['cipher_suite_id'];
    for (const cipher of fixed === undefined ? CIPHERS : [fixed]) {
      const result = await this.#sayBy(cipher, args);
      if (result === 'cipher') continue;
      if (!isFailed(result) && textOf(this.#call.parameters, 'power_driver') !== 'LAN')
        this.#learned['cipher_suite_id'] = cipher;
      return result;
    }
    if (this.#learned['cipher_suite_id'] !== undefined) {
      // Its firmware was changed: the next try begins with both again.
      const { cipher_suite_id: _, ...rest } = this.#learned;
      this.#learned = rest;
      return failed('busy', 'The BMC no longer accepts the cipher suite that it accepted before.', 'Try again.');
    }
    const tried = fixed ?? CIPHERS.join(' and ');
    return failed(
      'unsupported',
      `The BMC accepts none of the cipher suites ${tried}.`,
      'Turn cipher suite 17 or 3 on in the BMC.',
    );
  }

  async #sayBy(cipher: string, args: readonly string[]): Promise<ExecResult | 'cipher' | PowerFailure> {
    const { effects, parameters } = this.#call;
    for (const waitS of WAITS_S.filter((seconds) => seconds >= this.#waitS)) {
      const startedAt = effects.clock.monotonic();
      const timeoutMs = timeLeft(this.#call, waitS * 10_000);
      const result = await effects.reach.run(
        program({ place: this.#place, parameters, cipher, waitS, timeoutMs }, args),
      );
      const meaning = meaningOf(result);
      if (meaning === 'done') {
        this.#waitS = waitS;
        return result;
      }
      if (meaning !== 'session' && meaning !== 'silent') return meaning;
      const isQuick = effects.clock.monotonic() - startedAt < waitS * 900;
      const why = await this.#whyNot(meaning === 'session' && isQuick);
      if (why !== 'slow') return why;
    }
    return failed(
      'busy',
      'The BMC answers a ping, but is too slow for a session.',
      'Try again in a minute, or reset the BMC (cold).',
    );
  }

  /** ipmitool fails alike for a wrong password and for a BMC that is not there: a ping of our own distinguishes them. */
  async #whyNot(isQuickNo: boolean): Promise<'slow' | PowerFailure> {
    const { effects } = this.#call;
    const pong = await pingBmc(effects.reach, this.#place, timeLeft(this.#call, PING_MS));
    const place = formatPlace(this.#place, RMCP_PORT);
    if (pong === 'alien')
      return failed('garbage', `What answers at ${place} does not speak IPMI.`, 'Check power_address and its port.');
    if (pong !== 'answers') {
      const remedy = "Check power_address, the BMC's network and that IPMI over LAN is on.";
      return failed('unreachable', `No BMC answers: ${pong.sentence}.`, remedy);
    }
    if (!isQuickNo) return 'slow';
    const remedy = 'Check the user, the password and k_g, and that the user may use IPMI over LAN.';
    return failed('refused-credentials', `The BMC at ${place} answers, but refuses the session.`, remedy);
  }
}

function accepted(result: ExecResult | PowerFailure): 'accepted' | PowerFailure {
  return isFailed(result) ? result : 'accepted';
}
