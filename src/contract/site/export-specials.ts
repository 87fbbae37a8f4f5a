import Type, { type TSchema } from 'typebox';
import { oneOf, strict, text } from '../base/common.ts';
import type { FileRules } from '../base/file-rules.ts';
import type { Role } from '../base/role.ts';
import { ADMINS, KEEPERS } from '../base/route-spec.ts';
import { NOTIFICATION_ROUTES } from '../people/notification.ts';
import { SshKeyCreate } from '../people/ssh-key.ts';
import { UserCreate, UserSet } from '../people/user.ts';
import { ANNOTATED, ANNOTATION_ROUTES } from './annotation.ts';
import { SettingSet } from './setting.ts';

/** A noun of configuration files that has not the five usual calls. Its calls are in `region/site/export/calls.ts`. */
export interface SpecialKind {
  readonly noun: string;
  readonly plural: string;
  readonly file: FileRules;
  readonly create: TSchema;
  readonly set: TSchema;
  readonly isFixed?: boolean;
  /** Who sees all objects; left out: whoever may list them. */
  readonly readers?: readonly Role[];
}

const value = SettingSet.properties.value;
const { texts } = ANNOTATION_ROUTES['annotation.set'].body.properties;
const SettingInFile = strict({ name: text(64), value });
const KeyInFile = strict({ user: text(150, 'name'), key: SshKeyCreate.properties.key });
const AnnotationInFile = strict({
  of: oneOf(ANNOTATED, 'what the object is'),
  object: text(254, 'its name; FABRIC/NAME of a VLAN, CIDR of a subnet; of the site: site'),
  texts,
});

/** Hand-written kinds: all other nouns follow from their declarations and entries. */
export const SPECIAL_KINDS: readonly SpecialKind[] = [
  {
    noun: 'setting',
    plural: 'settings',
    file: { identity: ['name'], refersTo: {}, after: ['domain'] },
    create: SettingInFile,
    set: SettingInFile,
    isFixed: true,
  },
  {
    noun: 'annotation',
    plural: 'annotations',
    file: { identity: ['of', 'object'], refersTo: {}, after: ['fabric', 'vlan', 'subnet', 'space', 'domain'] },
    create: AnnotationInFile,
    set: AnnotationInFile,
  },
  {
    noun: 'user',
    plural: 'users',
    file: { identity: ['name'], refersTo: {} },
    create: UserCreate,
    set: UserSet,
    readers: KEEPERS,
  },
  {
    noun: 'ssh-key',
    plural: 'ssh-keys',
    file: { identity: ['user', 'key'], refersTo: { user: 'user' } },
    create: KeyInFile,
    set: strict({}),
    readers: KEEPERS,
  },
  {
    noun: 'notification',
    plural: 'notifications',
    file: { identity: ['message'], refersTo: { user: 'user' } },
    create: NOTIFICATION_ROUTES['notification.create'].body,
    set: NOTIFICATION_ROUTES['notification.set'].body,
    readers: ADMINS,
  },
];

/** Objects of any kind that a file may list. */
const OBJECTS_MOST = 50_000;

/** A list of objects of a kind. */
export const listOf = (schema: TSchema) => Type.Optional(Type.Array(schema, { maxItems: OBJECTS_MOST }));
