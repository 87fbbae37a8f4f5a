import Type, { type Static } from 'typebox';
import { Id, listQuery, oneOf, page, strict, text } from '../base/common.ts';
import { EVERYBODY, get, OPERATORS, put } from '../base/route-spec.ts';

/**
 * Objects with annotations (also the site as a whole) besides machines and devices, which have their own member for
 * annotations.
 */
export const ANNOTATED = ['fabric', 'vlan', 'subnet', 'space', 'domain', 'site'] as const;
export type AnnotatedKind = (typeof ANNOTATED)[number];

const Texts = Type.Record(Type.String(), Type.String({ maxLength: 2000 }), {
  description: 'texts by name, such as description',
  maxProperties: 64,
});

/** What people and tools say of an object. It has no effect. */
export const Annotations = strict({ kind: oneOf(ANNOTATED, 'what the object is'), object: Id, texts: Texts });
export type Annotations = Static<typeof Annotations>;

/** Calls about annotations. */
export const ANNOTATION_ROUTES = {
  'annotation.list': get('/annotations', 'List annotations of fabrics, VLANs, subnets, spaces, domains and the site', {
    roles: EVERYBODY,
    query: listQuery({}, ['id']),
    response: page(Annotations),
  }),
  'annotation.set': put('/annotations/{kind}/{object}', 'Annotate an object: an empty text takes its name away', {
    roles: OPERATORS,
    params: strict({
      kind: oneOf(ANNOTATED, 'what the object is'),
      object: text(254, 'id or name; of the site any text'),
    }),
    body: strict({ texts: Texts }),
    response: Annotations,
    hasEtag: false,
  }),
} as const;
