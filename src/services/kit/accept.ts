import { Compile } from 'typebox/compile';
import { AppError, show } from '../../core/errors.ts';
import type { AnyService } from './contract.ts';

/**
 * Checks a desired state against its service's schema: the wire may be older, newer or broken. Throws an AppError
 * `template` that names the first member that does not fit; never shows more than a short piece of it.
 */
export function acceptDesired(service: AnyService, desired: unknown): void {
  const validator = validatorOf(service);
  if (validator.Check(desired)) return;
  const [first] = validator.Errors(desired);
  const where = first?.instancePath ?? '';
  const value = where.split('/').slice(1).reduce<unknown>(memberOf, desired);
  const what = `${first?.message ?? 'it does not fit'} (it is ${show(value)})`;
  throw new AppError('template', `desired state of ${service.name}: ${where === '' ? 'it' : where} ${what}`);
}

const validators = new WeakMap<object, ReturnType<typeof Compile>>();

/** The compiled schema of a service: made once. */
export function validatorOf(service: AnyService): ReturnType<typeof Compile> {
  const made = validators.get(service.desired) ?? Compile(service.desired);
  validators.set(service.desired, made);
  return made;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
