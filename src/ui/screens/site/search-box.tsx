import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SearchAnswer } from '../../../contract/search.ts';
import { usePlaces } from '../../live/place.ts';
import { useSettled } from '../../live/use-settled.ts';
import { useView } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { dataOf } from '../../models/base/view.ts';
import { nextChoice } from '../../models/base/next-choice.ts';
import { type SearchChoice, searchChoices } from '../../models/site/search-choices.ts';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.history.search;
const LOCAL = { pages: EN.pages.titles, settings: Object.keys(EN.settings.help), commands: CLI };
const NAMES = { ...TEXTS.groups, kinds: TEXTS.kinds };

/** The search of the site in the header: objects, pages, settings and commands, chosen with the arrow keys (ARIA combobox). */
export function SearchBox(): JSX.Element {
  const places = usePlaces();
  const [text, setText] = useState('');
  const [at, setAt] = useState(-1);
  const [isOpen, setOpen] = useState(false);
  const settled = useSettled(text.trim());
  const isShown = isOpen && text.trim() !== '';
  const leave = (link: string) => {
    setOpen(false);
    setText('');
    setAt(-1);
    location.hash = link;
  };
  const [choices, setChoices] = useState<readonly SearchChoice[]>([]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') setAt(nextChoice(at, choices.length, event.key));
    else if (event.key === 'Enter') leave(choices[at]?.link ?? linkTo(['search'], { q: text.trim() }));
    else if (event.key === 'Escape') setOpen(false);
    else return;
    if (event.key !== 'Escape') event.preventDefault();
  };
  // The page has the same input, larger.
  if (places.place.value.path[0] === 'search') return <></>;
  return (
    <>
      <input
        type="text"
        role="combobox"
        data-site-search
        aria-label={TEXTS.box}
        aria-expanded={isShown && choices.length > 0}
        aria-controls="site-search-choices"
        aria-autocomplete="list"
        aria-activedescendant={isShown && choices[at] !== undefined ? `site-search-${at}` : undefined}
        placeholder={`${TEXTS.title}  /`}
        maxLength={100}
        value={text}
        autocomplete="off"
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(-1);
          setOpen(true);
        }}
        onBlur={() => setOpen(false)}
        onFocus={() => setOpen(true)}
        onKeyDown={onKeyDown}
      />
      {isShown &&
        (settled === '' ? (
          <Choices text={text} hits={NO_HITS} at={at} onChoices={setChoices} onChoose={leave} />
        ) : (
          <FoundChoices text={text} query={settled} at={at} onChoices={setChoices} onChoose={leave} />
        ))}
    </>
  );
}

interface ChoicesProps {
  readonly text: string;
  readonly at: number;
  readonly onChoices: (choices: readonly SearchChoice[]) => void;
  readonly onChoose: (link: string) => void;
}

const NO_HITS: SearchAnswer['items'] = [];

/** Choices with the objects that the site finds. */
function FoundChoices({ query, ...props }: ChoicesProps & { readonly query: string }): JSX.Element {
  const found = useView('search.list', { query: { q: query } }, { nouns: [] });
  return <Choices {...props} hits={dataOf(found.view)?.items ?? NO_HITS} />;
}

function Choices(props: ChoicesProps & { readonly hits: SearchAnswer['items'] }): JSX.Element {
  const { text, at, hits } = props;
  const choices = searchChoices(text, LOCAL, hits, NAMES);
  const key = choices.map(({ link, label }) => `${link} ${label}`).join('\n');
  useEffect(() => props.onChoices(choices), [key]);
  return (
    <div class="choices">
      <p role="status" class="faint">
        {choices.length === 0 ? TEXTS.nothing : TEXTS.found(choices.length)}
      </p>
      <ul id="site-search-choices" role="listbox" aria-label={TEXTS.box}>
        {choices.map((choice, index) => (
          <li
            key={`${choice.group} ${choice.label} ${choice.link}`}
            id={`site-search-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={(event) => {
              // The input keeps the focus until the page is chosen.
              event.preventDefault();
              props.onChoose(choice.link);
            }}
          >
            {choice.label} <span class="faint">{`${choice.group} ${choice.detail}`}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
