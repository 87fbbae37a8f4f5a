import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteId } from '../../../../contract/routes.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import type { FormNoun, NounObject } from '../../../models/base/nouns/nouns.ts';
import { columnsOf, memberText, memberLabel, refOf } from '../../../models/base/nouns/nouns.ts';
import { NOUN_PAGES } from '../../../models/base/nouns/noun-pages.ts';
import { Button } from '../../../parts/button.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { NounDialog, type NounWork } from './noun-dialog.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Tabs } from '../../../parts/tabs.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.catalog;
/** Nouns that have no page of their own: the most used first, then every other declared one with a page here. */
const FIRST = [
  'tag',
  'resource-pool',
  'zone',
  'fabric',
  'space',
  'static-route',
  'device',
  'script',
  'package-repository',
  'tsig-key',
] as const satisfies readonly FormNoun[];
const PARTS = [...new Set([...FIRST, ...(Object.keys(NOUN_PAGES) as (keyof typeof NOUN_PAGES)[])])];
type CatalogPart = (typeof PARTS)[number];
const isPart = (text: string): text is CatalogPart => PARTS.some((part) => part === text);
/** Number of members that also fit on a phone. */
const MAJOR = 2;

/** What other things of the site refer to. Null: there is no such part. */
export function catalog(rest: readonly string[]): JSX.Element | null {
  const [part = FIRST[0], ...more] = rest;
  if (more.length > 0 || !isPart(part)) return null;
  return (
    <div class="tabbed">
      <Tabs
        name={TEXTS.title}
        at={part}
        tabs={PARTS.map((id) => ({ id, label: TEXTS.nouns[id].title, link: linkTo(['catalog', id]) }))}
      />
      <Catalog key={part} noun={part} />
    </div>
  );
}

function Catalog({ noun }: { readonly noun: CatalogPart }): JSX.Element {
  const may = useMay();
  const [work, setWork] = useState<NounWork | null>(null);
  const texts = TEXTS.nouns[noun];
  const rows = useList(`${noun}.list` as RouteId as 'tag.list', {}, { nouns: [noun, 'machine'] });
  const columns = columnsOf(noun).map((name, index): Column<NounObject> => {
    return {
      id: name,
      head: memberLabel(name),
      value: (row) => memberText(row[name]).replaceAll('\n', ', '),
      ...(index >= MAJOR ? { isMinor: true } : {}),
    };
  });
  const actions = actionColumn<NounObject>(
    EN.access.actions,
    (row) => refOf(noun, row),
    (row) =>
      row['builtIn'] === true
        ? []
        : [
            { label: TEXTS.setLabel, run: () => setWork({ verb: 'set', ref: refOf(noun, row) }) },
            { label: TEXTS.removeLabel, run: () => setWork({ verb: 'delete', ref: refOf(noun, row) }) },
          ],
  );
  return (
    <Page
      title={texts.title}
      cli={[
        `regent ${noun} list`,
        `regent ${noun} create NAME`,
        `regent ${noun} set NAME`,
        `regent ${noun} delete NAME`,
      ]}
      actions={
        may.operate && <Button onClick={() => setWork({ verb: 'create', ref: null })}>{TEXTS.create(texts.one)}</Button>
      }
    >
      <MainList
        view={rows.view as never}
        texts={{ title: texts.title, empty: TEXTS.empty(texts.one), emptyNext: texts.text }}
        columns={may.operate ? [...columns, actions] : columns}
        keyOf={(row: NounObject) => refOf(noun, row)}
      />
      {work !== null && <NounDialog noun={noun} work={work} onClose={() => setWork(null)} />}
    </Page>
  );
}
