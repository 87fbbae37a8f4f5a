import type { JSX } from 'preact';
import type { Tone } from '../models/base/tone.ts';

/** Shapes of the icons, 16 × 16. Each stands beside a label: no icon has a meaning of its own. */
const PATHS = {
  ok: 'M3 8.5 6.5 12 13 4.5',
  busy: 'M8 2.5a5.5 5.5 0 1 1-5.2 3.7M8 5v3l2 1.5',
  warn: 'M8 2 15 14H1ZM8 6.5v3.5M8 12v.4',
  bad: 'M4 4l8 8M12 4l-8 8',
  off: 'M4 8h8',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  copy: 'M5 5V2.5h8.5V11H11M2.5 5H11v8.5H2.5Z',
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M4 4l8 8M12 4l-8 8',
} as const;

/** An icon beside a label. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A state: a shape and a label; the colour is an addition. */
export function State({ tone, label }: { readonly tone: Tone; readonly label: string }): JSX.Element {
  return (
    <span class={`state ${tone}`}>
      <Icon name={tone} />
      {label}
    </span>
  );
}
