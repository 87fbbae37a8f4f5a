import type { PreviewSummary } from '../../models/base/preview-sentence.ts';

/** `3 zone files`. */
const FILE_KINDS = {
  zone: (count: number) => (count === 1 ? '1 zone file' : `${count} zone files`),
  dhcp: (count: number) => (count === 1 ? '1 DHCP file' : `${count} DHCP files`),
  other: (count: number) => (count === 1 ? '1 file' : `${count} files`),
};

/** A dry run in one sentence. */
const SUMMARIES = {
  adds: (name: string | null, files: string, nodes: string) =>
    name === null ? `Adds to ${files} on ${nodes}.` : `Adds ${name} to ${files} on ${nodes}.`,
  removes: (name: string | null, files: string, nodes: string) =>
    name === null ? `Removes from ${files} on ${nodes}.` : `Removes ${name} from ${files} on ${nodes}.`,
  changes: (name: string | null, files: string, nodes: string) =>
    name === null ? `Changes ${files} on ${nodes}.` : `Changes ${name} in ${files} on ${nodes}.`,
};

/** Sentences of every change. */
export const CHANGE = {
  previewing: 'Computing what would change …',
  nothing: 'No file of any node would change.',
  summary: ({ verb, name, kind, files, nodes }: PreviewSummary) =>
    SUMMARIES[verb](
      name !== null && kind === 'zone' ? `the name ${name}` : name,
      FILE_KINDS[kind](files),
      nodes === 1 ? '1 node' : `${nodes} nodes`,
    ),
  fileCount: (files: number) => `${files} files`,
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
