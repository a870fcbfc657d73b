// Asks a program on a port of this machine, once it is there. Each answer is one line, a string in JSON:
//
//   ask.mjs http 5000 '/?size=7'          "200 xxxxxxx"
//   ask.mjs redis 6379 'GET foo1'         "$4 bar1"
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 60_000;
const [protocol, port, ...questions] = process.argv.slice(2);

async function http(path) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${answer.status} ${await answer.text()}`;
}

function redis(command) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () =>
      resolve(
        text
          .replace(/\+OK\r\n$/, '')
          .trim()
          .replaceAll('\r\n', ' '),
      ),
    );
    socket.on('error', reject);
    socket.write(`${command}\r\nQUIT\r\n`);
  });
}

const ask = { http, redis }[protocol];
const end = Date.now() + PATIENCE;
for (const question of questions) {
  for (;;) {
    try {
      console.log(JSON.stringify(await ask(question)));
      break;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
