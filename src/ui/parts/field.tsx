import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../contract/base/common.ts';
import { useMissing } from '../live/use-choices.ts';
import { fieldProblem } from '../models/base/change.ts';
import type { ReferenceNoun } from '../models/base/nouns/nouns.ts';
import { FIELDS } from '../texts/base/fields.ts';
import { EN } from '../texts/en.ts';
import { Combobox } from './combobox.tsx';
import type { FormField } from './form.tsx';

interface FieldProps {
  readonly field: FormField;
  readonly value: string;
  readonly problem: Problem | null;
  /** What is wrong with what was typed, as far as it is known before the call. */
  readonly fault?: string | null;
  readonly isFixed: boolean;
  readonly onInput: (value: string) => void;
}

/** One field, and the site's refusal of it. */
export function Field(props: FieldProps): JSX.Element {
  const { field, value } = props;
  const { kind = 'text' } = field;
  if (field.noun !== undefined) return <ReferenceField {...props} noun={field.noun} />;
  const wrong = props.fault ?? fieldProblem(props.problem, field.name);
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
    <div class={kind === 'area' ? 'field wide' : 'field'}>
      <label class="field">
        <span>
          {field.label} {field.isOptional && <span class="faint">({EN.form.optional})</span>}
        </span>
        <Input {...props} shared={{ ...shared, 'aria-required': field.isOptional !== true }} />
      </label>
      {note}
    </div>
  );
}

/** A field that names objects. A name that no object has is marked as soon as the field is left. */
function ReferenceField(props: FieldProps & { readonly noun: ReferenceNoun }): JSX.Element {
  const { field, value, noun } = props;
  const { separator } = field;
  const [left, setLeft] = useState('');
  const names = (separator === undefined ? [left] : left.split(separator)).filter((name) => name !== '');
  const missing = useMissing(noun, left === value ? names : []);
  const id = `form-${field.name}`;
  const wrong =
    props.fault ??
    fieldProblem(props.problem, field.name) ??
    (left === value && missing !== null ? FIELDS.missing(missing) : null);
  return (
    <div class="field">
      <label for={id}>
        {field.label} {field.isOptional && <span class="faint">({EN.form.optional})</span>}
      </label>
      <Combobox
        noun={noun}
        label={field.label}
        value={value}
        separator={separator}
        shared={{
          id,
          name: field.name,
          disabled: props.isFixed,
          'aria-invalid': wrong !== null,
          'aria-describedby': `${id}-note`,
          'aria-required': field.isOptional !== true,
        }}
        onInput={props.onInput}
        onLeave={setLeft}
      />
      <span id={`${id}-note`} class={wrong === null ? 'faint' : 'wrong'}>
        {wrong ?? field.help ?? ''}
      </span>
    </div>
  );
}

function Input(props: {
  readonly field: FormField;
  readonly value: string;
  readonly shared: {
    readonly name: string;
    readonly disabled: boolean;
    readonly 'aria-required': boolean;
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
