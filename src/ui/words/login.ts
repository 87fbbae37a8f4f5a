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
  ended: 'The session has ended. Log in again: this page is as you left it.',
  waiting: 'The site does not answer. This page goes on by itself when it does.',
  busy: 'Logging in …',
  missing: 'Something is missing here.',
} as const;
