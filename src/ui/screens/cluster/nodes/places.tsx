import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Place } from '../../../../contract/cluster/trust.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { rolesOf } from '../../../models/cluster/nodes.ts';
import { dataOf } from '../../../models/base/view.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EN } from '../../../texts/en.ts';
import { Secret } from '../../base/secret.tsx';

const TEXTS = EN.nodes.places;
/** A place appears when its node leaves; that has no event of the noun `place`. */
const NOUNS = ['place', 'node', 'job', 'token'];
const EVERY_MS = 5000;
/** As the command line makes them. */
const MINUTES = '15';

const COLUMNS: readonly Column<Place>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'roles', head: TEXTS.columns.roles, value: rolesOf },
  { id: 'since', head: TEXTS.columns.since, value: (row) => row.openedAt, cell: (row) => <Ago at={row.openedAt} /> },
  { id: 'by', head: TEXTS.columns.by, value: (row) => row.openedBy, isMinor: true },
];

/**
 * Places of lost nodes that are reserved for other hosts; renders nothing if there is none. `nodes`: names of the nodes
 * that the site still has.
 */
export function Places({ nodes }: { readonly nodes: readonly string[] }): JSX.Element {
  const may = useMay();
  const places = useList('place.list', {}, { nouns: NOUNS, everyMs: EVERY_MS });
  const [open, setOpen] = useState<{ readonly verb: 'token' | 'delete'; readonly place: Place } | null>(null);
  const close = () => setOpen(null);
  const actions = actionColumn<Place>(
    TEXTS.do,
    (place) => place.name,
    (place) => [
      { label: TEXTS.token, run: () => setOpen({ verb: 'token', place }) },
      { label: TEXTS.giveUp, run: () => setOpen({ verb: 'delete', place }) },
    ],
  );
  // A dialog stays when what it is about is there no more: its answer may have a secret.
  const isNone = dataOf(places.view)?.length === 0;
  return (
    <>
      {!isNone && (
        <Section title={TEXTS.title} note={TEXTS.note}>
          <SectionList
            view={places.view}
            texts={TEXTS}
            columns={may.administer ? [...COLUMNS, actions] : COLUMNS}
            keyOf={(row) => row.name}
          />
        </Section>
      )}
      {open?.verb === 'token' && <PlaceToken place={open.place} onClose={close} />}
      {open?.verb === 'delete' && (
        <GiveUp name={open.place.name} isThere={nodes.includes(open.place.name)} onClose={close} />
      )}
    </>
  );
}

/**
 * Gives up a place. A rack with a reserved place is still there, silent: it is removed together with its place, as by
 * the command line.
 */
function GiveUp(props: {
  readonly name: string;
  readonly isThere: boolean;
  readonly onClose: () => void;
}): JSX.Element {
  const { name, onClose } = props;
  const shared = { title: `${TEXTS.giveUp}: ${name}`, cli: `regent node remove ${name}`, confirm: name, onClose };
  return props.isThere ? (
    <ActionDialog
      {...shared}
      text={TEXTS.giveUpRackText(name)}
      id="node.remove"
      input={{ params: { node: name }, body: {} }}
      isJob
    />
  ) : (
    <ActionDialog {...shared} text={TEXTS.giveUpText(name)} id="place.delete" input={{ params: { place: name } }} />
  );
}

/** Makes the token with which a host takes a place, and shows it once. */
function PlaceToken({ place, onClose }: { readonly place: Place; readonly onClose: () => void }): JSX.Element {
  const { name, isRegion, isRack } = place;
  return (
    <FormDialog
      title={TEXTS.tokenTitle(name)}
      text={TEXTS.tokenText(name)}
      id="token.create"
      fields={[{ name: 'minutes', label: TEXTS.minutes, kind: 'number', initial: MINUTES }]}
      input={({ minutes }) => ({ body: { isRegion, isRack, place: name, minutes: Number(minutes) } })}
      cli={({ minutes }) => tokenCli(place, minutes ?? MINUTES)}
      done={(made) => <Secret text={made.token} before={TEXTS.join} />}
      onClose={onClose}
    />
  );
}

function tokenCli({ name, isRegion, isRack }: Place, minutes: string): string {
  const roles = [...(isRegion ? ['region'] : []), ...(isRack ? ['rack'] : [])].join(',');
  return `regent token create --role ${roles} --place ${name} --minutes ${minutes}`;
}

/** Gives the place of a node to another host: takes the node out, then shows the token with which the host takes its place. */
export function ReplaceDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }): JSX.Element {
  const [place, setPlace] = useState<Place | null>(null);
  if (place !== null) return <PlaceToken place={place} onClose={onClose} />;
  const { actions } = EN.nodes;
  const params = { node: name };
  return (
    <ActionDialog
      title={`${actions.replace} ${name}`}
      text={actions.replaceText(name)}
      id="node.replace"
      input={{ params, body: {} }}
      cli={`regent node replace ${name}`}
      forced={{
        label: actions.replaceForced,
        input: { params, body: { isForced: true } },
        cli: `regent node replace ${name} --force`,
      }}
      confirm={name}
      isJob
      next={<PlaceWhenStored name={name} onToken={setPlace} />}
      onClose={onClose}
    />
  );
}

/** Waits until the place of a node is stored. */
function PlaceWhenStored(props: { readonly name: string; readonly onToken: (place: Place) => void }): JSX.Element {
  const places = useList('place.list', {}, { nouns: NOUNS, everyMs: EVERY_MS });
  const place = dataOf(places.view)?.find(({ name }) => name === props.name);
  if (place === undefined) return <p>{TEXTS.waiting(props.name)}</p>;
  return (
    <p>
      {TEXTS.stored(props.name)}{' '}
      <button type="button" class="main" onClick={() => props.onToken(place)}>
        {TEXTS.token}
      </button>
    </p>
  );
}
