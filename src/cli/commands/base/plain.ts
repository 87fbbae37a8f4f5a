import type { OptionTexts } from '../../../contract/base/command-texts.ts';
import type { RouteId, RouteInput, RouteOutput } from '../../../contract/routes.ts';
import { type Change, printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need } from '../../values.ts';
import { optionSpecs, readOptions } from './options.ts';

/** The texts of a command; its verb stands for what it does. */
type Texts = Omit<CommandSpec, 'run' | 'options' | 'isChange'>;

/** How objects are shown: times are shown relative to now, so some shapes are of one call. */
type ShapeOf<Row> = Shape<Row> | ((call: Call) => Shape<Row>);

const shapeIn = <Row>(shape: ShapeOf<Row>, call: Call): Shape<Row> =>
  typeof shape === 'function' ? shape(call) : shape;

/** A command that lists all objects of a noun. `options`: members of the query. */
export function listOf<Row>(
  route: RouteId & `${string}.list`,
  { options = {}, ...texts }: Partial<Texts> & { readonly summary: string; readonly options?: OptionTexts },
  shape: ShapeOf<Row>,
): CommandSpec {
  return {
    verb: 'list',
    ...texts,
    options: optionSpecs(options),
    run: async (call) => {
      const { client } = await call.region();
      const query = await readOptions(call, options);
      const rows = client.all(route as never, { query } as never) as AsyncIterable<Row>;
      await printList(printerOf(call), shapeIn(shape, call), await collect(rows));
    },
  };
}

/** A command that shows the object that its first argument names. `param`: the argument's name in the path. */
export function showOf<I extends RouteId & `${string}.show`>(
  route: I,
  param: string,
  texts: Partial<Texts> & Pick<Texts, 'summary' | 'args'>,
  shape: ShapeOf<RouteOutput<I>>,
): CommandSpec {
  return {
    verb: 'show',
    ...texts,
    run: async (call) => {
      const { client } = await call.region();
      const input = { params: { [param]: need(call, 0) } } as unknown as RouteInput<I>;
      await printOne(printerOf(call), shapeIn(shape, call), (await client.call(route, input)).body);
    },
  };
}

/** A command that changes the object that its first argument names, and needs nothing else. */
export function changeOf<I extends RouteId>(
  route: I,
  param: string,
  texts: Texts,
  change: Omit<Change<I>, 'route' | 'input' | 'shape'> & { readonly shape: ShapeOf<RouteOutput<I>> },
): CommandSpec {
  return {
    ...texts,
    isChange: true,
    run: (call) => {
      const input = { params: { [param]: need(call, 0) } } as unknown as RouteInput<I>;
      return runChange(call, { ...change, route, input, shape: shapeIn(change.shape, call) });
    },
  };
}
