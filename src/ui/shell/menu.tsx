import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { linkTo } from '../models/base/address.ts';
import { GROUPS, type Screen } from '../routes.tsx';
import { EN } from '../texts/en.ts';

/** The menu: pages in groups. On a phone it is behind a button, and closes when a page is chosen. */
export function Menu({ at, path }: { readonly at: Screen | undefined; readonly path: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  return (
    <nav aria-label={EN.navigation} class={isOpen ? 'open' : undefined}>
      <button
        type="button"
        class="menu-button"
        aria-expanded={isOpen}
        aria-controls="menu"
        onClick={() => setOpen(!isOpen)}
      >
        {EN.menu}
      </button>
      <div id="menu">
        {GROUPS.map(([title, screens]) => (
          <div key={title} role="group" aria-label={title}>
            <p class="faint" aria-hidden="true">
              {title}
            </p>
            <ul>
              {screens.map((screen) => (
                <li key={screen.id}>
                  <a href={linkTo([screen.id])} aria-current={at === screen ? 'page' : undefined}>
                    {screen.title}
                    <kbd aria-hidden="true">{screen.letter}</kbd>
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  );
}
