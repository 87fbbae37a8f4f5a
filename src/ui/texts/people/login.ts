/** Sentences of the login. */
export const LOGIN = {
  title: 'Log in',
  user: 'Name',
  userHelp: 'Leave it empty to log in with an API key.',
  password: 'Password or API key',
  submit: 'Log in',
  keyHelp: 'First day? Paste the API key that `regent init` printed. It is not stored in this browser.',
  wall: 'Read-only wall display (stays logged in longer)',
  ended: 'The session has ended. Log in again: this page is as you left it.',
  waiting: 'The site does not answer. This page goes on by itself when it does.',
  busy: 'Logging in …',
  untrusted:
    'Live updates are off: this browser does not trust the site’s certificate yet. Install the CA (1 minute). Until then each page reads events by itself while it is visible.',
  trust: 'Let this browser trust the site',
  trustText:
    'Import the certificate of the cluster’s authority into the browser, as an authority for websites. Without it the browser may refuse every call after another node has taken over.',
  trustFile: 'regent-ca.crt',
  trustFingerprint:
    'Compare its SHA-256 fingerprint on a node (openssl x509 -noout -fingerprint -sha256 -in /etc/regent/pki/ca.crt):',
  missing: 'Something is missing here.',
} as const;
