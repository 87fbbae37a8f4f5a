import type { JSX } from 'preact';
import { linkTo } from '../models/address.ts';
import { EN } from '../words/en.ts';
import { Empty } from './page.tsx';

/** A place that has no page. */
export function NotFound(): JSX.Element {
  return (
    <div class="page">
      <h1 tabIndex={-1}>{EN.notFound}</h1>
      <Empty text="" />
      <p>
        <a href={linkTo(['overview'])}>{EN.toOverview}</a>
      </p>
    </div>
  );
}
