import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useView } from '../../live/use-view.ts';
import { mapView } from '../../models/base/view.ts';
import type { Tone } from '../../models/base/tone.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { stateColumn } from '../../parts/kinds.tsx';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.scripts;
type Result = RouteOutput<'machine.results'>['items'][number];

/** How a result of a script is. */
function toneOf(state: string): Tone {
  if (state === 'passed') return 'ok';
  return state === 'pending' || state === 'running' ? 'busy' : 'bad';
}

/** What scripts gave on a machine, and their outputs. */
export function Scripts({ machine }: { readonly machine: string }): JSX.Element {
  const results = useView('machine.results', { params: { machine } }, { nouns: ['machine', 'script'], everyMs: 5000 });
  const [open, setOpen] = useState<Result | null>(null);
  const columns: readonly Column<Result>[] = [
    { id: 'script', head: TEXTS.columns.script, value: (row) => row.script },
    { id: 'purpose', head: TEXTS.columns.purpose, value: (row) => row.purpose },
    stateColumn('state', TEXTS.columns.state, { label: (row) => row.state, tone: (row) => toneOf(row.state) }),
    { id: 'exit', head: TEXTS.columns.exit, value: (row) => row.exitStatus, isNumber: true },
    {
      id: 'ended',
      head: TEXTS.columns.ended,
      value: (row) => row.endedAt,
      cell: (row) => (row.endedAt === null ? '' : <Ago at={row.endedAt} />),
    },
    { id: 'run', head: TEXTS.columns.run, value: (row) => row.run, isNumber: true, isMinor: true },
    actionColumn(
      TEXTS.columns.out,
      (row) => row.script,
      (row) => [{ label: TEXTS.output, run: () => setOpen(row) }],
    ),
  ];
  return (
    <Section title={TEXTS.title}>
      <Shown view={mapView(results.view, ({ items }) => items)}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={TEXTS.none} />
          ) : (
            <Table name={TEXTS.title} rows={items} columns={columns} keyOf={(row) => String(row.id)} isMain />
          )
        }
      </Shown>
      {open !== null && <Output machine={machine} result={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function Output(props: {
  readonly machine: string;
  readonly result: Result;
  readonly onClose: () => void;
}): JSX.Element {
  const { machine, result } = props;
  const detail = useView('machine.result', { params: { machine, result: result.id } }, { nouns: ['script'] });
  return (
    <Dialog title={TEXTS.outputOf(result.script)} onClose={props.onClose}>
      <Shown view={detail.view}>
        {({ contents, outputs }) =>
          contents.length === 0 ? (
            <Empty text={TEXTS.noOutput} />
          ) : (
            contents.map((content) => (
              <section key={content.kind}>
                <h3>
                  {content.kind}{' '}
                  <span class="faint">
                    {TEXTS.storedBytes(
                      content.bytes,
                      outputs.find(({ kind }) => kind === content.kind)?.kept ?? content.bytes,
                    )}
                  </span>
                </h3>
                {content.text === undefined && <p class="faint">{TEXTS.binary}</p>}
                <pre class="diff" tabIndex={0}>
                  {content.text ?? content.base64}
                </pre>
              </section>
            ))
          )
        }
      </Shown>
      <footer>
        <Button onClick={props.onClose}>{EN.close}</Button>
      </footer>
    </Dialog>
  );
}
