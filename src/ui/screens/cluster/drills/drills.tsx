import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { type HazardRow, hazardRows, roundTone } from '../../../models/cluster/drills.ts';
import { dataOf, type View } from '../../../models/base/view.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { Icon, State } from '../../../parts/icon.tsx';
import { Empty, Page, Pending, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { Tabs } from '../../../parts/tabs.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Playing } from './playing.tsx';
import { RoundPage } from './round.tsx';
import { Rounds } from './rounds.tsx';
import { WhatIfPart } from './what-if.tsx';

const TEXTS = EN.drills;
const TABS = ['play', 'rounds', 'what-if'] as const;
type Tab = (typeof TABS)[number];

/** What is below the line of drills in the navigation. */
export function drills([part, id, ...more]: readonly string[]): JSX.Element | null {
  if (more.length > 0) return null;
  if (id !== undefined) return part === 'rounds' && /^[1-9]\d{0,9}$/.test(id) ? <RoundPage key={id} id={id} /> : null;
  const tab = part === undefined ? 'play' : TABS.find((one) => one === part);
  return tab === undefined ? null : <Drills tab={tab} />;
}

/** Drills: which there are, how they went, and what is concluded without any. */
function Drills({ tab }: { readonly tab: Tab }): JSX.Element {
  const cli = { play: CLI.drills, rounds: CLI.drills, 'what-if': CLI['what-if'] }[tab];
  return (
    <Page title={tab === 'play' ? TEXTS.title : TEXTS.tabs[tab]} cli={cli}>
      <Tabs
        name={TEXTS.tabs.name}
        at={tab}
        tabs={TABS.map((one) => ({
          id: one,
          label: TEXTS.tabs[one],
          link: linkTo(one === 'play' ? ['drills'] : ['drills', one]),
        }))}
      />
      {tab === 'play' && <Play />}
      {tab === 'rounds' && <Rounds />}
      {tab === 'what-if' && <WhatIfPart />}
    </Page>
  );
}

function Play(): JSX.Element {
  const may = useMay();
  const hazards = useView('drill.hazards', {}, { nouns: [], everyMs: 300_000 });
  const rounds = useView('drill.list', { query: { limit: 500 } }, { nouns: ['drill'] });
  const [open, setOpen] = useState<HazardRow | null>(null);
  return (
    <>
      <Playing />
      <Shown view={hazards.view}>
        {({ items }) => {
          const rows = hazardRows(items, dataOf(rounds.view)?.items ?? []);
          const [harmless, others] = [rows.filter((row) => row.isHarmless), rows.filter((row) => !row.isHarmless)];
          if (rows.length === 0) return <Empty text={TEXTS.none} />;
          return (
            <>
              <Section title={TEXTS.harmless} note={TEXTS.harmlessNote}>
                <ul class="hazards">
                  {harmless.map((row) => (
                    <li key={row.id}>
                      <strong>{row.title}</strong>
                      <span class="faint">{row.id}</span>
                      <Pending view={rounds.view}>{() => <Last row={row} />}</Pending>
                      {may.operate && (
                        <button type="button" aria-label={`${TEXTS.play} ${row.id}`} onClick={() => setOpen(row)}>
                          {TEXTS.play}
                        </button>
                      )}
                    </li>
                  ))}
                </ul>
              </Section>
              <Section title={TEXTS.labOnly} note={TEXTS.labNote}>
                <Table
                  name={TEXTS.labOnly}
                  rows={others}
                  columns={columnsOf(rounds.view)}
                  keyOf={(row) => row.id}
                  isMain
                />
              </Section>
            </>
          );
        }}
      </Shown>
      {open !== null && (
        <ActionDialog
          title={`${TEXTS.play} ${open.id}`}
          text={TEXTS.playText(open.title)}
          id="drill.run"
          input={{ body: { hazard: open.id } }}
          cli={`regent drill run ${open.id} --yes`}
          isJob
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function Last({ row }: { readonly row: HazardRow }): JSX.Element {
  const { last } = row;
  if (last === null) return <State tone="off" label={TEXTS.neverPlayed} />;
  return (
    <span>
      <a href={linkTo(['drills', 'rounds', String(last.id)])}>
        <State tone={roundTone(last)} label={last.isPassed ? TEXTS.passed : TEXTS.failed} />
      </a>{' '}
      <Ago at={last.startedAt} />
    </span>
  );
}

const columnsOf = (rounds: View<unknown>): readonly Column<HazardRow>[] => [
  { id: 'id', head: TEXTS.rounds.columns.hazard, value: (row) => row.id },
  { id: 'title', head: TEXTS.round.checkColumns.what, value: (row) => row.title },
  { id: 'group', head: TEXTS.groups, value: (row) => row.group, isMinor: true },
  {
    id: 'last',
    head: TEXTS.last,
    value: (row) => row.last?.startedAt ?? null,
    cell: (row) => <Pending view={rounds}>{() => <Last row={row} />}</Pending>,
  },
  {
    id: 'long',
    head: TEXTS.length,
    value: (row) => (row.isLong ? TEXTS.isLong : ''),
    cell: (row) =>
      row.isLong && (
        <>
          <Icon name="busy" /> {TEXTS.isLong}
        </>
      ),
    isMinor: true,
  },
];
