import type { SearchAnswer } from '../../../contract/search.ts';
import { linkTo } from '../base/address.ts';
import { hitLink } from './history.ts';

/** A choice of the search: what it is, its name, and the page that it leads to. */
export interface SearchChoice {
  readonly group: string;
  readonly label: string;
  readonly detail: string;
  readonly link: string;
}

/** What the browser itself knows: pages, settings, commands of pages. */
export interface LocalPlaces {
  readonly pages: Readonly<Record<string, string>>;
  readonly settings: readonly string[];
  /** Commands by the page that shows them. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

/** Names of the groups. */
export type GroupNames = { readonly [K in 'pages' | 'settings' | 'commands']: string } & {
  readonly kinds: Readonly<Record<string, string>>;
};

/** Choices of a group, at most. */
const EACH = 5;

/** What fits the text: pages and settings first, because the browser knows them at once, then objects, then commands. */
export function searchChoices(
  text: string,
  local: LocalPlaces,
  hits: SearchAnswer['items'],
  names: GroupNames,
): readonly SearchChoice[] {
  const parts = text
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((part) => part !== '');
  if (parts.length === 0) return [];
  const fits = (one: string) => parts.every((part) => one.toLowerCase().includes(part));
  const pages = Object.entries(local.pages)
    .filter(([, title]) => fits(title))
    .map(([id, title]) => ({ group: names.pages, label: title, detail: '', link: linkTo([id]) }));
  const settings = local.settings
    .filter(fits)
    .map((name) => ({ group: names.settings, label: name, detail: '', link: linkTo(['settings'], { filter: name }) }));
  const objects = hits.map((hit) => ({
    group: names.kinds[hit.kind] ?? hit.kind,
    label: hit.name,
    detail: hit.detail,
    link: hitLink(hit),
  }));
  const commands = Object.entries(local.commands)
    .filter(([page]) => Object.hasOwn(local.pages, page))
    .flatMap(([page, lines]) => lines.filter(fits).map((line) => ({ page, line })))
    .map(({ page, line }) => ({
      group: names.commands,
      label: line,
      detail: local.pages[page] ?? '',
      link: linkTo([page]),
    }));
  return [pages, settings, objects, commands].flatMap((group, index) => (index === 2 ? group : group.slice(0, EACH)));
}
