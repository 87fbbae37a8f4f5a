import type { NoAnswer, Trust, WebAnswer, WebRequest } from '../../host/ask/bmc/interface.ts';
import { closedFailure, failed, isFailed, type PowerCall, type PowerFailure, textOf, timeLeft } from '../driver.ts';
import { type JsonObject, memberOf, parseObject } from './json.ts';

const ROOT = '/redfish/v1/';
const SESSIONS = '/redfish/v1/SessionService/Sessions';
/** One exchange, ms: BMCs are slow, more so with TLS. */
const EXCHANGE_MS = 15_000;
/** A member that moved, or a slash that is missing. */
const HOPS_MAX = 3;
/** A logout, ms: it also comes after the deadline, because a BMC has few sessions. */
const CLOSE_MS = 3000;

/** An answer of use: its body is an object, or empty. */
export type RedfishAnswer = { readonly body: JsonObject; readonly etag: string | null };

/** A resource and what is done with it. `target` comes from the BMC, and so from anybody: it must be a path of that BMC. */
interface RedfishRequest {
  readonly method: WebRequest['method'];
  readonly target: string;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of its own, ms; else what the call has left. */
  readonly timeoutMs?: number;
}

/**
 * A small Redfish client (DMTF DSP0266): logs in once, sends the session's token with every request, logs out. Without a session service it
 * sends the password with every request. Nothing is sent before the certificate is the pinned one.
 */
export class RedfishClient {
  readonly #call: PowerCall;
  readonly #origin: string;
  #fingerprint: string | null;
  #session: { readonly token: string; readonly location: string | null } | null = null;
  #isBasic = false;

  constructor(call: PowerCall, origin: string) {
    this.#call = call;
    this.#origin = origin;
    this.#fingerprint =
      (textOf(call.parameters, 'certificate_fingerprint') || call.learned['certificate_fingerprint']) ?? null;
  }

  /** Of the certificate that the BMC shows. */
  get fingerprint(): string | null {
    return this.#fingerprint;
  }

  /** Logs in. */
  async open(): Promise<PowerFailure | null> {
    const body = {
      UserName: textOf(this.#call.parameters, 'power_user'),
      Password: textOf(this.#call.parameters, 'power_pass'),
    };
    const answer = await this.#exchange({ method: 'POST', target: SESSIONS, body });
    if (isFailed(answer)) return answer;
    const token = answer.headers['x-auth-token'];
    if (answer.status >= 200 && answer.status < 300 && token !== undefined) {
      this.#session = { token, location: pathOf(answer.headers['location'] ?? '', this.#origin) };
      return null;
    }
    if ([404, 405, 501].includes(answer.status)) {
      this.#isBasic = true;
      return null;
    }
    // A login whose form is not liked is a login that is refused.
    return answer.status === 400 ? refused(answer) : (judge(answer) ?? noToken());
  }

  /** Logs out. */
  async close(): Promise<void> {
    const location = this.#session?.location ?? null;
    if (location !== null) await this.#exchange({ method: 'DELETE', target: location, timeoutMs: CLOSE_MS });
    this.#session = null;
  }

  /** Asks for a resource, or gives an order. */
  async request(request: RedfishRequest): Promise<RedfishAnswer | PowerFailure> {
    const answer = await this.#loggedIn(request);
    if (isFailed(answer)) return answer;
    const failure = judge(answer);
    if (failure !== null) return failure;
    const body = answer.text.trim() === '' ? {} : parseObject(answer.text);
    if (body === null) return failed('garbage', `${request.target} is not a JSON object.`, GARBAGE, answer.text);
    return { body, etag: answer.headers['etag'] ?? null };
  }

  /** Changes a resource; `mismatch`: it refuses this If-Match, or that there is none. */
  async change(request: RedfishRequest): Promise<'changed' | 'mismatch' | PowerFailure> {
    const answer = await this.#loggedIn(request);
    if (isFailed(answer)) return answer;
    if (answer.status === 412 || answer.status === 428) return 'mismatch';
    return judge(answer) ?? 'changed';
  }

  /** A session that ended is opened again, once. */
  async #loggedIn(request: RedfishRequest): Promise<WebAnswer | PowerFailure> {
    const answer = await this.#exchange(request);
    if (isFailed(answer) || answer.status !== 401 || this.#session === null) return answer;
    this.#session = null;
    return (await this.open()) ?? (await this.#exchange(request));
  }

  async #exchange(request: RedfishRequest): Promise<WebAnswer | PowerFailure> {
    let target: string | null = request.target;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const path = pathOf(target, this.#origin);
      if (path === null) return failed('garbage', 'The BMC redirects to another host.', GARBAGE, target);
      const answer = await this.#send(request, path);
      if (isFailed(answer)) return answer;
      const location: string | undefined = answer.headers['location'];
      if (![301, 302, 307, 308].includes(answer.status) || location === undefined) return answer;
      target = location;
    }
    return failed('garbage', `The BMC redirects in a circle at ${request.target}.`, GARBAGE);
  }

  async #send({ method, body, headers, timeoutMs }: RedfishRequest, path: string): Promise<WebAnswer | PowerFailure> {
    const answer = await this.#call.effects.reach.web({
      method,
      url: `${this.#origin}${path}`,
      headers: {
        accept: 'application/json',
        'odata-version': '4.0',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.#identity(),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      trust: this.#trust(),
      timeoutMs: timeoutMs ?? timeLeft(this.#call, EXCHANGE_MS),
    });
    if (answer.kind === 'none') return unreached(answer);
    this.#fingerprint ??= answer.fingerprint;
    return answer;
  }

  #identity(): Readonly<Record<string, string>> {
    if (this.#session !== null) return { 'x-auth-token': this.#session.token };
    if (!this.#isBasic) return {};
    const { parameters } = this.#call;
    const pair = `${textOf(parameters, 'power_user')}:${textOf(parameters, 'power_pass')}`;
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  }

  #trust(): Trust {
    return this.#fingerprint === null ? { kind: 'any' } : { kind: 'pinned', fingerprint: this.#fingerprint };
  }
}

const GARBAGE = 'Reset the BMC (cold), and install newer firmware.';

/** The path of a place on this BMC; null for a place that is elsewhere. */
function pathOf(target: string, origin: string): string | null {
  if (!URL.canParse(target, `${origin}${ROOT}`)) return null;
  const url = new URL(target, `${origin}${ROOT}`);
  return url.origin === new URL(origin).origin ? `${url.pathname}${url.search}` : null;
}

function unreached({ why, sentence }: NoAnswer): PowerFailure {
  switch (why) {
    case 'closed':
      return closedFailure(sentence);
    case 'untrusted':
      return failed(
        'untrusted',
        `The BMC shows another certificate than before: ${sentence}.`,
        'If the certificate was renewed, set certificate_fingerprint to the new one. Otherwise another host answers at the address of the BMC.',
      );
    case 'garbage':
      return failed('garbage', `What answers does not speak HTTPS: ${sentence}.`, 'Check power_address and its port.');
    case 'silent':
    case 'unreachable':
      return failed(
        'unreachable',
        `The BMC does not answer: ${sentence}.`,
        "Check power_address and the BMC's network.",
      );
  }
}

/** What a status means; null: it is fine. */
function judge(answer: WebAnswer): PowerFailure | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) return refused(answer);
  const message = readErrorMessage(answer);
  if (status === 404 || status === 405 || status === 501 || status === 400)
    return failed(
      'unsupported',
      `The BMC does not support this (${status}).`,
      'Check node_id, and install newer firmware of the BMC.',
      message,
    );
  if (status === 409 || status === 423 || status === 429 || status >= 500)
    return failed('busy', `The BMC is busy (${status}).`, 'Try again in a minute.', message);
  return failed('garbage', `The BMC answers ${status}.`, GARBAGE, message);
}

function refused(answer: WebAnswer): PowerFailure {
  const remedy = 'Check power_user and power_pass, and that the user is an operator.';
  return failed(
    'refused-credentials',
    `The BMC refuses the user or the password (${answer.status}).`,
    remedy,
    readErrorMessage(answer),
  );
}

function noToken(): PowerFailure {
  return failed('garbage', 'The BMC accepts the login, but sends no session token.', GARBAGE);
}

/** The first message of an error's body (DSP0266 §8.6), for people. */
function readErrorMessage({ text }: WebAnswer): string {
  const error = memberOf(parseObject(text) ?? {}, 'error');
  const details = error['@Message.ExtendedInfo'];
  const [first] = Array.isArray(details) ? (details as readonly unknown[]) : [];
  const message = typeof first === 'object' && first !== null && 'Message' in first ? first.Message : error['message'];
  return typeof message === 'string' ? message : '';
}
