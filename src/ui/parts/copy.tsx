import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { EN } from '../texts/en.ts';
import { Icon } from './icon.tsx';

/** A text to copy: an address, a command. */
export function Copy({ text }: { readonly text: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = () => {
    // Without a secure connection a browser has no clipboard.
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <span class="copy">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={copy} aria-label={`${EN.copy} ${text}`} title={EN.copy}>
        <Icon name={isCopied ? 'ok' : 'copy'} />
        <span class="hidden" role="status">
          {isCopied ? EN.copied : ''}
        </span>
      </button>
    </span>
  );
}

/** The CLI commands that do what the page does. */
export function CliLines({ lines }: { readonly lines: readonly string[] }): JSX.Element {
  return (
    <aside class="cli" aria-label={EN.cli}>
      <h2>{EN.cli}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <Copy text={line} />
          </li>
        ))}
      </ul>
    </aside>
  );
}
