import Type, { type Static } from 'typebox';
import { Id, nullable, oneOf, strict, text, Time } from '../base/common.ts';
import { ADMINS, del, get, KEEPERS, patch, post } from '../base/route-spec.ts';
import { FINDING_STATES } from '../cluster/finding.ts';

const Authority = Type.Optional(text(16_384, "certificate of the server's authority, PEM; left out: well-known ones"));
const Address = text(254, 'e-mail address');

/** An HTTPS request for each message, signed as Standard Webhooks are. */
const Webhook = strict({
  kind: oneOf(['webhook']),
  url: text(2000, 'https://…; http://… is never signed, because nothing secret goes there'),
  authority: Authority,
});

/** A mail for each message. */
const Mail = strict({
  kind: oneOf(['mail']),
  server: text(253, 'name or address of the SMTP server'),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  security: oneOf(['tls', 'starttls', 'none'], 'none: neither user nor password'),
  user: Type.Optional(text(254)),
  sender: Address,
  recipients: Type.Array(Address, { minItems: 1, maxItems: 20 }),
  authority: Authority,
});

export const AlertSettings = Type.Union([Webhook, Mail]);
export type AlertSettings = Static<typeof AlertSettings>;

/** Whom findings are reported to, and how that goes. Its secret is shown to nobody. */
export const AlertTarget = strict({
  id: Id,
  name: Type.String(),
  settings: AlertSettings,
  hasSecret: Type.Boolean(),
  secret: nullable(
    Type.String({ description: 'which signs the messages of a webhook; shown once, when Regent made it' }),
  ),
  least: oneOf(FINDING_STATES, 'findings below it are not sent'),
  isEnabled: Type.Boolean(),
  waiting: Type.Integer({ description: 'messages' }),
  delivered: Type.Integer({ description: 'messages' }),
  dropped: Type.Integer({ description: 'messages that were given up, or for which the queue had no room' }),
  lastSuccessAt: nullable(Time),
  lastFailureAt: nullable(Time),
  lastFailure: nullable(Type.String()),
  changedAt: Time,
});
export type AlertTarget = Static<typeof AlertTarget>;
export const AlertTargetList = strict({ items: Type.Array(AlertTarget) });

const SECRET = 'the secret of a webhook, or the password of a mail account; stored sealed';
const Optional = {
  secret: Type.Optional(text(1024, SECRET)),
  least: Type.Optional(oneOf(FINDING_STATES, 'warning when left out')),
  isEnabled: Type.Optional(Type.Boolean()),
};
const Create = strict({ name: text(64, 'lower-case letters, digits and "-"'), settings: AlertSettings, ...Optional });
const SetBody = strict({ settings: Type.Optional(AlertSettings), ...Optional });
const Params = strict({ target: text(64, 'id or name') });

/** How a message went that was sent at once. */
export const AlertTrial = strict({ isDelivered: Type.Boolean(), detail: Type.String(), id: Type.String() });

/** Calls about targets of alarms. */
export const ALERT_TARGET_ROUTES = {
  'alert-target.list': get('/alert-targets', 'List whom findings are reported to', {
    roles: KEEPERS,
    response: AlertTargetList,
  }),
  'alert-target.show': get('/alert-targets/{target}', 'Show a target of alarms', {
    roles: KEEPERS,
    params: Params,
    response: AlertTarget,
    hasEtag: true,
  }),
  'alert-target.create': post('/alert-targets', 'Report findings to a webhook or by mail', {
    roles: ADMINS,
    body: Create,
    response: AlertTarget,
  }),
  'alert-target.set': patch('/alert-targets/{target}', 'Change a target of alarms', {
    roles: ADMINS,
    params: Params,
    body: SetBody,
    response: AlertTarget,
  }),
  'alert-target.delete': del('/alert-targets/{target}', 'Report findings there no more; what waits is dropped', {
    roles: ADMINS,
    params: Params,
    response: AlertTarget,
  }),
  'alert-target.test': post('/alert-targets/{target}/test', 'Send a test message at once', {
    roles: ADMINS,
    params: Params,
    response: AlertTrial,
    status: 200,
  }),
} as const;
