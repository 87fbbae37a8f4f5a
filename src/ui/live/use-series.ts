import { useMemo } from 'preact/hooks';
import type { RouteOutput } from '../../contract/routes.ts';
import { STEP_SECONDS } from '../../model/cluster/series.ts';
import { seriesQuery, type SpanId } from '../models/base/charts.ts';
import { useLive } from './live.ts';
import { useView, type Watched } from './use-view.ts';

/** The values of a series over a span that ends now, read again when there is a new one. `label`: only of series with it. */
export function useSeries(name: string, span: SpanId, label?: string): Watched<RouteOutput<'series.list'>> {
  const { siteTime } = useLive();
  // The start stays while the page is open: another one would be another call.
  const query = useMemo(() => seriesQuery(name, span, siteTime(), label), [name, span, label]);
  return useView('series.list', { query }, { nouns: [], everyMs: STEP_SECONDS['5m'] * 1000 });
}
