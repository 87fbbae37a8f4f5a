import type { ComponentChildren, JSX } from 'preact';

/** A button that does something on this page. */
export function Button(props: { readonly onClick: () => void; readonly children: ComponentChildren }): JSX.Element {
  return (
    <button type="button" onClick={props.onClick}>
      {props.children}
    </button>
  );
}

/** The link of a table's row: the row itself takes the focus, and Enter on it leads there, too. */
export function RowLink(props: { readonly href: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <a href={props.href} tabIndex={-1}>
      {props.children}
    </a>
  );
}
