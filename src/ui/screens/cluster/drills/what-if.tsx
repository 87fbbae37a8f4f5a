import type { JSX } from 'preact';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { usePlaces } from '../../../live/place.ts';
import { useView } from '../../../live/use-view.ts';
import { clusterAfter, type FateRow, fateRows } from '../../../models/cluster/what-if.ts';
import { State } from '../../../parts/icon.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { TopologyPicture } from '../../../parts/topology.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.drills.whatIf;
const EVENTS = ['dies', 'drains', 'is-cut-off'] as const;
type Answers = RouteOutput<'cluster.what-ifs'>;

/** The effect of each event at each node; the chosen one also as a picture. */
export function WhatIfPart(): JSX.Element {
  const places = usePlaces();
  const { query } = places.place.value;
  const event = EVENTS.find((one) => one === query['event']) ?? 'dies';
  const answers = useView('cluster.what-ifs', {}, { nouns: ['node', 'job'], everyMs: 10_000 });
  return (
    <>
      <p class="faint">{TEXTS.note}</p>
      <label class="field">
        <span>{TEXTS.event}</span>
        <select value={event} onChange={(change) => places.setQuery({ event: change.currentTarget.value })}>
          {EVENTS.map((one) => (
            <option key={one} value={one}>
              {TEXTS.events[one]}
            </option>
          ))}
        </select>
      </label>
      <Shown view={answers.view}>{(data) => <Fates answers={data} event={event} />}</Shown>
    </>
  );
}

function Fates({
  answers,
  event,
}: {
  readonly answers: Answers;
  readonly event: (typeof EVENTS)[number];
}): JSX.Element {
  const places = usePlaces();
  const rows = fateRows(answers.items, event, TEXTS);
  const chosen = rows.find((row) => row.node === places.place.value.query['node']) ?? rows[0];
  const refused = answers.refused.filter((one) => one.event === event);
  const columns: readonly Column<FateRow>[] = [
    {
      id: 'node',
      head: TEXTS.columns.node,
      value: (row) => row.node,
      cell: (row) => (
        <button
          type="button"
          class="small"
          aria-pressed={row === chosen}
          aria-label={TEXTS.choose(row.node)}
          onClick={() => places.setQuery({ node: row.node })}
        >
          {row.node}
        </button>
      ),
    },
    {
      id: 'survives',
      head: TEXTS.columns.survives,
      value: (row) => row.survives,
      cell: (row) => <State tone={row.tone} label={String(row.survives)} />,
    },
    { id: 'address', head: TEXTS.columns.address, value: (row) => row.address },
    { id: 'primary', head: TEXTS.columns.primary, value: (row) => row.primary },
    { id: 'outage', head: TEXTS.columns.outage, value: outagesOf },
    { id: 'vlans', head: TEXTS.columns.vlans, value: (row) => row.vlans.join('; '), isMinor: true },
    { id: 'risks', head: TEXTS.columns.risks, value: (row) => row.risks.join(' '), isMinor: true },
  ];
  if (rows.length === 0 && refused.length === 0) return <Empty text={EN.none} />;
  return (
    <>
      {rows.length > 0 && <Table name={TEXTS.title} rows={rows} columns={columns} keyOf={(row) => row.node} />}
      {refused.length > 0 && (
        <Section title={TEXTS.refused}>
          <ul>
            {refused.map((one) => (
              <li key={one.node}>
                <strong>{one.node}</strong>: {one.why}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {chosen !== undefined && <Picture answers={answers} event={event} node={chosen.node} />}
    </>
  );
}

function outagesOf(row: FateRow): string {
  if (row.outages.length === 0) return TEXTS.noOutage;
  return row.outages
    .map(({ probe, most }) => (most === null ? TEXTS.forGood(probe) : EN.overview.upTo(probe, most)))
    .join('; ');
}

function Picture(props: { readonly answers: Answers; readonly event: string; readonly node: string }): JSX.Element {
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'job'], everyMs: 10_000 });
  const answer = props.answers.items.find((one) => one.node === props.node && one.event === props.event);
  return (
    <Section title={TEXTS.picture} note={answer?.summary ?? ''}>
      <Shown view={cluster.view}>
        {(now) => answer !== undefined && <TopologyPicture cluster={clusterAfter(now, answer)} name={answer.summary} />}
      </Shown>
      {answer !== undefined && answer.redundancy.why.length > 0 && (
        <p class="faint">
          {TEXTS.why}: {answer.redundancy.why.join('; ')}
        </p>
      )}
    </Section>
  );
}
