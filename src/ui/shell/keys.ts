import { useEffect, useState } from 'preact/hooks';
import type { Places } from '../live/place.ts';
import { keyAction } from '../models/base/keys.ts';
import { ROW_STEP } from '../parts/rows.ts';
import { SCREENS } from '../routes.tsx';

const STORED = 'regent-keys';

/** Single keys, and whether they are on; they can be switched off, because assistive software types letters of its own (WCAG 2.1.4). */
export interface Keys {
  readonly isOff: boolean;
  readonly isHelpOpen: boolean;
  setOff(isOff: boolean): void;
  setHelpOpen(isOpen: boolean): void;
}

/** Handles the keys of the whole page. */
export function useKeys(places: Places): Keys {
  const [isOff, setOff] = useState(() => localStorage.getItem(STORED) === 'off');
  const [isHelpOpen, setHelpOpen] = useState(false);
  useEffect(() => {
    let isPrefixed = false;
    const onKey = (event: KeyboardEvent) => {
      const action = keyAction(pressOf(event), { isPrefixed, isOff, letters: SCREENS.map((screen) => screen.letter) });
      isPrefixed = action.kind === 'prefix';
      if (action.kind === 'page') {
        const screen = SCREENS.find((entry) => entry.letter === action.letter);
        if (screen) places.go([screen.id]);
      } else if (action.kind === 'search') {
        const input = document.querySelector<HTMLElement>('[data-site-search]');
        if (input) input.focus();
        else places.go(['search']);
      } else if (action.kind === 'filter') {
        document.querySelector<HTMLElement>('[data-search]')?.focus();
      } else if (action.kind === 'help') {
        setHelpOpen(true);
      } else if (action.kind === 'next' || action.kind === 'previous') {
        const detail = action.kind === 'next' ? 1 : -1;
        // Of several tables the one that the keys are in; else the first.
        const table = document.activeElement?.closest('[data-rows]') ?? document.querySelector('[data-rows]');
        table?.dispatchEvent(new CustomEvent(ROW_STEP, { detail }));
      } else if (action.kind === 'back') {
        const menu = document.querySelector<HTMLDetailsElement>('details.menu[open]');
        if (menu) {
          menu.open = false;
          menu.querySelector('summary')?.focus();
        } else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        return;
      } else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isOff]);
  return {
    isOff,
    isHelpOpen,
    setHelpOpen,
    setOff(next) {
      localStorage.setItem(STORED, next ? 'off' : 'on');
      setOff(next);
    },
  };
}

function pressOf(event: KeyboardEvent) {
  const { target } = event;
  // A box that is checked takes no letters.
  const isInput =
    target instanceof HTMLElement &&
    target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null;
  return {
    key: event.key,
    hasModifier: event.ctrlKey || event.altKey || event.metaKey,
    isTyped: isInput || document.querySelector('dialog[open]') !== null,
  };
}
