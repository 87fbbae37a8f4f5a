import Type, { type Static } from 'typebox';
import { SERIES_BOUNDS, SERIES_STEPS, STEP_DAYS } from '../../model/cluster/series.ts';
import { nullable, oneOf, strict, text, Time } from '../base/common.ts';
import { get, WATCHERS } from '../base/route-spec.ts';

/** Units of series. */
export const SERIES_UNITS = ['count', 'bytes', 'seconds', 'ratio', 'per second'] as const;

/** What a series is about. */
const SeriesDefinition = strict({
  name: Type.String({ description: 'such as regent_pool_leases' }),
  unit: oneOf(SERIES_UNITS),
  labels: Type.Array(Type.String()),
  help: Type.String(),
});
export type SeriesDefinition = Static<typeof SeriesDefinition>;

const Values = (description: string) => Type.Array(nullable(Type.Number()), { description });

/** When a pool is full. */
const Forecast = strict({
  limit: Type.Number({ description: 'addresses of the pool now' }),
  fullAt: nullable(
    Type.String({
      format: 'date-time',
      description:
        'when the least-squares line through the values reaches the limit; null: less than a day of values, no growth, or more than 400 days ahead',
    }),
  ),
});

/** The values of one series: one for each step from `from` on. */
const SeriesValues = strict({
  name: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  values: Values('the value of each step, of 1h its mean; null: there is none'),
  low: Type.Optional(Values('only of 1h: the least value of the hour')),
  high: Type.Optional(Values('only of 1h: the greatest value of the hour')),
  forecast: Type.Optional(Forecast),
});
export type SeriesValues = Static<typeof SeriesValues>;

/** Series over a span. */
export const SeriesAnswer = strict({
  step: oneOf(SERIES_STEPS),
  from: Time,
  to: Time,
  definitions: Type.Array(SeriesDefinition, { description: 'of the names in the query; all when it has none' }),
  series: Type.Array(SeriesValues, { description: 'those with a value in the span; none when the query has no name' }),
});
export type SeriesAnswer = Static<typeof SeriesAnswer>;

const SeriesQuery = strict({
  name: Type.Optional(text(2000, `comma-separated names, at most ${SERIES_BOUNDS.names}; left out: list all names`)),
  label: Type.Optional(text(500, 'only series with this label: KEY=VALUE, such as subnet=10.0.0.0/24')),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'a day before `to` when left out' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'now when left out' })),
  step: Type.Optional(
    oneOf(
      SERIES_STEPS,
      `5m: the last ${STEP_DAYS['5m']} days; 1h: the last ${STEP_DAYS['1h']} days; left out: 5m for at most two days`,
    ),
  ),
});

/** Calls about series. */
export const SERIES_ROUTES = {
  'series.list': get('/series', 'Samples for charts, or the list of their names with units', {
    roles: WATCHERS,
    query: SeriesQuery,
    response: SeriesAnswer,
    hasEtag: true,
  }),
} as const;
