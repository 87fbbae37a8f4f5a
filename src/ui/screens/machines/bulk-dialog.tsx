import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteInput } from '../../../contract/routes.ts';
import { type ManyOutcome, useMany } from '../../live/many/use-many.ts';
import type { MachineAction } from '../../models/machines/machine-verbs.ts';
import type { MachineRow } from '../../models/machines/machines.ts';
import type { Tone } from '../../models/base/tone.ts';
import { Copy } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import type { Values } from '../../models/base/typed.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import type { FormField } from '../../parts/form.tsx';
import { State } from '../../parts/icon.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { type MachineRoute, verbOf } from './verbs.ts';

const TEXTS = EN.machines.bulk;
/** More machines take minutes, and are left to the command line. */
const MOST = 500;
/** So many are named in a line that one copies. */
const NAMED = 20;

/** An action on many machines. */
export function BulkDialog(props: {
  readonly action: MachineAction;
  readonly images?: readonly string[];
  readonly machines: readonly MachineRow[];
  readonly onClose: () => void;
}): JSX.Element {
  const verb = verbOf(props.action, props.images);
  return (
    <ManyDialog
      title={`${verb.title}: ${TEXTS.chosen(props.machines.length)}`}
      text={verb.text}
      route={verb.route}
      fields={verb.fields}
      bodyOf={verb.body}
      cli={verb.cli}
      machines={props.machines}
      onClose={props.onClose}
    />
  );
}

/** A change of many machines: each is previewed first, so the dialog shows which would be refused, and why. */
export function ManyDialog(props: {
  readonly title: string;
  readonly text: string;
  readonly route: MachineRoute;
  readonly fields: readonly FormField[];
  readonly bodyOf: (values: Values) => object;
  readonly cli: (names: string, values: Values) => string;
  readonly machines: readonly MachineRow[];
  readonly onClose: () => void;
}): JSX.Element {
  const { machines } = props;
  const many = useMany(props.route);
  const [values, setValues] = useState<Values>({});
  const { phase } = many;
  const counts = (kind: ManyOutcome['kind']) => [...many.outcomes.values()].filter((one) => one.kind === kind).length;
  const isTooMany = machines.length > MOST;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = props.bodyOf(values);
    many.preview(
      machines.map(({ id }) => ({
        key: id,
        input: { params: { machine: id }, body } as unknown as RouteInput<MachineRoute>,
      })),
    );
  };
  const left = counts('would') + (phase === 'done' ? counts('unsure') : 0);
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      {isTooMany && <p class="waiting">{TEXTS.tooMany(MOST)}</p>}
      <form class="fields" onSubmit={submit}>
        {phase === 'form' &&
          props.fields.map((field) => (
            <Field
              key={field.name}
              field={field}
              value={values[field.name] ?? ''}
              problem={null}
              isFixed={false}
              onInput={(value) => setValues((now) => ({ ...now, [field.name]: value }))}
            />
          ))}
        <p role="status">{sentence(phase, many.answered, { all: machines.length, counts })}</p>
        {phase !== 'form' && <Outcomes machines={machines} outcomes={many.outcomes} />}
        <Copy text={props.cli(namesOf(machines), values)} />
        <footer>
          <Button onClick={props.onClose}>{phase === 'done' ? EN.close : EN.cancel}</Button>
          {phase === 'checked' && <Button onClick={() => many.back()}>{EN.change.back}</Button>}
          {phase === 'form' && (
            <button type="submit" class="main" disabled={isTooMany}>
              {EN.form.preview}
            </button>
          )}
          {(phase === 'checked' || phase === 'applying' || (phase === 'done' && left > 0)) && (
            <button
              type="button"
              class="main"
              disabled={phase === 'applying' || left === 0}
              onClick={() => many.apply()}
              data-apply
            >
              {phase === 'applying' ? EN.change.applying : phase === 'done' ? EN.change.again : TEXTS.apply(left)}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

function sentence(
  phase: string,
  answered: number,
  { all, counts }: { readonly all: number; readonly counts: (kind: ManyOutcome['kind']) => number },
): string {
  const refused = counts('refused') + counts('unsure');
  if (phase === 'checking') return TEXTS.looking(answered, all);
  if (phase === 'checked') return TEXTS.would(counts('would'), refused);
  if (phase === 'applying') return TEXTS.applying(counts('started'), all);
  return phase === 'done' ? TEXTS.done(counts('started'), refused) : '';
}

/** Names for a command line; for very many a hint to select by a tag. */
export function namesOf(machines: readonly MachineRow[]): string {
  return machines.length > NAMED ? '--tag TAG' : machines.map(({ name }) => name).join(' ');
}

const TONES: Readonly<Record<ManyOutcome['kind'], Tone>> = {
  waiting: 'busy',
  would: 'ok',
  started: 'ok',
  refused: 'bad',
  unsure: 'warn',
};

type OutcomeRow = ManyOutcome & { readonly machine: MachineRow };

const COLUMNS: readonly Column<OutcomeRow>[] = [
  { id: 'machine', head: TEXTS.columns.machine, value: (row) => row.machine.name },
  {
    id: 'outcome',
    head: TEXTS.columns.outcome,
    value: (row) => TEXTS.outcome[row.kind],
    cell: (row) => <State tone={TONES[row.kind]} label={TEXTS.outcome[row.kind]} />,
  },
  { id: 'why', head: TEXTS.columns.why, value: (row) => row.why },
];

/** The outcomes: refusals first. */
function Outcomes(props: {
  readonly machines: readonly MachineRow[];
  readonly outcomes: ReadonlyMap<string, ManyOutcome>;
}): JSX.Element {
  const rows = props.machines
    .map((machine) => ({ machine, ...(props.outcomes.get(machine.id) ?? { kind: 'waiting' as const, why: '' }) }))
    .toSorted((a, b) => rank(a) - rank(b));
  return <Table name={TEXTS.table} rows={rows} columns={COLUMNS} keyOf={(row) => row.machine.id} />;
}

const rank = ({ kind }: ManyOutcome): number => ['refused', 'unsure', 'waiting', 'would', 'started'].indexOf(kind);
