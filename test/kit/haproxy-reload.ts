/** Reads to its end what the master process answers: then the reload is done, or refused. */
const PROGRAM = `
import socket
master = socket.socket(socket.AF_UNIX)
master.settimeout(20)
master.connect('/run/haproxy/master.sock')
master.sendall(b'reload\\n')
while master.recv(4096): pass
`;

/**
 * Has the master process of haproxy reload, and waits for what becomes of it (management guide, §9.4, `reload`). A signal that comes within some 80 ms of
 * another one is lost.
 */
export const RELOAD_HAPROXY: readonly string[] = ['python3', '-c', PROGRAM];
