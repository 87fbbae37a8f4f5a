import type { JSX } from 'preact';
import type { SeriesAnswer } from '../../../../contract/cluster/series.ts';
import { useSeries } from '../../../live/use-series.ts';
import type { PlotData } from '../../../models/base/plot.ts';
import { plotData } from '../../../models/base/charts.ts';
import { Section, Shown } from '../../../parts/page.tsx';
import { Plot } from '../../../parts/plot.tsx';
import { SpanChoice, useSpan } from '../../../parts/span-choice.tsx';
import { CHARTS } from '../../../texts/base/charts.ts';

const NAME = 'regent_pool_leases';

/** Leases of the pools of a subnet, their size, and when they will be full. */
export function PoolPlot({ cidr }: { readonly cidr: string }): JSX.Element {
  const span = useSpan('month');
  const found = useSeries(NAME, span, `subnet=${cidr}`);
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
