import type { JSX } from 'preact';
import type { RouteId } from '../../../../contract/routes.ts';
import type { FormNoun, NounField, NounObject } from '../../../models/base/nouns/nouns.ts';
import { bodyOf, fieldsOf, fieldText, memberLabel, nounCli, paramsOf } from '../../../models/base/nouns/nouns.ts';
import { jsonFault } from '../../../parts/faults.ts';
import { FIELDS } from '../../../texts/base/fields.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog, type FormField } from '../../../parts/form.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { Secret } from '../secret.tsx';

const TEXTS = EN.catalog;
const FLAGS = [
  ['on', FIELDS.on],
  ['off', FIELDS.off],
] as const;
/** Fields that a long form shows at first. */
const FIRST_FIELDS = 6;

/** What is done to an object of a noun. `ref`: its name; null: a new one. */
export interface NounWork {
  readonly verb: 'create' | 'set' | 'delete';
  readonly ref: string | null;
  /** What of a new one is known already, by member. */
  readonly known?: Readonly<Record<string, string>>;
}

/** The change of an object of a noun, by a form that follows from its schema. */
export function NounDialog(props: {
  readonly noun: FormNoun;
  readonly work: NounWork;
  readonly onClose: () => void;
}): JSX.Element {
  const { noun, work, onClose } = props;
  const { ref } = work;
  const one = TEXTS.nouns[noun].one;
  if (ref === null)
    return <NounForm noun={noun} title={TEXTS.create(one)} given={null} known={work.known} onClose={onClose} />;
  const title = (work.verb === 'delete' ? TEXTS.remove : TEXTS.set)(ref);
  const input = { params: paramsOf(noun, ref) } as never;
  if (work.verb === 'delete')
    return (
      <ActionDialog
        title={title}
        text={TEXTS.removeText(ref)}
        id={routeOf(noun, 'delete')}
        input={input}
        cli={`regent ${noun} delete ${ref}`}
        confirm={ref}
        onClose={onClose}
      />
    );
  return (
    <WithCurrent id={routeOf(noun, 'show')} input={input} title={title} onClose={onClose}>
      {({ body, etag }, changed) => (
        <NounForm
          noun={noun}
          title={title}
          given={{ ref, before: body as NounObject, etag }}
          changed={changed}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}

function NounForm(props: {
  readonly noun: FormNoun;
  readonly title: string;
  readonly given: { readonly ref: string; readonly before: NounObject; readonly etag: string | null } | null;
  readonly changed?: JSX.Element;
  readonly known?: NounWork['known'];
  readonly onClose: () => void;
}): JSX.Element {
  const { noun, given } = props;
  const verb = given === null ? 'create' : 'set';
  const fields = fieldsOf(noun, verb);
  const before = given?.before ?? null;
  return (
    <FormDialog
      title={props.title}
      {...(verb === 'create' ? { text: TEXTS.nouns[noun].text } : {})}
      id={routeOf(noun, verb)}
      ifMatch={given?.etag ?? null}
      changed={props.changed}
      fields={fields.map((field, index) => ({
        ...formField(field, before, props.known?.[field.name]),
        isMore: index >= FIRST_FIELDS && fields.length > FIRST_FIELDS + 1,
      }))}
      input={(values) => {
        const body = bodyOf(fields, values, before);
        return (given === null ? { body } : { params: paramsOf(noun, given.ref), body }) as never;
      }}
      cli={(values) => nounCli(noun, given?.ref ?? null, bodyOf(fields, values, before))}
      done={(result) => <NewSecret result={result as NounObject} />}
      onClose={props.onClose}
    />
  );
}

/** A call of a noun. Each has its own type; here they share one. */
const routeOf = (noun: FormNoun, verb: 'show' | 'create' | 'set' | 'delete') => `${noun}.${verb}` as RouteId;

function formField(field: NounField, before: NounObject | null, known: string | undefined): FormField {
  const { name, kind, values, refersTo } = field;
  const choices = kind === 'flag' ? FLAGS : values?.map((value) => [value, value] as const);
  const isChoice = choices !== undefined;
  const isLong = kind === 'list' || kind === 'json' || kind === 'cards' || kind === 'area';
  const help = [
    field.help,
    ...(kind === 'list' && refersTo === undefined ? [TEXTS.listHelp] : []),
    ...(kind === 'json' ? [TEXTS.jsonHelp] : []),
    ...(kind === 'cards' ? [TEXTS.cardsHelp] : []),
  ];
  return {
    name,
    label: memberLabel(name),
    kind: isChoice ? 'choice' : isLong ? 'area' : kind === 'number' ? 'number' : kind === 'password' ? kind : 'text',
    ...(isChoice
      ? { choices: before === null && !field.isRequired ? [['', defaultText(field)], ...choices] : choices }
      : {}),
    ...(refersTo === undefined ? {} : { noun: refersTo, ...(kind === 'list' ? { separator: '\n' } : {}) }),
    ...(kind === 'json' ? { check: jsonFault } : {}),
    help: help.filter((text) => text !== undefined).join('. '),
    initial: known ?? fieldText(field, before),
    isOptional: field.isRequired !== true,
  };
}

/** What stands for a choice that is left to the site. */
const defaultText = ({ isOn }: NounField): string =>
  isOn === undefined ? TEXTS.byDefault : FIELDS.byDefault(isOn ? FIELDS.on : FIELDS.off);

/** A secret that only this answer has. */
function NewSecret({ result }: { readonly result: NounObject }): JSX.Element | null {
  const secret = result['secret'];
  if (typeof secret !== 'string' || secret === TEXTS.hidden) return null;
  return <Secret text={secret} />;
}
