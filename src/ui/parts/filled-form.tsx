import type { JSX, TargetedSubmitEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Problem } from '../../contract/base/common.ts';
import type { RouteId, RouteOutput } from '../../contract/routes.ts';
import { useChange } from '../live/use-change.ts';
import { withoutShown } from '../models/base/change.ts';
import { faultOf } from './faults.ts';
import type { Values } from '../models/base/typed.ts';
import { FIELDS } from '../texts/base/fields.ts';
import { EN } from '../texts/en.ts';
import { Button } from './button.tsx';
import { ApplyButton, ChangeNotes } from './change.tsx';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import type { FormField, FormProps } from './form.tsx';

/**
 * A change with a form: filled in, previewed, applied. What is typed stays until the dialog closes; every keystroke
 * discards the preview.
 */
export function FilledForm<I extends RouteId>(props: FormProps<I>): JSX.Element {
  const change = useChange(props.id, props.ifMatch == null ? {} : { ifMatch: props.ifMatch });
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(props.fields.map((field) => [field.name, field.initial ?? ''])),
  );
  const [isChecked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { state } = change;
  const shown = props.fields.filter(({ isShown }) => isShown?.(values) !== false);
  const problem = state.kind === 'refused' ? state.problem : null;
  const set = (name: string, value: string) => {
    setValues((now) => ({ ...now, [name]: value }));
    if (state.kind !== 'form') change.back();
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setChecked(true);
    const first = shown.find((field) => faultOf(field, values) !== null);
    if (first === undefined) return change.preview(props.input(values));
    const input = form.current?.elements.namedItem(first.name);
    if (input instanceof HTMLElement) input.focus();
  };
  const result = state.kind === 'done' ? (state.result as RouteOutput<I>) : null;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.text !== undefined && <p>{props.text}</p>}
      <form class="fields" ref={form} noValidate onSubmit={submit}>
        {state.kind !== 'done' && (
          <Fields
            fields={shown}
            values={values}
            problem={problem}
            isChecked={isChecked}
            isFixed={['previewing', 'applying', 'unsure'].includes(state.kind)}
            onInput={set}
          />
        )}
        <ChangeNotes
          state={
            state.kind === 'refused' ? { ...state, problem: withoutShown(state.problem, shown, FIELDS.faults) } : state
          }
          changed={props.changed}
          done={
            <>
              {EN.change.done} {result !== null && props.done?.(result)}
            </>
          }
        />
        <Copy text={props.cli(values)} />
        <footer>
          <Button onClick={props.onClose}>{state.kind === 'done' ? EN.close : EN.cancel}</Button>
          {(state.kind === 'form' || state.kind === 'refused') && (
            <button type="submit" class="main">
              {EN.form.preview}
            </button>
          )}
          <ApplyButton state={state} isBarred={false} onApply={() => change.apply(props.input(values))} />
        </footer>
      </form>
    </Dialog>
  );
}

interface FieldsProps {
  readonly fields: readonly FormField[];
  readonly values: Values;
  readonly problem: Problem | null;
  readonly isChecked: boolean;
  readonly isFixed: boolean;
  readonly onInput: (name: string, value: string) => void;
}

/** The first fields, and the others under "More options", which opens by itself where one of them has a fault. */
function Fields(props: FieldsProps): JSX.Element {
  const [isOpened, setOpened] = useState(false);
  const { values, problem } = props;
  const faults = new Map(
    props.fields.map((field) => [field.name, props.isChecked ? faultOf(field, values) : null] as const),
  );
  const [first, more] = [false, true].map((isMore) =>
    props.fields.filter((field) => (field.isMore ?? false) === isMore),
  );
  const isFaulty = more?.some(
    ({ name }) => faults.get(name) !== null || problem?.fields?.some(({ field }) => field.split('/')[0] === name),
  );
  const one = (field: FormField) => (
    <Field
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      problem={problem}
      fault={faults.get(field.name) ?? null}
      isFixed={props.isFixed}
      onInput={(value) => props.onInput(field.name, value)}
    />
  );
  return (
    <>
      <div class="inputs">{first?.map(one)}</div>
      {more !== undefined && more.length > 0 && (
        <details open={isOpened || isFaulty} onToggle={(event) => setOpened(event.currentTarget.open)}>
          <summary>{FIELDS.options}</summary>
          <div class="inputs">{more.map(one)}</div>
        </details>
      )}
    </>
  );
}
