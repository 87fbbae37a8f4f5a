import type { JSX } from 'preact';
import { useLater } from '../live/use-later.ts';
import { linkTo } from '../models/base/address.ts';
import { EN } from '../texts/en.ts';
import { Empty } from './page.tsx';

type Id = keyof NonNullable<ReturnType<typeof useLater>>;

/** A screen whose program comes after that of the first page. */
export function Later({ id, rest }: { readonly id: Id; readonly rest: readonly string[] }): JSX.Element {
  const later = useLater();
  if (later !== null) return later[id](rest) ?? <NotFound />;
  return (
    <div class="page">
      <h1 tabIndex={-1}>{EN.loading}</h1>
      <div class="skeleton" />
    </div>
  );
}

/** There is no such page. */
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
