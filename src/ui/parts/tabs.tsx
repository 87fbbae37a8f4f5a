import type { JSX } from 'preact';

/** Pages of one line of the navigation, as links. `at`: the one that is shown. */
export function Tabs(props: {
  readonly name: string;
  readonly at: string;
  readonly tabs: readonly { readonly id: string; readonly label: string; readonly link: string }[];
}): JSX.Element {
  return (
    <ul class="tabs" aria-label={props.name}>
      {props.tabs.map((tab) => (
        <li key={tab.id}>
          <a href={tab.link} aria-current={tab.id === props.at ? 'page' : undefined}>
            {tab.label}
          </a>
        </li>
      ))}
    </ul>
  );
}
