// Begins the user interface of one release; scripts/build-ui.mjs puts the names of its files here. Another release may answer while both run: then a
// file is asked for again, under another address, because a browser remembers what failed.
const PAUSE_MS = 400;
const wait = () => new Promise((done) => setTimeout(done, PAUSE_MS));

function style(tries) {
  return new Promise((done, failed) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = tries === 0 ? 'STYLE' : `STYLE?${tries}`;
    link.onload = done;
    link.onerror = () => {
      link.remove();
      failed(new Error('no style'));
    };
    document.head.append(link);
  });
}

async function until(load) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await load(tries);
    } catch {
      await wait();
    }
  }
}

await until(style);
// The program itself has one address: pages that are loaded later refer to it, and it must not begin twice. So it is asked for until it is there, then imported.
await until(async () => {
  const response = await fetch('SCRIPT', { priority: 'high' });
  if (!response.ok) throw new Error('no script');
  await response.arrayBuffer();
});
await import('SCRIPT').catch(async () => {
  await wait();
  location.reload();
});
