import type { JSX } from 'preact';
import { EN } from '../../../texts/en.ts';

/** How much of something is given away, of 0 to 1; null: it does not matter. */
export function Share({ share, name }: { readonly share: number | null; readonly name: string }): JSX.Element {
  if (share === null) return <span class="faint">–</span>;
  return (
    <span class="share">
      <meter min={0} max={1} high={0.9} value={share} aria-label={name} />
      {EN.subnets.share(share)}
    </span>
  );
}
