import type { ComponentChildren, JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../contract/base/common.ts';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import { useChange } from '../live/use-change.ts';
import { fieldProblem } from '../models/base/change.ts';
import type { Values } from '../models/base/typed.ts';
import { Button } from './button.tsx';
import { EN } from '../texts/en.ts';
import { ApplyButton, ChangeNotes } from './change.tsx';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';

/**
 * A field of a form. `name`: the name in the API, so that a refusal is shown beside the field. `choices`: value and
 * label. A check is `yes` or empty.
 */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'password' | 'number' | 'area' | 'choice' | 'check';
  readonly choices?: readonly (readonly [value: string, label: string])[];
  readonly help?: string;
  readonly initial?: string;
  readonly isOptional?: boolean;
  /** Is the field shown, with what is typed so far? Always if left out. */
  readonly isShown?: (values: Values) => boolean;
}

/** A text of a form that may be left out: its member of a body, or none. */
export const given = <N extends string>(values: Values, name: N): { [K in N]?: string } =>
  values[name] ? ({ [name]: values[name] } as { [K in N]: string }) : {};

interface FormProps<I extends RouteId> {
  readonly title: string;
  readonly text?: string;
  readonly id: I;
  readonly fields: readonly FormField[];
  readonly input: (values: Values) => RouteInput<I>;
  readonly cli: (values: Values) => string;
  /** ETag of what the form was filled from. */
  readonly ifMatch?: string | null;
  /** Both versions, where somebody was faster (with-current.tsx). */
  readonly changed?: ComponentChildren;
  /** The shown part of the answer; a secret is shown only here. */
  readonly done?: (result: RouteOutput<I>) => ComponentChildren;
  readonly onClose: () => void;
}

/**
 * A change with a form: filled in, previewed, applied. What is typed stays until the dialog closes; every keystroke
 * discards the preview.
 */
export function FormDialog<I extends RouteId>(props: FormProps<I>): JSX.Element {
  const change = useChange(props.id, props.ifMatch == null ? {} : { ifMatch: props.ifMatch });
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(props.fields.map((field) => [field.name, field.initial ?? ''])),
  );
  const { state } = change;
  const isFixed = ['previewing', 'applying', 'unsure', 'done'].includes(state.kind);
  const problem = state.kind === 'refused' ? state.problem : null;
  const set = (name: string, value: string) => {
    setValues((now) => ({ ...now, [name]: value }));
    if (state.kind !== 'form') change.back();
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.preview(props.input(values));
  };
  const result = state.kind === 'done' ? (state.result as RouteOutput<I>) : null;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.text !== undefined && <p>{props.text}</p>}
      <form class="fields" onSubmit={submit}>
        {state.kind !== 'done' &&
          props.fields
            .filter(({ isShown }) => isShown?.(values) !== false)
            .map((field) => (
              <Field
                key={field.name}
                field={field}
                value={values[field.name] ?? ''}
                problem={problem}
                isFixed={isFixed}
                onInput={(value) => set(field.name, value)}
              />
            ))}
        <ChangeNotes
          state={state}
          changed={props.changed}
          done={
            <>
              {EN.change.done}
              {result !== null && props.done?.(result)}
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

/** One field, and the site's refusal of it. */
export function Field(props: {
  readonly field: FormField;
  readonly value: string;
  readonly problem: Problem | null;
  readonly isFixed: boolean;
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const { field, value } = props;
  const { kind = 'text' } = field;
  const wrong = fieldProblem(props.problem, field.name);
  const noteId = `form-${field.name}-note`;
  const shared = {
    name: field.name,
    disabled: props.isFixed,
    'aria-invalid': wrong !== null,
    'aria-describedby': noteId,
  };
  const note = (
    <span id={noteId} class={wrong === null ? 'faint' : 'wrong'}>
      {wrong ?? field.help ?? ''}
    </span>
  );
  if (kind === 'check')
    return (
      <div class="field">
        <label class="check">
          <input
            {...shared}
            type="checkbox"
            checked={value !== ''}
            onChange={(event) => props.onInput(event.currentTarget.checked ? 'yes' : '')}
          />
          {field.label}
        </label>
        {note}
      </div>
    );
  return (
    <div class="field">
      <label class="field">
        <span>
          {field.label} {field.isOptional && <span class="faint">({EN.form.optional})</span>}
        </span>
        <Input {...props} shared={{ ...shared, required: field.isOptional !== true }} />
      </label>
      {note}
    </div>
  );
}

function Input(props: {
  readonly field: FormField;
  readonly value: string;
  readonly shared: {
    readonly name: string;
    readonly disabled: boolean;
    readonly required: boolean;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string;
  };
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const { field, value, shared, onInput } = props;
  if (field.kind === 'choice')
    return (
      <select {...shared} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
        {value === '' && field.choices?.every(([id]) => id !== '') && <option value="">{EN.form.choose}</option>}
        {(field.choices ?? []).map(([id, label]) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    );
  if (field.kind === 'area')
    return (
      <textarea
        {...shared}
        rows={5}
        value={value}
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    );
  const typed = {
    ...shared,
    value,
    spellcheck: false as const,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value),
  };
  if (field.kind === 'password') return <input {...typed} type="password" autocomplete="new-password" />;
  // A number is a text with another keyboard: a wrong one is not swallowed, but refused by the site.
  return <input {...typed} type="text" inputMode={field.kind === 'number' ? 'numeric' : 'text'} autocomplete="off" />;
}
