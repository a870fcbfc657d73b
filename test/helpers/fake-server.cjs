// The first process of a fake container: an HTTP or Redis server that does what the mode says, `wrong-after:14`
// from the 14th answer on.
const { spawn } = require('node:child_process');
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');

const { FAKE_ENGINE, FAKE_CONTAINER } = process.env;
const settings = readFileSync(`${FAKE_ENGINE}/settings`, 'utf8');
const setting = (name) => new RegExp(`^${name}='?(.*?)'?$`, 'm').exec(settings)[1];
const [mode, number] = setting('MODE').split(':');
const count = Number(number);
const asked = (what) => appendFileSync(`${FAKE_ENGINE}/asked`, `${what}\n`);

let answers = 0;

/** Counts an answer; is it to be a wrong one? */
function next() {
  answers++;
  if (mode === 'die-after' && answers > count) process.exit(9);
  if (mode === 'child-after' && answers === count) spawn('sleep', ['60']);
  if (mode === 'restart-after' && answers === count) {
    // As if another one had taken this one's place.
    writeFileSync(`${FAKE_CONTAINER}/started`, 'later');
    writeFileSync(`${FAKE_CONTAINER}/pid`, String(process.ppid));
  }
  return mode === 'wrong' || (mode === 'wrong-after' && answers > count);
}

const values = new Map();

/** *3 $3 set $4 foo7 $4 bar7: every second line is a length. */
function redis(socket) {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    const [command, key, value] = data
      .toString()
      .split('\r\n')
      .filter((_, i) => i % 2 === 0 && i > 0);
    asked(`${command} ${key}`);
    if (command === 'set') {
      if (mode !== 'forget') values.set(key, value);
      socket.write(next() ? '-ERR no\r\n' : '+OK\r\n');
    } else {
      const found = values.get(key);
      socket.write(found === undefined ? '$-1\r\n' : `$${found.length}\r\n${found}\r\n`);
    }
  });
}

let connections = 0;

function answer({ method, url }, response) {
  asked(`${method} ${url} ${connections}`);
  const wrong = next();
  if (mode === 'hang-after' && answers > count) return;
  if (mode === 'busy-first' && answers <= count) response.statusCode = 503;
  response.end(wrong ? 'Oops' : 'Nabla!');
}

if (mode === 'exit') {
  console.error("Error: Cannot find module '/server.js'");
  process.exit(7);
} else if (mode === 'silent') {
  setInterval(() => {}, 1000);
} else {
  const server =
    setting('PROTOCOL') === 'redis'
      ? net.createServer(redis)
      : http.createServer(answer).on('connection', () => {
          connections++;
        });
  server.listen(Number(setting('PORT')), setting('ADDRESS'));
}
