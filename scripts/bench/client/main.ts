/**
 * The project's own load client, as a process of its own: its one argument is the load, and it prints the
 * result as JSON. It loads REST and gRPC, in a closed loop (each answer is followed by the next request) or
 * in an open loop (a fixed rate of requests, whatever the answers).
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { BEGIN } from '../processes.ts';
import { pickSkus, pickUser } from '../stock.ts';
import type { Load, LoadResult } from '../types.ts';
import { grpc } from './grpc.ts';
import { rest } from './rest.ts';
import { Tally } from './tally.ts';
import type { Protocol, Wire } from './wire.ts';

/** The name of this program in reports. */
const GENERATOR = 'own client';
/** How many different requests are encoded in advance and then sent in turn. */
const PREPARED = 8_192;
/** How often an open loop sends the requests that have become due. */
const PACE_MS = 1;

async function run<Request>(protocol: Protocol<Request>, load: Load): Promise<LoadResult> {
  const tally = new Tally(GENERATOR);
  let running = true;
  const onLost = (requests: number) => {
    for (let lost = 0; running && lost < requests; lost++) tally.failed();
  };
  const wires = await openWires(protocol, load, onLost);
  const begin = unitOf(protocol, load, tally, () => running);
  process.stdout.write(BEGIN);
  const startMs = performance.now();
  const pace = load.rate === undefined ? undefined : startOpenLoop(wires, load.rate, begin, tally);
  if (pace === undefined) startClosedLoop(wires, begin, () => running);
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1_000));
  running = false;
  clearInterval(pace);
  const result = tally.result((performance.now() - startMs) / 1_000);
  for (const wire of wires) wire.close();
  return result;
}

async function openWires<Request>(
  protocol: Protocol<Request>,
  load: Load,
  onLost: (requests: number) => void,
): Promise<Wire<Request>[]> {
  const wires: Wire<Request>[] = [];
  const count = protocol.connections(load);
  for (let index = 0; index < count; index++) {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    // A lost connection is closed as well, and counted there.
    socket.on('error', () => {});
    const slots = Math.floor(load.concurrency / count) + (index < load.concurrency % count ? 1 : 0);
    const wire = protocol.start(socket, slots, onLost);
    await wire.ready;
    wires.push(wire);
  }
  return wires;
}

/** Runs one unit of work on a wire, counts it, and then calls `after`. */
type Begin<Request> = (wire: Wire<Request>, after: () => void) => void;

function unitOf<Request>(
  protocol: Protocol<Request>,
  { scenario }: Load,
  tally: Tally,
  isRunning: () => boolean,
): Begin<Request> {
  const prepared = Array.from({ length: PREPARED }, () => {
    const skus = pickSkus(scenario);
    return scenario === 'stock' ? protocol.stock(skus[0]) : protocol.create(skus, pickUser());
  });
  let next = 0;
  return (wire, after) => {
    const sentMs = performance.now();
    const finish = (ok: boolean, status: number) => {
      if (!isRunning()) return;
      if (ok) tally.ok(sentMs);
      else tally.refused(status, sentMs);
      after();
    };
    const request = prepared[next++ % PREPARED] as Request;
    if (scenario !== 'life') return wire.send(request, finish);
    wire.send(request, (created, status, reply) => {
      if (!created || !isRunning()) return finish(created, status);
      const orderId = protocol.orderIdOf(reply);
      wire.send(protocol.pay(orderId), (payed, payStatus) => {
        if (!payed || !isRunning()) return finish(payed, payStatus);
        wire.send(protocol.info(orderId), finish);
      });
    });
  };
}

function startClosedLoop<Request>(
  wires: readonly Wire<Request>[],
  begin: Begin<Request>,
  isRunning: () => boolean,
): void {
  for (const wire of wires) {
    const again = () => {
      if (isRunning() && wire.free > 0) begin(wire, again);
    };
    for (let slots = wire.free; slots > 0; slots--) again();
  }
}

function startOpenLoop<Request>(
  wires: readonly Wire<Request>[],
  rate: number,
  begin: Begin<Request>,
  tally: Tally,
): NodeJS.Timeout {
  const startMs = performance.now();
  let sent = 0;
  let turn = 0;
  const nextFree = () => {
    for (let tried = 0; tried < wires.length; tried++) {
      const wire = wires[turn++ % wires.length];
      if (wire !== undefined && wire.free > 0) return wire;
    }
    return undefined;
  };
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * rate);
    for (; sent < due; sent++) {
      const wire = nextFree();
      if (wire === undefined) {
        tally.heldBack += due - sent;
        sent = due;
        return;
      }
      begin(wire, () => {});
    }
  }, PACE_MS);
}

const load = JSON.parse(process.argv[2] ?? '') as Load;
const result = load.transport === 'REST' ? await run(rest, load) : await run(grpc, load);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();
