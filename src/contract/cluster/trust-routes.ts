import { NodeParams } from './node.ts';
import { ADMINS, begin, del, EVERYBODY, get, KEEPERS, post, put } from '../base/route-spec.ts';
import { Job } from '../base/job.ts';
import * as trust from './trust.ts';

/** Calls about who is let in and who is not any more. */
export const TRUST_ROUTES = {
  'token.list': get('/tokens', 'List join tokens, without their secrets', {
    roles: ADMINS,
    query: trust.TokenListQuery,
    response: trust.TokenPage,
  }),
  'token.create': post('/tokens', 'Create a join token; its secret is in this answer and nowhere else', {
    roles: ADMINS,
    body: trust.TokenCreate,
    response: trust.TokenCreated,
  }),
  'token.revoke': del('/tokens/{token}', 'Revoke a join token', {
    roles: ADMINS,
    params: trust.TokenParams,
    response: trust.Token,
    hasEtag: false,
  }),

  'certificate.list': get('/certificates', 'List certificates of nodes', {
    roles: KEEPERS,
    query: trust.CertificateListQuery,
    response: trust.CertificatePage,
  }),
  'certificate.revoke': post(
    '/certificates/{certificate}/revoke',
    'Revoke a certificate: no region takes it any more',
    {
      roles: ADMINS,
      params: trust.CertificateParams,
      body: trust.CertificateRevoke,
      response: trust.Certificate,
      status: 200,
    },
  ),

  'site-certificate.show': get('/site-certificate', 'Show the certificate that browsers see', {
    roles: EVERYBODY,
    response: trust.SiteCertificate,
    hasEtag: true,
  }),
  'site-certificate.set': put('/site-certificate', "Show an operator's own certificate on all region nodes", {
    roles: ADMINS,
    body: trust.SiteCertificateSet,
    response: trust.SiteCertificate,
  }),
  'site-certificate.unset': del('/site-certificate', "Show the cluster's own certificate again", {
    roles: ADMINS,
    response: trust.SiteCertificate,
  }),

  'node.delete': del('/nodes/{node}', 'Forget a rack, or a region node that never finished joining', {
    roles: ADMINS,
    params: NodeParams,
    response: trust.DeletedNode,
    hasEtag: false,
  }),
  'node.remove': begin('/nodes/{node}/remove', 'Take a node out for good; one that is alive hands its work on first', {
    roles: ADMINS,
    params: NodeParams,
    body: trust.RemovalRequest,
    response: Job,
  }),
  'node.replace': begin('/nodes/{node}/replace', 'The same, and keep its place for another host', {
    roles: ADMINS,
    params: NodeParams,
    body: trust.RemovalRequest,
    response: Job,
  }),

  'place.list': get('/places', 'List the places of lost nodes that are reserved for other hosts', {
    roles: KEEPERS,
    query: trust.PlaceListQuery,
    response: trust.PlacePage,
  }),
  'place.delete': del('/places/{place}', 'Keep a place no more', {
    roles: ADMINS,
    params: trust.PlaceParams,
    response: trust.Place,
    hasEtag: false,
  }),
};
