import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { Place, TokenCreated } from '../../../contract/cluster/trust.ts';
import type { Node } from '../../../contract/cluster/node.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { withNext } from '../../failure.ts';
import { printable } from '../../format/escape.ts';
import { stamp } from '../../format/when.ts';
import { collect, integer, need, option } from '../../values.ts';
import { queryRegion } from '../../waiting/outcome.ts';
import { makeProgress } from '../../waiting/progress.ts';
import { printerOf } from '../../change.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { move, optionsOf } from './move.ts';

const PATIENCE_S = { remove: 900, replace: 1800 } as const;
const POLL_MS = 2000;
const NODE = { name: '<node>', help: 'name or id', complete: 'node' } as const;
const NEXT = { conflict: ['regent cluster status', 'regent job list --unfinished'], not_found: ['regent node list'] };
const FORCE = { flags: '--force', help: 'also a node that is alive and well, or that does not stop' };

const TOKEN_SHAPE: Shape<TokenCreated> = {
  kind: 'join token',
  name: (token) => token.token ?? token.id,
  columns: [
    { header: 'id', value: (token) => token.id },
    { header: 'place', value: (token) => token.place ?? '' },
    { header: 'expires', value: (token) => stamp(token.expiresAt) },
  ],
};

/** `regent node remove`, `regent node replace`. */
export const NODE_REMOVALS: readonly CommandSpec[] = [
  {
    verb: 'remove',
    summary: 'remove a node for good, alive or lost; give up a reserved place',
    args: [NODE],
    options: [FORCE, ...optionsOf(PATIENCE_S.remove)],
    examples: ['regent node remove r3 --dry-run', 'regent node remove r3'],
    run: remove,
  },
  {
    verb: 'replace',
    summary:
      'give the place of a lost node to another host: takes the node out, prints the token of its place, waits for the host',
    args: [NODE],
    options: [FORCE, ...optionsOf(PATIENCE_S.replace)],
    examples: [
      'regent node replace r3 --dry-run',
      'regent node replace r3',
      'regent node replace r3 --no-wait -o json',
    ],
    run: replace,
  },
];

async function remove(call: Call): Promise<ExitCode> {
  const ref = need(call, 0).toLowerCase();
  const { node, place } = await findNodeAndPlace(call, ref);
  if (node !== undefined || place === undefined)
    return await move(call, 'node.remove', inputOf(call, ref), PATIENCE_S.remove);
  if (call.change.dryRun) {
    call.io.out.write(`would give up the place of ${printable(place.name)}\n`);
    return EXIT.ok;
  }
  const { client } = await call.region();
  await client.call('place.delete', { params: { place: place.name } });
  call.io.out.write(`The place of ${printable(place.name)} is no longer reserved.\n`);
  return EXIT.ok;
}

/** May be repeated at any moment: each step first checks whether it is done. */
async function replace(call: Call): Promise<ExitCode> {
  const ref = need(call, 0).toLowerCase();
  const seconds = patienceOf(call);
  const { node, place } = await findNodeAndPlace(call, ref);
  const isOut = place !== undefined && (node === undefined || !isThere(node));
  if (!isOut || call.change.dryRun) {
    // `--no-wait` is meant for the whole replacement, not for this step.
    const step = { ...call, options: { ...call.options, wait: true } };
    const toStderr = { ...step, io: { ...step.io, out: step.io.err } };
    const ended = await move(
      call.change.dryRun ? step : toStderr,
      'node.replace',
      inputOf(call, ref),
      PATIENCE_S.replace,
    );
    if (ended !== EXIT.ok || call.change.dryRun) return ended;
  }
  const name = place?.name ?? node?.name ?? ref;
  await giveToken(call, name);
  return call.options['wait'] === false ? EXIT.ok : await waitForHost(call, name, seconds);
}

/** A rack with a reserved place keeps its row. Its agent is silent; the agent of a joining host is not. */
function isThere(node: Node): boolean {
  return node.state === 'joining' || (node.agent !== null && !node.agent.isStale);
}

async function giveToken(call: Call, name: string): Promise<void> {
  const { client } = await call.region();
  const { place } = await findNodeAndPlace(call, name);
  if (place === undefined)
    throw new CliError(
      EXIT.error,
      `The place of ${name} is not reserved: somebody gave it up, or a host has taken it meanwhile.`,
      ['regent node list'],
    );
  const { isRegion, isRack } = place;
  const { body } = await client.call('token.create', { body: { isRegion, isRack, place: place.name } });
  const printer = printerOf(call);
  if (printer.format !== 'table' && printer.format !== 'wide') return await printOne(printer, TOKEN_SHAPE, body);
  const until = `It is shown only this once and valid until ${stamp(body.expiresAt)}; the same command gives another one.`;
  const lines =
    body.token === null
      ? ['The token was shown in the first answer, which was lost. Run the same command again.']
      : [
          `The place of ${name} is reserved. ${until}`,
          'On its new host, as root: regent join -, which asks for this token:',
          body.token,
        ];
  call.io.out.write(`${lines.map(printable).join('\n')}\n`);
}

/** Until the host is a member, and the cluster can lose a node again where it ever could. */
async function waitForHost(call: Call, name: string, seconds: number): Promise<ExitCode> {
  const { io } = call;
  const progress = makeProgress(io);
  const end = io.monotonic() + seconds * 1000;
  const { client } = await call.region();
  for (;;) {
    const status = await queryRegion(
      call,
      end - io.monotonic(),
      async (signal) => (await client.call('cluster.show', {}, { signal })).body,
    );
    const missing = status === null ? 'no region answers' : lackOf(status, name);
    if (missing === null && status !== null) {
      progress.end('');
      io.err.write(`${printable(`${name} has its place again; the cluster ${status.summary}`)}\n`);
      return EXIT.ok;
    }
    progress.say(`waits for the new host of ${name}: ${missing ?? ''}`);
    if (io.monotonic() + POLL_MS >= end) {
      progress.end('');
      throw new CliError(EXIT.timeout, `After ${seconds} s: ${missing ?? ''}`, [
        `regent node replace ${name}`,
        'regent cluster status',
      ]);
    }
    await io.sleep(POLL_MS, io.interrupted);
  }
}

/** What is missing until a node has its place again; null: nothing. Pure. */
export function lackOf({ nodes, losses }: Pick<ClusterStatus, 'nodes' | 'losses'>, name: string): string | null {
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) return 'it has not joined yet';
  if (node.state !== 'member') return `it is ${node.state}`;
  if (node.report === 'silent' || node.report === 'never') return 'it does not report yet';
  const wanted = Math.min(1, losses.promised);
  return node.isRegion && losses.now < wanted ? `the cluster can lose ${losses.now} (${losses.why.join(', ')})` : null;
}

type NodeAndPlace = { readonly node: Node | undefined; readonly place: Place | undefined };

async function findNodeAndPlace(call: Call, ref: string): Promise<NodeAndPlace> {
  try {
    const { client } = await call.region();
    const nodes: Node[] = await collect(client.all('node.list', {}));
    const places: Place[] = await collect(client.all('place.list', {}));
    const node = nodes.find((one) => one.id === ref || one.name === ref);
    return { node, place: places.find(({ name }) => name === (node?.name ?? ref)) };
  } catch (error) {
    throw withNext(error, NEXT);
  }
}

function inputOf(call: Call, node: string) {
  return { params: { node }, body: call.options['force'] === true ? { isForced: true } : {} };
}

function patienceOf(call: Call): number {
  const seconds = integer(option(call, 'patience') ?? String(PATIENCE_S.replace), '--patience');
  if (seconds < 1 || seconds > 86_400)
    throw usageError(`--patience: ${seconds} is not a number of seconds from 1 to 86400.`);
  return seconds;
}
