import type { AnnotatedKind } from '../../contract/site/annotation.ts';
import { annotate, listAnnotations, SITE_ID } from '../../store/queries/site/annotations.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { autocommitReading, writing } from '../base/use-case.ts';
import { domainByRef } from '../names/domain.ts';
import { subnetByRef, vlanByRef } from '../networks/network-refs.ts';
import { declaredByRef } from '../base/declared.ts';

type Find = (tx: Tx, text: string) => Promise<{ readonly id: number }>;
const FIND: Readonly<Record<AnnotatedKind, Find>> = {
  fabric: async (tx, text) => await declaredByRef(tx, 'fabric', text),
  vlan: vlanByRef,
  subnet: subnetByRef,
  space: async (tx, text) => await declaredByRef(tx, 'space', text),
  domain: domainByRef,
  site: () => Promise.resolve({ id: SITE_ID }),
};

/** What people and tools say of fabrics, VLANs, subnets, spaces, domains and the site. Nothing follows from it. */
export const annotationCases = {
  'annotation.list': autocommitReading('annotation.list', async (tx, { query }) =>
    pageBody(await listAnnotations(tx, { ...query }), (row) => ({ ...row }), query),
  ),

  'annotation.set': writing(
    'annotation.set',
    ({ params }) => `annotation set ${params.kind} ${params.object}`,
    async (tx, { params: { kind, object: name }, body }) => {
      const row = await FIND[kind](tx, name);
      const texts = await annotate(tx, { kind, object: row.id }, body.texts);
      const shown = { kind, object: row.id, texts };
      tx.emit({ kind: 'annotation.changed', subject: `${kind} ${name}`, data: shown });
      return { body: shown };
    },
  ),
};
