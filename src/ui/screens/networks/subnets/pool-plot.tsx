import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { SeriesAnswer } from '../../../../contract/cluster/series.ts';
import { useLive } from '../../../live/live.ts';
import { useView } from '../../../live/use-view.ts';
import type { PlotData } from '../../../models/base/plot.ts';
import { plotData, seriesQuery } from '../../../models/base/charts.ts';
import { Section, Shown } from '../../../parts/page.tsx';
import { Plot } from '../../../parts/plot.tsx';
import { SpanChoice, useSpan } from '../../../parts/span-choice.tsx';
import { CHARTS } from '../../../texts/base/charts.ts';

const NAME = 'regent_pool_leases';
const EVERY_MS = 300_000;

/** Leases of the pools of a subnet, their size, and when they will be full. */
export function PoolPlot({ cidr }: { readonly cidr: string }): JSX.Element {
  const span = useSpan('month');
  const { siteTime } = useLive();
  // The start stays while the page is open: another one would be another call.
  const query = useMemo(() => seriesQuery(NAME, span, siteTime(), `subnet=${cidr}`), [cidr, span]);
  const found = useView('series.list', { query }, { nouns: [], everyMs: EVERY_MS });
  return (
    <Section title={CHARTS.pool}>
      <SpanChoice usual="month" />
      <Shown view={found.view}>
        {(answer) => (
          <>
            <Forecast answer={answer} />
            <Plot name={CHARTS.pool} data={poolData(answer)} />
          </>
        )}
      </Shown>
    </Section>
  );
}

/** One line, whose subnet the page is about. */
function poolData(answer: SeriesAnswer): PlotData {
  const data = plotData(answer, NAME, '', limitOf(answer));
  return { ...data, lines: data.lines.slice(0, 1).map((line) => ({ ...line, label: CHARTS.poolLeases })) };
}

function limitOf({ series }: SeriesAnswer) {
  const limit = series[0]?.forecast?.limit;
  return limit === undefined ? undefined : { label: CHARTS.poolSize, value: limit };
}

function Forecast({ answer }: { readonly answer: SeriesAnswer }): JSX.Element | null {
  const forecast = answer.series[0]?.forecast;
  if (forecast === undefined) return null;
  return <p>{forecast.fullAt === null ? CHARTS.notFull : CHARTS.full(forecast.fullAt.slice(0, 10))}</p>;
}
