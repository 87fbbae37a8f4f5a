/**
 * The `Authorization` header of a MAAS API key `consumer:token:secret`: OAuth 1.0 with PLAINTEXT (RFC 5849 section 3.4.4), whose signature is `&` and
 * the token's secret. `nonce`: random; `seconds`: since 1970. A header is for one try. Pure.
 */
export function oauthHeader(
  key: string,
  { nonce, seconds }: { readonly nonce: string; readonly seconds: number },
): string {
  const [consumer = '', token = '', secret = ''] = key.split(':');
  const parameters = {
    oauth_version: '1.0',
    oauth_signature_method: 'PLAINTEXT',
    oauth_consumer_key: consumer,
    oauth_token: token,
    oauth_signature: `&${secret}`,
    oauth_timestamp: String(seconds),
    oauth_nonce: nonce,
  };
  const texts = Object.entries(parameters).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
  return `OAuth ${texts.join(', ')}`;
}
