import type { AlertTarget } from '../../../contract/site/alert-target.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { flag, integer, need, nothingToSet, option, text } from '../../values.ts';
import { changeOf, showOf } from '../base/plain.ts';

const PORTS = { tls: 465, starttls: 587, none: 25 } as const;
type Settings = AlertTarget['settings'];

const SHAPE: Shape<AlertTarget> = {
  kind: 'target of alarms',
  name: ({ name }) => name,
  columns: [
    { header: 'name', value: ({ name }) => name },
    { header: 'kind', value: ({ settings }) => settings.kind },
    { header: 'to', value: ({ settings }) => placeText(settings) },
    { header: 'from state', value: ({ least }) => least },
    { header: 'on', value: ({ isEnabled }) => (isEnabled ? 'yes' : 'no') },
    { header: 'waiting', value: ({ waiting }) => String(waiting) },
    { header: 'last success', value: ({ lastSuccessAt }) => (lastSuccessAt === null ? 'never' : stamp(lastSuccessAt)) },
    { header: 'last failure', value: ({ lastFailureAt }) => (lastFailureAt === null ? '' : stamp(lastFailureAt)) },
    { header: 'why', value: ({ lastFailure }) => lastFailure ?? '' },
    { header: 'delivered', wide: true, value: ({ delivered }) => String(delivered) },
    { header: 'dropped', wide: true, value: ({ dropped }) => String(dropped) },
    { header: 'secret', wide: true, value: ({ hasSecret }) => (hasSecret ? 'stored' : 'none') },
  ],
};

function placeText(settings: Settings): string {
  return settings.kind === 'webhook' ? settings.url : `${settings.recipients.join(', ')} by ${settings.server}`;
}

function describe(done: string) {
  return ({ name, secret }: AlertTarget): string =>
    [
      `target of alarms ${name} ${done}`,
      ...(secret === null ? [] : ['The secret that signs its messages is shown only this once:', secret]),
      `Try it: regent alert-target test ${name}`,
    ].join('\n');
}

const WHICH = { name: '<target>', help: 'name or id' } as const;
const OPTIONS: readonly OptionSpec[] = [
  { flags: '--webhook-url <url>', help: 'of a webhook: https://…; http://… is not signed' },
  { flags: '--server <host>', help: 'of mail: HOST or HOST:PORT' },
  { flags: '--security <how>', help: 'of mail; starttls when left out', values: ['tls', 'starttls', 'none'] },
  { flags: '--user <user>', help: 'of the mail account' },
  { flags: '--from <address>', help: 'sender of mails' },
  { flags: '--to <addresses>', help: 'recipients of mails, joined by ","' },
  { flags: '--authority <file>', help: "certificate of the server's authority, PEM" },
  {
    flags: '--secret <file>',
    help: 'file with the secret of a webhook or the password of the account; "-": standard input',
  },
  {
    flags: '--least <state>',
    help: 'findings below it are not sent; warning when left out',
    values: ['warning', 'unknown', 'broken'],
  },
  { flags: '--enabled <on|off>', help: 'off: nothing is sent', values: ['on', 'off'] },
];

async function fileOf(call: Call, name: string): Promise<string | undefined> {
  const path = option(call, name);
  if (path === undefined) return undefined;
  const found = path === '-' ? await call.io.readInput() : await call.io.readFile(path);
  if (found === null) throw usageError(`There is no file "${path}".`);
  return found.trim();
}

async function settingsOf(call: Call, kind: string): Promise<Settings | undefined> {
  const authority = await fileOf(call, 'authority');
  const trust = authority === undefined ? {} : { authority: `${authority}\n` };
  if (kind === 'webhook') {
    const url = option(call, 'webhookUrl');
    if (url === undefined && authority !== undefined) throw usageError('Give --webhook-url beside --authority.');
    return url === undefined ? undefined : { kind, url, ...trust };
  }
  const [place, sender, to] = ['server', 'from', 'to'].map((name) => option(call, name));
  const given = [place, sender, to].filter((one) => one !== undefined).length;
  if (given === 0) return undefined;
  if (place === undefined || sender === undefined || to === undefined)
    throw usageError('Mail needs --server, --from and --to together.');
  const security = (option(call, 'security') ?? 'starttls') as keyof typeof PORTS;
  const [, server = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(place) ?? [];
  const recipients = to.split(',').map((one) => one.trim());
  const reach = { server, port: port === undefined ? PORTS[security] : integer(port, '--server'), security };
  return { kind: 'mail', ...reach, sender, recipients, ...text(call, 'user'), ...trust };
}

async function othersOf(call: Call) {
  const secret = await fileOf(call, 'secret');
  const least = option(call, 'least') as AlertTarget['least'] | undefined;
  return {
    ...(secret === undefined ? {} : { secret }),
    ...(least === undefined ? {} : { least }),
    ...flag(call, 'enabled', 'isEnabled'),
  };
}

async function create(call: Call) {
  const [kind, name] = [need(call, 0), need(call, 1)];
  const settings = await settingsOf(call, kind);
  if (settings === undefined)
    throw usageError(kind === 'webhook' ? 'Give --webhook-url.' : 'Give --server, --from and --to.');
  const body = { name, settings, ...(await othersOf(call)) };
  const texts = { shape: SHAPE, done: 'created', describe: describe('created') };
  return runChange(call, { route: 'alert-target.create', input: { body }, ...texts });
}

async function set(call: Call) {
  const target = need(call, 0);
  const kind = option(call, 'webhookUrl') === undefined ? 'mail' : 'webhook';
  const settings = await settingsOf(call, kind);
  const body = { ...(settings === undefined ? {} : { settings }), ...(await othersOf(call)) };
  nothingToSet(body, '--webhook-url, --server, --secret, --least or --enabled');
  const texts = { shape: SHAPE, done: 'changed', describe: describe('changed') };
  return runChange(call, { route: 'alert-target.set', input: { params: { target }, body }, ...texts });
}

async function test(call: Call): Promise<void> {
  const { client } = await call.region();
  const name = need(call, 0);
  const { body } = await client.call('alert-target.test', { params: { target: name } });
  if (!body.isDelivered) throw new CliError(EXIT.error, `The test did not arrive at ${name}: ${body.detail}`);
  const printer = printerOf(call);
  if (!(await printData(printer, body))) call.io.out.write(`${body.detail} Its id: ${body.id}\n`);
}

/** `regent alert-target`. */
export const ALERT_TARGET: NounSpec = {
  noun: 'alert-target',
  summary: 'whom findings are reported to: webhooks and mail',
  commands: [
    {
      verb: 'list',
      summary: 'list targets, with what waits and what failed last',
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), SHAPE, (await client.call('alert-target.list', {})).body.items);
      },
    },
    showOf(
      'alert-target.show',
      'target',
      { summary: 'show a target; its secret is never shown', args: [WHICH] },
      SHAPE,
    ),
    {
      verb: 'create',
      summary: 'report findings to a webhook or by mail; prints a new secret once',
      args: [
        { name: '<kind>', help: 'webhook or mail', values: ['webhook', 'mail'] },
        { name: '<name>', help: 'lower-case letters, digits and "-"' },
      ],
      options: OPTIONS,
      isChange: true,
      examples: [
        'regent alert-target create webhook pager --webhook-url https://alarms.example.net/regent',
        'regent alert-target create mail night --server mail.example.net --from regent@example.net --to night@example.net',
      ],
      run: create,
    },
    {
      verb: 'set',
      summary: 'change a target; another address needs its secret again',
      args: [WHICH],
      options: OPTIONS,
      isChange: true,
      examples: ['regent alert-target set pager --least broken', 'regent alert-target set pager --enabled off'],
      run: set,
    },
    changeOf(
      'alert-target.delete',
      'target',
      { verb: 'delete', summary: 'report nothing there any more', args: [WHICH] },
      { shape: SHAPE, done: 'deleted' },
    ),
    {
      verb: 'test',
      summary: 'send a test message at once, and say how it went',
      args: [WHICH],
      examples: ['regent alert-target test pager'],
      run: test,
    },
  ],
};
