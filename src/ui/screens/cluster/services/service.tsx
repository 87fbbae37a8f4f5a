import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ServiceDetail } from '../../../../contract/cluster/service.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { serviceTone, serviceStateText } from '../../../models/base/tone.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { State } from '../../../parts/icon.tsx';
import { Empty, Facts, Page, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { Ago, For } from '../../../parts/time.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { NodeLog } from './log.tsx';
import { ServiceActions, ServiceFiles } from './service-actions.tsx';

const TEXTS = EN.services;
const EVERY_MS = 5000;

/** One service on one node: what it is, why, since when, and its numbers. */
export function ServicePage({ node, service }: { readonly node: string; readonly service: string }): JSX.Element {
  const params = { node, service };
  const shown = useView('service.show', { params }, { nouns: ['service', 'node'], everyMs: EVERY_MS });
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const cli = cliLines(CLI.service, { NODE: node, SERVICE: service });
  return (
    <Page
      title={`${service} · ${node}`}
      cli={cli}
      actions={may.operate && <Button onClick={() => setOpen(true)}>{TEXTS.restart}</Button>}
    >
      <p>
        <a href={linkTo(['nodes', node])}>{node}</a>
      </p>
      <Shown view={shown.view}>{(data) => <ServiceText service={data} />}</Shown>
      {may.watch && <ServiceActions node={node} service={service} />}
      <NodeLog node={node} parts={[service]} />
      {may.watch && <ServiceFiles node={node} service={service} />}
      {isOpen && (
        <ActionDialog
          title={`${TEXTS.restart} ${service}`}
          text={TEXTS.restartText(service, node)}
          id="service.restart"
          input={{ params }}
          cli={cli[1] ?? ''}
          onClose={() => setOpen(false)}
        />
      )}
    </Page>
  );
}

type Metric = ServiceDetail['metrics'][number];
const METRIC_COLUMNS: readonly Column<Metric>[] = [
  { id: 'name', head: TEXTS.metricColumns.name, value: (row) => row.name },
  { id: 'labels', head: TEXTS.metricColumns.labels, value: labelsText },
  {
    id: 'value',
    head: TEXTS.metricColumns.value,
    value: (row) => row.value,
    cell: (row) => `${row.value} ${row.unit === 'count' ? '' : row.unit}`,
    isNumber: true,
  },
];

function labelsText(row: Metric): string {
  return Object.entries(row.labels ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function ServiceText({ service }: { readonly service: ServiceDetail }): JSX.Element {
  return (
    <>
      <Facts rows={factRows(service)} />
      {service.restart?.isDone === false && <p class="waiting">{TEXTS.restartPending}</p>}
      <Section title={TEXTS.findings}>
        {service.findings.length === 0 ? (
          <Empty text={TEXTS.noFindings} />
        ) : (
          <ul class="findings">
            {service.findings.map((finding) => (
              <li key={`${finding.code} ${finding.subject}`}>
                <State tone={finding.severity === 'error' ? 'bad' : 'warn'} label={finding.severity} />{' '}
                {finding.subject}: {finding.sentence} {finding.remedy ?? ''}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title={TEXTS.metrics}>
        {service.metrics.length === 0 ? (
          <Empty text={TEXTS.noMetrics} />
        ) : (
          <Table
            name={TEXTS.metrics}
            rows={service.metrics}
            columns={METRIC_COLUMNS}
            keyOf={(row) => `${row.name} ${labelsText(row)}`}
            isMain
          />
        )}
      </Section>
    </>
  );
}

function factRows(service: ServiceDetail): readonly (readonly [string, ComponentChildren])[] {
  const { lastAction } = service;
  return [
    [
      TEXTS.facts.state,
      <State key="state" tone={serviceTone(service.state)} label={serviceStateText(service.state)} />,
    ],
    [TEXTS.facts.since, <For key="since" since={service.since} />],
    ...(service.why === '' ? [] : [[TEXTS.facts.why, service.why] as const]),
    [TEXTS.facts.generation, `${service.applied ?? '–'}/${service.wanted}`],
    ...(service.version === null ? [] : [[TEXTS.facts.version, service.version] as const]),
    ...(service.state === 'stale' && service.lastState !== null
      ? [[TEXTS.facts.last, serviceStateText(service.lastState)] as const]
      : []),
    ...(lastAction === null ? [] : [[TEXTS.facts.action, <LastAction key="action" action={lastAction} />] as const]),
  ];
}

function LastAction({ action }: { readonly action: NonNullable<ServiceDetail['lastAction']> }): JSX.Element {
  return (
    <>
      {action.kind}, <Ago at={action.at} />: {action.why}
    </>
  );
}
