import type { SeriesAnswer, SeriesDefinition, SeriesValues } from '../../../contract/cluster/series.ts';
import { SERIES_STEPS, type SeriesStep, STEP_SECONDS } from '../../../model/cluster/series.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { printable } from '../../format/escape.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { option, pastOf } from '../../values.ts';

const DEFINITION: Shape<SeriesDefinition> = {
  kind: 'series',
  name: ({ name }) => name,
  columns: [
    { header: 'name', value: ({ name }) => name },
    { header: 'unit', value: ({ unit }) => unit },
    { header: 'labels', value: ({ labels }) => labels.join(' ') },
    { header: 'meaning', value: ({ help }) => help },
  ],
};

/** A value of a series at a moment. */
interface Point {
  readonly at: string;
  readonly series: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

const figure = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(6))));

const POINT: Shape<Point> = {
  kind: 'value in this span',
  name: ({ at, series }) => `${at} ${series}`,
  columns: [
    { header: 'time', value: ({ at }) => stamp(at) },
    { header: 'series', value: ({ series }) => series },
    { header: 'value', value: ({ value }) => figure(value) },
    { header: 'low', value: ({ low }) => figure(low) },
    { header: 'high', value: ({ high }) => figure(high) },
  ],
};

/** A series as its name and labels: `regent_pool_leases{subnet=10.0.0.0/24}`. */
function seriesText({ name, labels }: SeriesValues): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}=${text}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** The values of an answer in the order of series and time; gaps have no row. */
function pointsOf({ series, from, step }: SeriesAnswer): Point[] {
  const start = Date.parse(from);
  return series.flatMap((one) =>
    one.values.flatMap((value, place) => {
      if (value === null) return [];
      const at = new Date(start + place * STEP_SECONDS[step] * 1000).toISOString();
      return [{ at, series: seriesText(one), value, low: one.low?.[place] ?? null, high: one.high?.[place] ?? null }];
    }),
  );
}

function forecastText(one: SeriesValues): string[] {
  if (one.forecast === undefined) return [];
  const { limit, fullAt } = one.forecast;
  const end =
    fullAt === null ? 'no end within 400 days by these values' : `full ${stamp(fullAt)} by a line through these values`;
  return [`${seriesText(one)}: ${limit} addresses; ${end}.`];
}

async function show(call: Call): Promise<void> {
  const { client } = await call.region();
  const names = call.args.filter((name) => name !== undefined);
  const step = option(call, 'step') as SeriesStep | undefined;
  const [from, to, label] = [pastOf(call, 'from'), pastOf(call, 'to'), option(call, 'label')];
  const query = {
    ...(names.length === 0 ? {} : { name: names.join(',') }),
    ...(label === undefined ? {} : { label }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(step === undefined ? {} : { step }),
  };
  const { body } = await client.call('series.list', { query });
  const printer = printerOf(call);
  if (names.length === 0) return printList(printer, DEFINITION, body.definitions);
  if (await printData(printer, body)) return undefined;
  await printList(printer, POINT, pointsOf(body));
  if (printer.format === 'table' || printer.format === 'wide')
    for (const line of body.series.flatMap(forecastText)) call.io.err.write(`${printable(line)}\n`);
  return undefined;
}

/** `regent series`. */
export const SERIES_NOUN: NounSpec = {
  noun: 'series',
  summary: 'numbers of the last 400 days: leases, lag, machines by state, latencies, …',
  commands: [
    {
      verb: '',
      summary: 'show the values of series over a span of time; without a name, list all series',
      args: [{ name: '[name...]', help: 'names of series, such as regent_pool_leases' }],
      options: [
        { flags: '--from <time>', help: 'a span before now such as 12h or 30d, or a moment (default: 24h)' },
        { flags: '--to <time>', help: 'the end of the span (default: now)' },
        { flags: '--step <step>', help: '5m reaches 8 days back, 1h 400 days', values: SERIES_STEPS },
        { flags: '--label <label>', help: 'only series with this label, such as subnet=10.0.0.0/24' },
      ],
      examples: [
        'regent series',
        'regent series regent_pool_leases --from 30d --label subnet=10.10.20.0/24',
        'regent series regent_db_lag_bytes regent_role_held --from 7d --step 1h -o json',
      ],
      run: show,
    },
  ],
};
