/** Sentences of every change. */
export const CHANGE = {
  previewing: 'Looking at what it would change …',
  nothing: 'No file of any node would change.',
  files: (files: number, nodes: number) =>
    `${files} ${files === 1 ? 'file' : 'files'} on ${nodes} ${nodes === 1 ? 'node' : 'nodes'} would change.`,
  pastFiles: (files: number) => `${files} ${files === 1 ? 'file' : 'files'} changed.`,
  would: 'What it would do',
  kind: { added: 'new', changed: 'changed', removed: 'removed' },
  apply: 'Apply',
  applying: 'Applying …',
  waiting: 'The site does not answer. The change is kept here and sent again with the same key, so it is made once.',
  errors: 'This change would leave an error (above). Apply anyway?',
  done: 'Done.',
  started: 'Started. The bar above shows how far it is.',
  again: 'Send it again',
  back: 'Back',
  unsure:
    'Nobody answered, so it is not known whether the change was made. Sent again it has the same key, and is made once.',
  meanwhile: 'Somebody else changed it meanwhile. Check it as it is now, and begin again.',
  versions: { title: 'Both versions', before: 'As you saw it', now: 'As it is now', same: 'It reads as before.' },
  confirm: (name: string) => `Write ${name} to confirm`,
} as const;

/** Sentences of forms. */
export const FORM = { preview: 'See what it would do', optional: 'optional', choose: 'choose' } as const;
