import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../live/use-may.ts';
import { usePlaces } from '../../live/place.ts';
import { useLongList } from '../../live/many/use-long-list.ts';
import { linkTo } from '../../models/base/address.ts';
import { allOrNone, choiceText, chosenOf, isChosen, NOTHING, parseChoice, toggled } from '../../models/base/choice.ts';
import { allowedActions } from '../../models/machines/machine-verbs.ts';
import { machineLink, machineRow, type MachineRow, ROW_FIELDS, stateCounts } from '../../models/machines/machines.ts';
import { filteredRows } from '../../models/base/table.ts';
import { Button } from '../../parts/button.tsx';
import { State } from '../../parts/icon.tsx';
import { Empty, Page, Shown } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';
import { Bmcs } from './bmcs.tsx';
import { BulkBar } from './bulk.tsx';
import { MACHINE_COLUMNS } from './columns.tsx';
import { CreateBmc, CreateMachine } from './create.tsx';
import { IgnoredMachines } from './ignored.tsx';
import { MachinePage, machineTab } from './machine.tsx';
import { AllocateFitting } from './order/allocate.tsx';

const TEXTS = EN.machines;

/** What is below the line of machines in the navigation. */
export function machines([id, part, ...more]: readonly string[]): JSX.Element | null {
  const tab = machineTab(part);
  if (id === undefined) return <Machines />;
  return more.length > 0 || tab === null ? null : <MachinePage key={id} id={id} tab={tab} />;
}

/** Every machine: which state each is in, and what one does with some of them. */
function Machines(): JSX.Element {
  const may = useMay();
  const list = useLongList(
    'machine.list',
    { query: { fields: ROW_FIELDS } },
    { nouns: ['machine', 'tag', 'resource-pool', 'zone', 'interface'], rowOf: machineRow },
  );
  const [isCreating, setCreating] = useState<'machine' | 'bmc' | 'allocation' | null>(null);
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.machines}
      actions={
        <>
          {may.own && <Button onClick={() => setCreating('allocation')}>{EN.machineActions.fitting.title}</Button>}
          {may.operate && (
            <>
              <Button onClick={() => setCreating('machine')}>{EN.machineActions.create}</Button>
              <Button onClick={() => setCreating('bmc')}>{EN.machineActions.createBmc}</Button>
            </>
          )}
        </>
      }
    >
      <Shown view={list.view}>
        {({ items, isWhole }) =>
          items.length === 0 ? (
            <Empty text={TEXTS.empty} next={TEXTS.emptyNext} />
          ) : (
            <>
              <Counts rows={items} />
              {!isWhole && (
                <p class="faint" role="status">
                  {TEXTS.coming}
                </p>
              )}
              <MachineTable rows={items} />
            </>
          )
        }
      </Shown>
      <Besides />
      {isCreating === 'allocation' && <AllocateFitting onClose={() => setCreating(null)} />}
      {isCreating === 'machine' && <CreateMachine onClose={() => setCreating(null)} />}
      {isCreating === 'bmc' && <CreateBmc onClose={() => setCreating(null)} />}
    </Page>
  );
}

/** Details that are seldom needed; requested when they are opened. */
function Besides(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{TEXTS.besides}</summary>
      {isOpen && (
        <div class="shown">
          <Bmcs />
          <IgnoredMachines />
        </div>
      )}
    </details>
  );
}

function Counts({ rows }: { readonly rows: readonly MachineRow[] }): JSX.Element {
  return (
    <ul class="counts" aria-label={TEXTS.states}>
      {stateCounts(rows).map(({ state, tone, count }) => (
        <li key={state}>
          <a
            href={linkTo(['machines'], {
              filter: state
                .split(' ')
                .map((part) => `state:${part}`)
                .join(' '),
            })}
          >
            <State tone={tone} label={`${count} ${state}`} />
          </a>
        </li>
      ))}
    </ul>
  );
}

function MachineTable({ rows }: { readonly rows: readonly MachineRow[] }): JSX.Element {
  const may = useMay();
  const places = usePlaces();
  const { query } = places.place.value;
  const choice = parseChoice(query['chosen']);
  const actions = allowedActions(may);
  const choose = (next: typeof choice) => places.setQuery({ chosen: choiceText(next) });
  // All are those that the filter keeps.
  const among = choice.isAll ? filteredRows(rows, MACHINE_COLUMNS, query['filter'] ?? '') : rows;
  const chosen = chosenOf(choice, among, (row) => row.id);
  return (
    <>
      {chosen.length > 0 && <BulkBar chosen={chosen} onNone={() => choose(NOTHING)} />}
      <Table
        name={TEXTS.title}
        rows={rows}
        columns={MACHINE_COLUMNS}
        keyOf={(row) => row.id}
        nameOf={(row) => row.name}
        linkOf={(row) => machineLink(row.id)}
        isMain
        hasColumns
        {...(actions.length === 0
          ? {}
          : {
              choice: {
                isAll: choice.isAll && choice.ids.size === 0,
                has: (id: string) => isChosen(choice, id),
                toggle: (id: string) => choose(toggled(choice, id)),
                toggleAll: () => choose(allOrNone(choice)),
              },
            })}
      />
    </>
  );
}
