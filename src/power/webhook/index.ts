import { invalid, type Rejected, show } from '../../core/errors.ts';
import type { NoAnswer, WebAnswer } from '../../host/ask/bmc/interface.ts';
import type { PowerParameters, PowerSetting } from '../../model/machines/power.ts';
import type { PowerCall, PowerDriver, PowerFailure, PowerLine, Reading } from '../driver.ts';
import { closedFailure, failed, isFailed, textOf, timeLeft } from '../driver.ts';

const EXCHANGE_MS = 15_000;
/** A pattern that an operator wrote sees no more of an answer. */
const SEEN_MAX = 8192;
/**
 * Both patterns have so long. The time of some patterns doubles with each character of the answer, so that no bound of its length helps: they run in a
 * thread that is ended then.
 */
const MATCH_MS = 1000;
const PATTERN_MAX = 256;

const URIS = ['power_on_uri', 'power_off_uri', 'power_query_uri'] as const;

/** MAAS's parameters of the power type webhook. */
const SETTINGS: readonly PowerSetting[] = [
  {
    name: 'power_on_uri',
    label: 'URI to power on the node',
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseUri,
  },
  {
    name: 'power_off_uri',
    label: 'URI to power off the node',
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseUri,
  },
  {
    name: 'power_query_uri',
    label: "URI to query the node's power status",
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseUri,
  },
  {
    name: 'power_on_regex',
    label: 'Regex to confirm the node is on',
    kind: 'text',
    scope: 'bmc',
    isRequired: true,
    default: String.raw`status.*\:.*running`,
    parse: parsePattern,
  },
  {
    name: 'power_off_regex',
    label: 'Regex to confirm the node is off',
    kind: 'text',
    scope: 'bmc',
    isRequired: true,
    default: String.raw`status.*\:.*stopped`,
    parse: parsePattern,
  },
  { name: 'power_user', label: 'Power user', kind: 'text', scope: 'bmc' },
  { name: 'power_pass', label: 'Power password', kind: 'password', scope: 'bmc', isSecret: true },
  {
    name: 'power_token',
    label: 'Power token, used in place of power_user and power_pass',
    kind: 'password',
    scope: 'bmc',
    isSecret: true,
  },
  {
    name: 'power_verify_ssl',
    label: 'Verify SSL connections with system CA certificates',
    kind: 'choice',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    choices: [
      { value: 'n', label: 'No' },
      { value: 'y', label: 'Yes' },
    ],
    default: 'n',
  },
];

/** Somebody else's service switches the machine: three URIs. */
export const webhook: PowerDriver = {
  type: 'webhook',
  label: 'Webhook',
  settings: SETTINGS,
  isQueryable: true,
  canSetBoot: false,
  inClear: (parameters) => URIS.filter((name) => textOf(parameters, name).startsWith('http:')),
  bmcOf: (parameters) => {
    const { origin, pathname } = queryUrl(parameters);
    return `webhook ${origin}${pathname}`;
  },
  doorOf: (parameters) => {
    const url = queryUrl(parameters);
    const { port, protocol } = url;
    return { kind: 'tcp', host: bareHost(url), port: Number(port || (protocol === 'https:' ? 443 : 80)) };
  },
  hostsOf: (parameters) =>
    URIS.flatMap((name) => {
      const uri = textOf(parameters, name);
      return URL.canParse(uri) ? [{ name, host: bareHost(new URL(uri)) }] : [];
    }),
  open: async (call) => lineOf(call),
};

const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function lineOf(call: PowerCall): PowerLine {
  return {
    query: () => query(call),
    on: () => order(call, 'power_on_uri'),
    // Only the service decides how it switches the machine off.
    off: () => order(call, 'power_off_uri'),
    bootNext: async (): Promise<PowerFailure> =>
      failed(
        'unsupported',
        'A webhook cannot set the boot device of the machine.',
        'Choose the network in its firmware.',
      ),
    learned: () => call.learned,
    close: async () => {},
  };
}

async function query(call: PowerCall): Promise<Reading | PowerFailure> {
  const text = await send(call, 'GET', 'power_query_uri');
  if (isFailed(text)) return text;
  const seen = text.slice(0, SEEN_MAX);
  const patterns = [textOf(call.parameters, 'power_on_regex'), textOf(call.parameters, 'power_off_regex')];
  const matched = await call.effects.reach.match({ patterns, text: seen, timeoutMs: timeLeft(call, MATCH_MS) });
  if (matched === 'late')
    return failed(
      'unsupported',
      `Matching the patterns against the answer took longer than ${MATCH_MS} ms.`,
      'Write power_on_regex and power_off_regex without nested repeats such as (a+)+.',
    );
  const [isOn, isOff] = matched;
  if (isOn !== isOff) return isOn ? 'on' : 'off';
  const what = isOn ? 'both patterns' : 'neither pattern';
  return failed(
    'garbage',
    `The answer matches ${what}.`,
    'Check power_query_uri, power_on_regex and power_off_regex. The log of the agent has the answer.',
    seen,
  );
}

async function order(call: PowerCall, name: string): Promise<'accepted' | PowerFailure> {
  const text = await send(call, 'POST', name);
  return isFailed(text) ? text : 'accepted';
}

/** As MAAS: a URI that is not found is requested once more with a slash behind it. */
async function send(call: PowerCall, method: 'GET' | 'POST', name: string): Promise<string | PowerFailure> {
  const uri = textOf(call.parameters, name);
  const first = await exchange(call, method, uri);
  const isMissing = first.kind === 'answer' && first.status === 404 && !uri.endsWith('/');
  return judge(isMissing ? await exchange(call, method, `${uri}/`) : first, name);
}

function exchange(call: PowerCall, method: 'GET' | 'POST', url: string): Promise<WebAnswer | NoAnswer> {
  const { parameters, effects } = call;
  const kind = textOf(parameters, 'power_verify_ssl') === 'y' ? 'authorities' : 'any';
  const headers = { accept: 'application/json', ...identityOf(parameters) };
  return effects.reach.web({ method, url, headers, trust: { kind }, timeoutMs: timeLeft(call, EXCHANGE_MS) });
}

function judge(answer: WebAnswer | NoAnswer, name: string): string | PowerFailure {
  if (answer.kind === 'none') return unreached(answer);
  const { status, text } = answer;
  if (status >= 200 && status < 300) return text;
  if (status === 401 || status === 403) {
    const remedy = 'Check power_user, power_pass and power_token.';
    return failed('refused-credentials', `The service refuses the user or the token (${status}).`, remedy);
  }
  if (status === 409 || status === 423 || status === 429 || status >= 500)
    return failed('busy', `The service is busy (${status}).`, 'Try again in a minute, and check its log.');
  return failed('unsupported', `The service answers ${status}.`, `Check ${name}.`);
}

function unreached({ why, sentence }: NoAnswer): PowerFailure {
  switch (why) {
    case 'closed':
      return closedFailure(sentence);
    case 'untrusted':
      return failed(
        'untrusted',
        `The service's certificate is not good: ${sentence}.`,
        'Renew it, or set power_verify_ssl to n.',
      );
    case 'garbage':
      return failed('garbage', `What answers does not speak HTTP: ${sentence}.`, 'Check the URIs.');
    case 'silent':
    case 'unreachable':
      return failed(
        'unreachable',
        `The service does not answer: ${sentence}.`,
        'Check the URIs, and that the service runs.',
      );
  }
}

function identityOf(parameters: PowerParameters): Readonly<Record<string, string>> {
  const token = textOf(parameters, 'power_token');
  if (token !== '') return { authorization: `Bearer ${token}` };
  const [user, password] = [textOf(parameters, 'power_user'), textOf(parameters, 'power_pass')];
  if (user === '' || password === '') return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

const queryUrl = (parameters: PowerParameters): URL => new URL(textOf(parameters, 'power_query_uri'));

function parseUri(text: string, field: string): string | Rejected {
  const rule = 'http://… or https://…, without a user name and a password';
  if (!URL.canParse(text)) return invalid(field, `${show(text)} is not a URI`, rule);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return invalid(field, 'it holds a user name or a password', rule);
  if (!['http:', 'https:'].includes(url.protocol)) return invalid(field, `${show(text)} is of another kind`, rule);
  return url.href;
}

function parsePattern(text: string, field: string): string | Rejected {
  const rule = `a regular expression, at most ${PATTERN_MAX} characters`;
  if (text.length > PATTERN_MAX) return invalid(field, 'it is too long', rule);
  try {
    RegExp(text);
    return text;
  } catch {
    return invalid(field, `${show(text)} is not a regular expression`, rule);
  }
}
