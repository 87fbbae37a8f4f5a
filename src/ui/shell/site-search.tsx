import type { JSX } from 'preact';
import { useLater } from '../live/use-later.ts';

/** The search in the header; its program comes after that of the first page. */
export function SiteSearch(): JSX.Element {
  const later = useLater();
  return <search class="site-search">{later?.searchBox()}</search>;
}
