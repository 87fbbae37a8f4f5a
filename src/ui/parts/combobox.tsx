import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { type Choices, useChoices } from '../live/use-choices.ts';
import { nextChoice } from '../models/base/next-choice.ts';
import type { ReferenceNoun } from '../models/base/nouns/nouns.ts';
import { FIELDS } from '../texts/base/fields.ts';
import { Icon } from './icon.tsx';

interface ComboboxProps {
  readonly noun: ReferenceNoun;
  readonly label: string;
  /** What the field has; several names are separated by `separator`. */
  readonly value: string;
  readonly separator?: string | undefined;
  readonly shared: {
    readonly id: string;
    readonly name: string;
    readonly disabled: boolean;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string;
    readonly 'aria-required': boolean;
  };
  readonly onInput: (value: string) => void;
  /** The person has left the field: what it has is meant. */
  readonly onLeave: (value: string) => void;
}

/** A field that names an object, or several: typed text narrows a list of live names (ARIA: combobox with a list). */
export function Combobox(props: ComboboxProps): JSX.Element {
  const { value, separator, onInput } = props;
  const chosen = separator === undefined ? [] : value.split(separator).filter((name) => name !== '');
  const [draft, setDraft] = useState('');
  const text = separator === undefined ? value : draft;
  /** Puts a name into the field; gives what the field has then. */
  const put = (name: string): string => {
    setDraft('');
    const isNew = name !== '' && !chosen.includes(name);
    const next = separator === undefined ? name : isNew ? [...chosen, name].join(separator) : value;
    if (next !== value) onInput(next);
    return next;
  };
  return (
    <>
      {separator !== undefined && chosen.length > 0 && (
        <ul class="chosen">
          {chosen.map((name) => (
            <li key={name}>
              <button
                type="button"
                class="small"
                disabled={props.shared.disabled}
                aria-label={FIELDS.remove(name)}
                onClick={() => onInput(chosen.filter((other) => other !== name).join(separator))}
              >
                {name} <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Typed
        {...props}
        text={text}
        onType={separator === undefined ? onInput : setDraft}
        onChoose={put}
        onLeft={() => props.onLeave(put(text.trim()))}
      />
    </>
  );
}

interface TypedProps extends ComboboxProps {
  readonly text: string;
  readonly onType: (text: string) => void;
  readonly onChoose: (name: string) => void;
  readonly onLeft: () => void;
}

function Typed(props: TypedProps): JSX.Element {
  const { text, shared } = props;
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [isTyped, setTyped] = useState(false);
  const [at, setAt] = useState(-1);
  // A list that opens over a chosen name shows the others, too.
  const choices = useChoices(props.noun, isTyped ? text : '', isOpen);
  const names = choices.names ?? [];
  const show = (isShown: boolean) => {
    setOpen(isShown);
    setTyped(false);
    setAt(-1);
  };
  const choose = (name: string) => {
    props.onChoose(name);
    show(false);
    input.current?.focus();
  };
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    const name = names[at];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (isOpen) setAt(nextChoice(at, names.length, event.key));
      else show(true);
    } else if (event.key === 'Enter' && isOpen && name !== undefined) choose(name);
    else if (event.key === 'Escape' && isOpen) show(false);
    else return;
    // The form stays as it is: neither sent nor closed.
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="combobox">
      <input
        {...shared}
        ref={input}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={names[at] === undefined ? undefined : `${listId}-${at}`}
        value={text}
        onInput={(event) => {
          props.onType(event.currentTarget.value);
          setOpen(true);
          setTyped(true);
          setAt(-1);
        }}
        onClick={() => !isOpen && show(true)}
        onKeyDown={press}
        onBlur={() => {
          show(false);
          props.onLeft();
        }}
      />
      {isOpen && <List id={listId} label={props.label} choices={choices} at={at} onChoose={choose} />}
    </div>
  );
}

function List(props: {
  readonly id: string;
  readonly label: string;
  readonly choices: Choices;
  readonly at: number;
  readonly onChoose: (name: string) => void;
}): JSX.Element {
  const { names, isMore } = props.choices;
  const note = names === null ? FIELDS.searching : names.length === 0 ? FIELDS.none : isMore ? FIELDS.more : '';
  return (
    <div class="choices">
      <ul id={props.id} role="listbox" aria-label={FIELDS.choices(props.label)}>
        {(names ?? []).map((name, index) => (
          // The field keeps the focus, so that its list stays open until the click ends.
          <li
            key={name}
            id={`${props.id}-${index}`}
            role="option"
            aria-selected={index === props.at}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => props.onChoose(name)}
          >
            {name}
          </li>
        ))}
      </ul>
      <p class="faint" role="status">
        {note}
      </p>
    </div>
  );
}
