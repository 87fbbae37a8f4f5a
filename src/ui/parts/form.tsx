import { type ComponentChildren, createContext, type JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import type { ReferenceNoun } from '../models/base/nouns/nouns.ts';
import type { Values } from '../models/base/typed.ts';
import { EN } from '../texts/en.ts';
import { Dialog } from './dialog.tsx';

/**
 * A field of a form. `name`: the name in the API, so that a refusal is shown beside the field. `choices`: value and
 * label. A check is `yes` or empty.
 */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'password' | 'number' | 'area' | 'choice' | 'check' | 'reference';
  /** The noun whose objects it names. */
  readonly noun?: ReferenceNoun;
  /** What is between several names, which the field then takes. */
  readonly separator?: string;
  /** The form shows it under "More options". */
  readonly isMore?: boolean;
  /** The fault of what was typed; null: none is known here. */
  readonly check?: (text: string, values: Values) => string | null;
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

/** A form of a change. */
export interface FormProps<I extends RouteId> {
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

/** The program of a form; null: not loaded yet. */
export const FormContext = createContext<(<I extends RouteId>(props: FormProps<I>) => JSX.Element) | null>(null);

/** A change with a form. Its program comes after that of the first page. */
export function FormDialog<I extends RouteId>(props: FormProps<I>): JSX.Element {
  const Filled = useContext(FormContext);
  if (Filled !== null) return <Filled<I> {...props} />;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p role="status">{EN.loading}</p>
    </Dialog>
  );
}
