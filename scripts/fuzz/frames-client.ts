/** A TCP connection to the gRPC port, for bytes that may not be HTTP/2. */
import { connect } from 'node:net';
import { flags, frame, readFrames, types } from '../../test/support/frames.ts';
import { readStatus } from '../lib/hpack.ts';
import type { FramesCase } from './case.ts';

/** How long the service may wait for the rest of something incomplete; then the caller disconnects. */
const DISCONNECT_AFTER_MS = 100;

const PING = frame(types.ping, 0, 0, Buffer.from('fuzz run'));

/**
 * Sends bytes on a connection of their own, waits until the service has processed them, and disconnects.
 *
 * @returns the statuses of the calls that were answered.
 */
export async function sendFrames(port: number, { bytes }: FramesCase): Promise<number[]> {
  const socket = connect({ port, host: '127.0.0.1' });
  const statuses: number[] = [];
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, DISCONNECT_AFTER_MS);
    const done = () => {
      clearTimeout(limit);
      resolve();
    };
    const onFrame = (type: number, flag: number, _stream: number, payload: Buffer) => {
      const isPong = type === types.ping && (flag & flags.ack) !== 0 && payload.equals(PING.subarray(-8));
      if (isPong || type === types.goAway) done();
      const status = type === types.headers && flag & flags.endStream ? readStatus(payload) : undefined;
      if (status !== undefined) statuses.push(status);
    };
    socket.on('data', readFrames({ onFrame }));
    socket.on('error', done);
    socket.on('close', done);
    socket.write(Buffer.concat([bytes, PING]));
  });
  socket.destroy();
  return statuses;
}
