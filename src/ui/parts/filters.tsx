import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { usePlaces } from '../live/place.ts';
import { linkTo } from '../models/base/address.ts';
import { LATE as EN } from '../texts/late.ts';

/** A filter of a list that the site pages through: what it is called in the address, and what it is. */
export interface FilterField {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  /** The choices: a value of the address and its label; the first one is no filter. */
  readonly choices?: readonly (readonly [string, string])[];
}

/** Filters of a list of which the site sends a page at a time; each change begins at the newest. `cursor`: how the address names the page. */
export function Filters(props: {
  readonly filters: readonly FilterField[];
  readonly cursor: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const places = usePlaces();
  const { query } = places.place.value;
  return (
    <search class="filters" aria-label={EN.history.filters}>
      {props.filters.map((filter, index) => (
        <label key={filter.id} class="field">
          <span>{filter.label}</span>
          {filterInput(filter, {
            value: query[filter.id] ?? '',
            isFirst: index === 0,
            onChoose: (text) => places.setQuery({ [filter.id]: text, [props.cursor]: '' }),
          })}
        </label>
      ))}
      {props.children}
    </search>
  );
}

type InputProps = { readonly value: string; readonly isFirst: boolean; readonly onChoose: (text: string) => void };

function filterInput({ choices, help }: FilterField, props: InputProps): JSX.Element {
  if (choices === undefined) return <TextInput {...props} help={help} />;
  return (
    <select value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value)}>
      {choices.map(([id, label]) => (
        <option key={id} value={id}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** A typed filter applies when it is confirmed; the list and other filters may change meanwhile. */
function TextInput(props: InputProps & { readonly help: string | undefined }): JSX.Element {
  const { value } = props;
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <input
      type="search"
      value={typed}
      placeholder={props.help}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => props.onChoose(event.currentTarget.value.trim())}
      {...(props.isFirst ? { 'data-search': true } : {})}
    />
  );
}

/** A filter that is on or off. */
export function FlagFilter(props: {
  readonly id: string;
  readonly label: string;
  readonly cursor: string;
}): JSX.Element {
  const places = usePlaces();
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={places.place.value.query[props.id] === 'yes'}
        onChange={(event) =>
          places.setQuery({ [props.id]: event.currentTarget.checked ? 'yes' : '', [props.cursor]: '' })
        }
      />
      {props.label}
    </label>
  );
}

/** Links to older entries, and back to the newest. `next`: the cursor of the next page; null: this is the last page. */
export function Pager({ cursor, next }: { readonly cursor: string; readonly next: string | null }): JSX.Element | null {
  const { place } = usePlaces();
  const { path, query } = place.value;
  const isFirst = (query[cursor] ?? '') === '';
  if (isFirst && next === null) return null;
  return (
    <p class="pager">
      {!isFirst && <a href={linkTo(path, { ...query, [cursor]: '' })}>{EN.history.newest}</a>}
      {next !== null && <a href={linkTo(path, { ...query, [cursor]: next })}>{EN.history.older}</a>}
    </p>
  );
}
