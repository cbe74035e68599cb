// One system for the tests of a file: the built engine with its own database and broker, and a clock that can be moved.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const binary = join(root, 'target/debug/usciere');

/** A port nobody listens on now. */
export const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Asks again until it is so; the test's own limit ends it. */
export async function until(isSo) {
  while (!(await isSo())) await new Promise((wake) => setTimeout(wake, 200));
}

export class System {
  /** Starts it and waits until it is ready; `settings` are variables of its environment. */
  static async start(settings = {}, port = undefined) {
    const system = new System();
    system.folder = mkdtempSync(join(tmpdir(), 'usciere-browser.'));
    const ready = join(system.folder, 'ready.json');
    system.port = port ?? (await freePort());
    const log = openSync(join(system.folder, 'log'), 'w');
    system.process = spawn(
      binary,
      ['dev', '--http-port', String(system.port), '--data-dir', join(system.folder, 'data'), '--ready-file', ready],
      { cwd: root, env: { ...process.env, USCIERE_PROFILE: 'dev', ...settings }, stdio: ['ignore', log, log] },
    );
    let ended = false;
    system.process.once('exit', () => (ended = true));
    while (!existsSync(ready)) {
      if (ended) throw new Error(system.log());
      await new Promise((wake) => setTimeout(wake, 100));
    }
    system.places = JSON.parse(readFileSync(ready, 'utf8'));
    system.url = `http://127.0.0.1:${system.port}`;
    return system;
  }

  log() {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** Runs a command of usciere against this system. */
  usciere(...args) {
    const env = { ...process.env, USCIERE_PROFILE: 'dev', DATABASE_URL: this.places.database_url, AMQP_URL: this.places.amqp_url };
    return execFileSync(binary, args, { cwd: root, env, encoding: 'utf8' });
  }

  /** One statement against the database; answers what it reads, a line for each row. */
  psql(statement) {
    return execFileSync('psql', [this.places.database_url, '-qAtc', statement], { encoding: 'utf8' }).trim();
  }

  /** Everybody who is signed in has been away for too long. */
  endSessions() {
    this.psql("update session set seen_at = now() - interval '31 minutes'");
  }

  /** A call of the private broker's management API. */
  async broker(method, path, body = undefined) {
    const { origin, username, password } = new URL(this.places.management_url);
    const answer = await fetch(`${origin}/api${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok && answer.status !== 404) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.headers.get('content-type')?.includes('json') ? answer.json() : undefined;
  }

  /** The broker lets nobody in, and throws out whoever is; comes back once the engine knows. */
  async brokerAway() {
    await this.broker('PUT', '/vhost-limits/%2f/max-connections', { value: 0 });
    await until(async () => {
      const connections = await this.broker('GET', '/connections');
      for (const { name } of connections) await this.broker('DELETE', `/connections/${encodeURIComponent(name)}`);
      const { parts } = await (await fetch(`${this.url}/readyz`)).json();
      return JSON.stringify(parts.broker_publishing).includes('down');
    });
  }

  brokerBack() {
    return this.broker('DELETE', '/vhost-limits/%2f/max-connections');
  }

  /** A call of the API as an officer of a sede or a desk. */
  async asOfficer(sede, path, body) {
    const token = this.usciere('token', 'create', '--role', 'officer', '--sede', sede).trim();
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async stop() {
    const ended = new Promise((done) => this.process.once('exit', done));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
