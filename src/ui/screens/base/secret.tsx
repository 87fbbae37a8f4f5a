import type { JSX } from 'preact';
import { Copy } from '../../parts/copy.tsx';
import { EN } from '../../texts/en.ts';

/** A secret that the site shows once, below the sentence `before`. Null: the site has shown the secret before. */
export function Secret({ text, before }: { readonly text: string | null; readonly before?: string }): JSX.Element {
  if (text === null) return <p class="waiting">{EN.secret.gone}</p>;
  return (
    <div class="secret">
      <p>{EN.secret.once}</p>
      {before !== undefined && <p>{before}</p>}
      <Copy text={text} />
    </div>
  );
}
