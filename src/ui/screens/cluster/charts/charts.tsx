import type { JSX } from 'preact';
import { useSeries } from '../../../live/use-series.ts';
import { CHART_GROUPS, plotData, type SpanId } from '../../../models/base/charts.ts';
import { Page, Section, Shown } from '../../../parts/page.tsx';
import { Plot } from '../../../parts/plot.tsx';
import { SpanChoice, useSpan } from '../../../parts/span-choice.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { CHARTS } from '../../../texts/base/charts.ts';

/** Charts of the whole site over a span. */
export function Charts(): JSX.Element {
  const span = useSpan('day');
  return (
    <Page title={CHARTS.title} cli={CLI.charts} actions={<SpanChoice usual="day" />}>
      <div class="charts">
        {CHART_GROUPS.map((group) => (
          <Chart key={`${group.id} ${span}`} group={group} span={span} />
        ))}
      </div>
    </Page>
  );
}

function Chart(props: { readonly group: (typeof CHART_GROUPS)[number]; readonly span: SpanId }): JSX.Element {
  const { group, span } = props;
  const title = CHARTS.groups[group.id];
  const found = useSeries(group.name, span, 'label' in group ? group.label : undefined);
  return (
    <Section title={title}>
      <Shown view={found.view}>{(answer) => <Plot name={title} data={plotData(answer, group.name, title)} />}</Shown>
    </Section>
  );
}
