/** A NATS server with JetStream, on a port and in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePorts } from '../support/ports.ts';

export interface NatsServer {
  readonly port: number;
  /** Starts it on its folder, and waits until it accepts connections. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Kills it, and removes its folder. */
  remove(): Promise<void>;
}

/** @throws where `make test-nats` has not set NATS_SERVER. */
export async function createNatsServer(): Promise<NatsServer> {
  const { NATS_SERVER } = process.env;
  if (!NATS_SERVER) throw new Error('NATS_SERVER is not set: run make test-nats');
  const [port = 0] = await freePorts(1);
  const dir = await mkdtemp(join(tmpdir(), 'loms-nats-'));
  let child: ChildProcess | undefined;

  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    port,
    async start() {
      const args = ['--jetstream', '--store_dir', dir, '--addr', '127.0.0.1', '--port', String(port)];
      child = spawn(NATS_SERVER, args, { stdio: 'ignore' });
      await once(child, 'spawn');
      const client = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
      await client.close();
    },
    kill,
    async remove() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
