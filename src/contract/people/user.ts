import { ROLES, USER_NAME_MOST } from '../base/role.ts';
import Type, { type Static } from 'typebox';
import { PASSWORD_BOUNDS } from '../../model/people/password.ts';
import { listQuery, nullable, oneOf, page, strict, Time, text, WriteQuery } from '../base/common.ts';

export const User = strict({
  name: Type.String(),
  role: oneOf(ROLES),
  email: Type.String({ description: 'for tools that keep one; empty for none' }),
  hasPassword: Type.Boolean(),
  createdAt: Time,
});
export type User = Static<typeof User>;

/** Bounds only the body; what a password must be is the model's (trust/password.ts). */
const Password = text(1024, 'password; it is stored only as a slow hash');
const AllowShort = Type.Optional(
  Type.Boolean({
    description: `an admin may give a password of fewer than ${PASSWORD_BOUNDS.least} characters; tools for MAAS do`,
  }),
);
export const UserCreate = strict({
  name: text(USER_NAME_MOST, 'letters, digits, "-", "_", ".", "+", "@"; no two differ only in capitals'),
  role: oneOf(ROLES),
  email: Type.Optional(Type.String({ maxLength: 254 })),
  password: Type.Optional(Password),
  allowShort: AllowShort,
});
export type UserCreate = Static<typeof UserCreate>;
export const UserSet = strict({
  role: Type.Optional(oneOf(ROLES)),
  email: Type.Optional(Type.String({ maxLength: 254 })),
});
export type UserSet = Static<typeof UserSet>;
/** `current`: needed of everybody but admins who has a password. `password` null removes it: then the user can only log in with API keys. */
export const PasswordSet = strict({
  password: nullable(Password),
  current: Type.Optional(Password),
  allowShort: AllowShort,
});
export type PasswordSet = Static<typeof PasswordSet>;
export const UserParams = strict({ user: text(USER_NAME_MOST, 'name') });
export const UserDeleteQuery = strict({
  ...WriteQuery.properties,
  transfer_to: Type.Optional(text(USER_NAME_MOST, 'name of the user who gets its machines, devices and files')),
});
export const UserListQuery = listQuery(
  { name: Type.Optional(text(USER_NAME_MOST)), role: Type.Optional(oneOf(ROLES)) },
  ['name'],
);
export const UserPage = page(User);

/** An API key without its secret, which is shown once and never stored. */
export const ApiKey = strict({
  user: Type.String(),
  label: Type.String(),
  consumer: Type.String(),
  token: Type.String({ description: 'the public middle part of the key' }),
  createdAt: Time,
  expiresAt: nullable(Time),
  usedAt: nullable(Type.String({ format: 'date-time', description: 'when it was used last, to five minutes' })),
});
export type ApiKey = Static<typeof ApiKey>;

export const ApiKeyCreate = strict({
  label: text(200),
  user: Type.Optional(text(USER_NAME_MOST, 'name; the caller when left out')),
  expiresAt: Type.Optional(nullable(Time)),
});
export type ApiKeyCreate = Static<typeof ApiKeyCreate>;

/** The answer to the creation: `key` is `consumer:token:secret`. A replay of the same request shows it no more (null). */
export const ApiKeyCreated = strict({ ...ApiKey.properties, key: nullable(Type.String()) });
export type ApiKeyCreated = Static<typeof ApiKeyCreated>;

/** A new title. */
export const ApiKeySet = strict({ label: text(200) });
export const ApiKeyParams = strict({ apiKey: text(64, 'token') });
export const ApiKeyListQuery = listQuery({ user: Type.Optional(text(USER_NAME_MOST)) }, ['token', 'label']);
export const ApiKeyPage = page(ApiKey);

/** Who the caller is. */
export const Me = strict({
  user: Type.String(),
  role: oneOf(ROLES),
  email: Type.String({ description: 'empty: none' }),
});
export type Me = Static<typeof Me>;
