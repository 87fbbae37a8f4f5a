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

// A worker that does not load is not made again: its file has to be in the browser's cache when the page makes it.
async function worker() {
  const answer = await fetch('WORKER', { cache: 'reload' });
  if (!answer.ok) throw new Error('no worker');
  await answer.arrayBuffer();
}

await until(style);
await until(worker);
await until((tries) => import(tries === 0 ? 'SCRIPT' : `SCRIPT?${tries}`));
