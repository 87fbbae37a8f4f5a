import type { JSX } from 'preact';
import { usePlaces } from '../../live/place.ts';
import { useSettled } from '../../live/use-settled.ts';
import { useView } from '../../live/use-view.ts';
import { hitGroups, hitLink } from '../../models/site/history.ts';
import { Empty, Page, Section, Shown } from '../../parts/page.tsx';
import { CLI, cliLines } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.history.search;
const EACH = 20;

/** Finds objects of all kinds. The search text is part of the address. */
export function Search(): JSX.Element {
  const places = usePlaces();
  const text = places.place.value.query['q'] ?? '';
  const settled = useSettled(text.trim());
  return (
    <Page title={TEXTS.title} cli={cliLines(CLI.search, settled === '' ? {} : { TEXT: settled })}>
      <search>
        <label class="field">
          <span>{TEXTS.label}</span>
          <input
            type="search"
            data-site-search
            data-search
            maxLength={100}
            value={text}
            onInput={(event) => places.setQuery({ q: event.currentTarget.value })}
          />
        </label>
      </search>
      {settled === '' ? <p class="faint">{TEXTS.hint}</p> : <Hits text={settled} />}
    </Page>
  );
}

function Hits({ text }: { readonly text: string }): JSX.Element {
  const found = useView('search.list', { query: { q: text, limit: EACH } }, { nouns: ['*'] });
  return (
    <Shown view={found.view}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty text={TEXTS.empty(text)} next={TEXTS.emptyNext} />
        ) : (
          <>
            <p class="faint" role="status">
              {TEXTS.found(items.length)}
            </p>
            {hitGroups(items).map((group) => (
              <Section key={group.kind} title={TEXTS.kinds[group.kind]}>
                <ul class="hits">
                  {group.hits.map((hit) => (
                    <li key={hit.ref}>
                      <a href={hitLink(hit)}>{hit.name}</a> <span class="faint">{hit.detail}</span>
                    </li>
                  ))}
                </ul>
              </Section>
            ))}
          </>
        )
      }
    </Shown>
  );
}
