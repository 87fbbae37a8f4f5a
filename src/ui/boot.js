// Starts the user interface of one release; scripts/build-ui.mjs puts the names of its files here. Another release may answer while both run. A browser
// remembers a program that failed: so each file is fetched until it is there, and taken from the browser's cache then.
const PAUSE_MS = 400;
const wait = () => new Promise((done) => setTimeout(done, PAUSE_MS));

async function until(load) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await load(tries);
    } catch {
      await wait();
    }
  }
}

const fetched = (url) =>
  until(async () => {
    const answer = await fetch(url, { cache: 'reload' });
    if (!answer.ok) throw new Error(`no ${url}`);
    await answer.arrayBuffer();
  });

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

// What is not needed for the first page comes meanwhile; live/use-later.ts waits for it.
globalThis.regentRest = fetched('REST');
await Promise.all([fetched('STYLE').then(() => until(style)), fetched('SCRIPT'), fetched('WORKER')]);
await import('SCRIPT');
