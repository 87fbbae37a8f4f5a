import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { AppError } from '../../core/errors.ts';

/** A command of the QEMU Machine Protocol. */
export type QmpCommand = { readonly execute: string; readonly arguments?: Readonly<Record<string, string>> };

/** Gives one command to a QEMU by its QMP socket; returns what it says. Throws AppError `lab_machine` for a refusal or silence. */
export async function askQmp(socketPath: string, command: QmpCommand, timeoutMs: number): Promise<unknown> {
  const socket = connect(socketPath);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
  try {
    const send = (value: object) => socket.write(`${JSON.stringify(value)}\n`);
    for await (const line of createInterface({ input: socket })) {
      const message: Record<string, unknown> = JSON.parse(line);
      if ('QMP' in message) send({ execute: 'qmp_capabilities', id: 'hello' });
      else if ('error' in message) throw new Error(JSON.stringify(message['error']));
      else if (message['id'] === 'hello') send({ ...command, id: 'order' });
      else if (message['id'] === 'order') return message['return'];
    }
    throw new Error('it hung up');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('lab_machine', `QEMU refused ${command.execute}: ${reason}`, { cause });
  } finally {
    socket.destroy();
  }
}
