import type { JSX } from 'preact';
import { commandsIn } from '../models/cluster/doctor.ts';
import { Copy } from './copy.tsx';

/** A remedy: text, and commands to copy. */
export function Remedy({ text }: { readonly text: string }): JSX.Element {
  return (
    <>{commandsIn(text).map((part) => (part.isCommand ? <Copy key={part.text} text={part.text} /> : part.text))}</>
  );
}
