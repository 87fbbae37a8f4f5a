import type { JSX } from 'preact';
import type { useHistoryFile } from '../live/use-history.ts';
import { LATE as EN } from '../texts/late.ts';
import { Button } from './button.tsx';
import type { FilterField } from './filters.tsx';

const TEXTS = EN.history;

/** Filters that all lists of what happened have. */
export const HISTORY_FILTERS = {
  text: { id: 'text', label: TEXTS.text },
  object: { id: 'object', label: TEXTS.object, help: TEXTS.objectHelp },
  who: { id: 'who', label: TEXTS.who },
  by: {
    id: 'by',
    label: TEXTS.by,
    choices: [
      ['', TEXTS.byAll],
      ['people', TEXTS.byPeople],
      ['machines', TEXTS.byMachines],
    ],
  },
  time: {
    id: 'hours',
    label: TEXTS.time,
    choices: [
      ['', TEXTS.timeAll],
      ['1', TEXTS.timeHour],
      ['24', TEXTS.timeDay],
      ['168', TEXTS.timeWeek],
      ['720', TEXTS.timeMonth],
    ],
  },
} as const satisfies Readonly<Record<string, FilterField>>;

/** Buttons that save the list as a file. */
export function HistoryFiles({ file }: { readonly file: ReturnType<typeof useHistoryFile> }): JSX.Element {
  return (
    <p class="files">
      <Button onClick={() => file.save('csv')}>{TEXTS.csv}</Button>{' '}
      <Button onClick={() => file.save('json')}>{TEXTS.json}</Button>{' '}
      <span role="status">{file.isBusy ? TEXTS.saving : file.why}</span>
    </p>
  );
}

/** Says that a region of an earlier release did not filter the list. */
export function FilteredHere({ isIt }: { readonly isIt: boolean }): JSX.Element | null {
  return isIt ? (
    <p class="waiting" role="status">
      {TEXTS.filteredHere}
    </p>
  ) : null;
}
