import type { JSX } from 'preact';
import type { MachineTimeline } from '../../../contract/machines/machine-timeline.ts';
import { usePlaces } from '../../live/place.ts';
import { useView } from '../../live/use-view.ts';
import { nextOf, type StepRow, stepRows } from '../../models/machines/timeline.ts';
import { State } from '../../parts/icon.tsx';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { Remedy } from '../../parts/remedy.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Until } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.timeline;

/** The steps of a machine so far, what comes next, and why it may be late. */
export function Timeline({ machine }: { readonly machine: string }): JSX.Element {
  const places = usePlaces();
  const text = places.place.value.query['run'] ?? '';
  const run = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  const timeline = useView(
    'machine.timeline',
    { params: { machine }, query: run === undefined ? {} : { run } },
    { nouns: ['machine', 'job'], everyMs: 2000 },
  );
  return (
    <Section title={TEXTS.title}>
      <Shown view={timeline.view}>
        {(data) => (
          <>
            {data.runs.length > 1 && (
              <label class="field">
                <span>{TEXTS.run}</span>
                <select value={text} onChange={(event) => places.setQuery({ run: event.currentTarget.value })}>
                  <option value="">{TEXTS.newest}</option>
                  {data.runs.map((id) => (
                    <option key={id} value={String(id)}>
                      {TEXTS.runName(id)}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <Next timeline={data} />
            <Steps timeline={data} />
          </>
        )}
      </Shown>
    </Section>
  );
}

function Next({ timeline }: { readonly timeline: MachineTimeline }): JSX.Element | null {
  const next = nextOf(timeline);
  if (next === null && timeline.causes.length === 0) return null;
  return (
    <div class={`next ${next?.tone ?? 'bad'}`} role="status">
      {next !== null && (
        <>
          <p>
            <State tone={next.tone} label={next.isLate ? TEXTS.late : TEXTS.onTime} /> <strong>{next.sentence}</strong>
          </p>
          <p>
            {TEXTS.next}: {next.next}, {TEXTS.dueBy} <Until at={next.deadline} />
          </p>
        </>
      )}
      {timeline.causes.length > 0 && (
        <>
          <h3>{TEXTS.causes}</h3>
          <ul class="causes">
            {timeline.causes.map((cause) => (
              <li key={cause.code}>
                {cause.sentence} <Remedy text={cause.remedy} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

const { columns: HEADS } = TEXTS;
const COLUMNS: readonly Column<StepRow>[] = [
  { id: 'at', head: HEADS.at, value: (row) => row.at, cell: (row) => <time title={row.at}>{row.clock}</time> },
  { id: 'after', head: HEADS.after, value: (row) => row.after, isNumber: true, isMinor: true },
  { id: 'what', head: HEADS.what, value: (row) => row.what },
  {
    id: 'outcome',
    head: HEADS.outcome,
    value: (row) => row.outcome,
    cell: (row) => <State tone={row.tone} label={TEXTS.outcomes[row.outcome]} />,
  },
  { id: 'who', head: HEADS.who, value: (row) => row.who, isMinor: true },
  { id: 'detail', head: HEADS.detail, value: (row) => row.detail },
];

function Steps({ timeline }: { readonly timeline: MachineTimeline }): JSX.Element {
  if (timeline.steps.length === 0) return <Empty text={TEXTS.none} />;
  return (
    <>
      {timeline.isCut && <p class="faint">{TEXTS.cut}</p>}
      <Table name={TEXTS.title} rows={stepRows(timeline)} columns={COLUMNS} keyOf={(row) => row.id} />
    </>
  );
}
