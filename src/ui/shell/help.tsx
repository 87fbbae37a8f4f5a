import type { JSX } from 'preact';
import { Dialog } from '../parts/dialog.tsx';
import { SCREENS } from '../routes.tsx';
import { EN } from '../texts/en.ts';
import type { Keys } from './keys.ts';
import { Button } from '../parts/button.tsx';

/** The list of keys. */
export function Help({ keys }: { readonly keys: Keys }): JSX.Element {
  return (
    <Dialog title={EN.keys.title} onClose={() => keys.setHelpOpen(false)}>
      <dl class="facts">
        {EN.keys.list.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {SCREENS.filter((screen) => screen.letter !== '/').map((screen) => (
          <div key={screen.id}>
            <dt>
              <kbd>g {screen.letter}</kbd>
            </dt>
            <dd>{screen.title}</dd>
          </div>
        ))}
      </dl>
      <Button onClick={() => keys.setOff(!keys.isOff)}>{keys.isOff ? EN.keys.switchOn : EN.keys.switchOff}</Button>
    </Dialog>
  );
}
