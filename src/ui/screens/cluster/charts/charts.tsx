import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { useLive } from '../../../live/live.ts';
import { useView } from '../../../live/use-view.ts';
import { CHART_GROUPS, plotData, seriesQuery, type SpanId } from '../../../models/base/charts.ts';
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

/** Values come every five minutes. */
const EVERY_MS = 300_000;

function Chart(props: { readonly group: (typeof CHART_GROUPS)[number]; readonly span: SpanId }): JSX.Element {
  const { group, span } = props;
  const { siteTime } = useLive();
  const title = CHARTS.groups[group.id];
  // The start stays while the page is open: another one would be another call.
  const query = useMemo(
    () => seriesQuery(group.name, span, siteTime(), 'label' in group ? group.label : undefined),
    [group, span],
  );
  const found = useView('series.list', { query }, { nouns: [], everyMs: EVERY_MS });
  return (
    <Section title={title}>
      <Shown view={found.view}>{(answer) => <Plot name={title} data={plotData(answer, group.name, title)} />}</Shown>
    </Section>
  );
}
