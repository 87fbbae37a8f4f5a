import Type, { type Static } from 'typebox';
import { listQuery, nullable, oneOf, page, strict, text, Time } from '../base/common.ts';
import { ADMINS, EVERYBODY, get, post } from '../base/route-spec.ts';

/** States of a sync: requested, running, done, failed. */
export const SYNC_STATES = ['waiting', 'running', 'done', 'failed'] as const;

/** The last sync of a source's images. */
export const ImageSync = strict({
  source: Type.String(),
  state: oneOf(SYNC_STATES),
  node: Type.String({ description: 'region node that works at it; empty before one does' }),
  askedAt: Time,
  endedAt: nullable(Time),
  images: Type.Integer({ description: 'images that are wanted' }),
  fetched: Type.Integer({ description: 'of them those that have come, or were there' }),
  file: Type.String({ description: 'the file that comes just now' }),
  received: Type.Integer({ description: 'its bytes that have come' }),
  size: Type.Integer({ description: 'its bytes' }),
  problem: Type.String({ description: 'why it failed, or what was left out; empty: neither' }),
});
export type ImageSync = Static<typeof ImageSync>;

/** Calls about fetching images from boot sources. */
export const IMAGE_SYNC_ROUTES = {
  'image-sync.list': get('/image-syncs', 'List how far each boot source is fetched', {
    roles: EVERYBODY,
    query: listQuery({}, ['source']),
    response: page(ImageSync),
  }),
  'image-sync.create': post(
    '/boot-sources/{source}/sync',
    'Fetch what is new of a boot source; one under way goes on',
    {
      roles: ADMINS,
      params: strict({ source: text(64, 'name or id of a boot source') }),
      response: ImageSync,
      status: 200,
    },
  ),
} as const;
