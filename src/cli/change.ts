import type { RouteId, RouteInput, RouteOutput } from '../contract/routes.ts';
import type { Call } from './command-spec.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { withNext } from './failure.ts';
import { printable } from './format/escape.ts';
import { type Printer, printData, printOne, type Shape } from './format/output.ts';
import { hasErrors, previewLines } from './format/preview.ts';
import { hasColor } from './waiting/progress.ts';
import { waitForNodes } from './waiting/wait.ts';

/** A change: its call, its input, and the text of its result. `done`: the verb of the sentence (`created`). */
export interface Change<I extends RouteId> {
  readonly route: I;
  readonly input: RouteInput<I>;
  readonly shape: Shape<RouteOutput<I>>;
  readonly done: string;
  /** The table form's text; by default the kind, the name and `done`. */
  describe?(result: RouteOutput<I>): string;
  /** The next step after a refusal, by its code. */
  readonly next?: Readonly<Record<string, readonly string[]>>;
  /** The condition of `--wait`; by default that all nodes have the configuration. */
  waitFor?(result: RouteOutput<I>): Promise<ExitCode>;
}

/** Makes a change, or shows what it would do (`--dry-run`), and waits for the nodes (`--wait`). */
export async function runChange<I extends RouteId>(call: Call, change: Change<I>): Promise<ExitCode> {
  try {
    return call.change.dryRun ? await showPreview(call, change) : await makeChange(call, change);
  } catch (error) {
    throw withNext(error, change.next ?? {});
  }
}

async function makeChange<I extends RouteId>(call: Call, change: Change<I>): Promise<ExitCode> {
  const { client } = await call.region();
  const { body } = await client.call(change.route, change.input);
  const printer = printerOf(call);
  if (printer.format === 'table' || printer.format === 'wide') {
    const text = change.describe?.(body) ?? `${change.shape.kind} ${change.shape.name(body)} ${change.done}`;
    call.io.out.write(`${text.split('\n').map(printable).join('\n')}\n`);
  } else {
    await printOne(printer, change.shape, body);
  }
  // The help says what --wait waits for.
  if ((change.waitFor !== undefined) !== (call.change.condition !== 'nodes'))
    throw new Error(
      `${change.route}: the declaration of this command says that --wait waits for ${call.change.condition}`,
    );
  if (!call.change.wait) return EXIT.ok;
  if (change.waitFor) return change.waitFor(body);
  await waitForNodes(call);
  return EXIT.ok;
}

async function showPreview<I extends RouteId>(call: Call, change: Change<I>): Promise<ExitCode> {
  const { client } = await call.region();
  const preview = await client.preview(change.route, change.input);
  if (!(await printData(printerOf(call), preview)))
    call.io.out.write(`${previewLines(preview, hasColor(call.io)).join('\n')}\n`);
  return hasErrors(preview.nodes) ? EXIT.error : EXIT.ok;
}

/** The printer of a call. */
export function printerOf(call: Call): Printer {
  const sort = call.options['sort'];
  const common = { format: call.global.output ?? 'table', out: call.io.out, err: call.io.err };
  return typeof sort === 'string' ? { ...common, sort } : common;
}
