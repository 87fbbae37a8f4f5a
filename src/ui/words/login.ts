/** Sentences of the login. */
export const LOGIN = {
  title: 'Log in',
  user: 'Name',
  password: 'Password',
  submit: 'Log in',
  byKey: 'With an API key',
  byPassword: 'With a password',
  key: 'API key',
  keyHelp:
    'consumer:token:secret, as `regent init` or `regent key create` printed it. It stays nowhere in this browser.',
  wall: 'A screen on the wall: it only looks, and stays logged in for longer',
  ended: 'The session has ended. Log in again: this page is as you left it.',
  waiting: 'The site does not answer. This page goes on by itself when it does.',
  busy: 'Logging in …',
  trust: 'Let this browser trust the site',
  trustText:
    'Import the certificate of the cluster’s authority into the browser, as an authority for websites. Without it the browser may refuse every call after another node has taken over.',
  trustFile: 'regent-ca.crt',
  trustFingerprint:
    'Compare its SHA-256 fingerprint on a node (openssl x509 -noout -fingerprint -sha256 -in /etc/regent/pki/ca.crt):',
  missing: 'Something is missing here.',
} as const;
