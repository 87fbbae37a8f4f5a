import { conflict, invalid, reference, type Sentence } from './sentence.ts';

/** What an operator reads when a constraint of annotations refuses. */
export const ANNOTATION_SENTENCES: Readonly<Record<string, Sentence>> = {
  annotations_fabric: reference('fabric', 'annotations'),
  annotations_fabric_once: conflict('The fabric was annotated by someone else at the same moment.'),
  annotations_vlan: reference('VLAN', 'annotations'),
  annotations_vlan_once: conflict('The VLAN was annotated by someone else at the same moment.'),
  annotations_subnet: reference('subnet', 'annotations'),
  annotations_subnet_once: conflict('The subnet was annotated by someone else at the same moment.'),
  annotations_space: reference('space', 'annotations'),
  annotations_space_once: conflict('The space was annotated by someone else at the same moment.'),
  annotations_domain: reference('domain', 'annotations'),
  annotations_domain_once: conflict('The domain was annotated by someone else at the same moment.'),
  annotations_of_one: invalid('An annotation is about one object.', 'object'),
  site_annotations_once: conflict('There is one site.'),
  site_annotations_texts_size: invalid(
    'The annotations are too long. Rule: at most 16384 characters as JSON.',
    'texts',
  ),
  annotations_texts_size: invalid('The annotations are too long. Rule: at most 16384 characters as JSON.', 'texts'),
};
