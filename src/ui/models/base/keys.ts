/** A key that was pressed, as far as it counts. */
export interface Press {
  readonly key: string;
  /** Ctrl, Alt or Meta is held: the browser handles the key. */
  readonly hasModifier: boolean;
  /** It was typed into an input, a select, a text, or while a dialog is open. */
  readonly isTyped: boolean;
}

/** What a key means. */
export type KeyAction =
  | { readonly kind: 'none' }
  /** `g` was pressed: the next letter names a page. */
  | { readonly kind: 'prefix' }
  | { readonly kind: 'page'; readonly letter: string }
  | { readonly kind: 'search' | 'filter' | 'help' | 'next' | 'previous' | 'back' };

const PLAIN: Readonly<Record<string, 'search' | 'filter' | 'help' | 'next' | 'previous'>> = {
  '/': 'search',
  f: 'filter',
  '?': 'help',
  j: 'next',
  k: 'previous',
};

/**
 * The action of a key press. `isPrefixed`: `g` came before it. `letters`: those of pages. In inputs, and when single
 * keys are off, only Esc has an action.
 */
export function keyAction(
  press: Press,
  state: { readonly isPrefixed: boolean; readonly isOff: boolean; readonly letters: readonly string[] },
): KeyAction {
  if (press.key === 'Escape') return { kind: 'back' };
  if (state.isOff || press.isTyped || press.hasModifier) return { kind: 'none' };
  if (state.isPrefixed)
    return state.letters.includes(press.key) ? { kind: 'page', letter: press.key } : { kind: 'none' };
  if (press.key === 'g') return { kind: 'prefix' };
  const kind = Object.hasOwn(PLAIN, press.key) ? PLAIN[press.key] : undefined;
  return kind === undefined ? { kind: 'none' } : { kind };
}
