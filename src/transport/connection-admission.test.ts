/** How many connections a port and a peer may have, and which one is closed for a new one. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Connection, type ConnectionShares, Connections } from './connection-admission.ts';
import { TrustedProxies } from './proxies.ts';

/** The part of a socket that counts here; its peer closes with `destroy`, as a real one. */
class Peer extends EventEmitter {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort = 3_000;
  destroyed = false;

  constructor(address: string | undefined, port: number, localAddress = 'here') {
    super();
    this.remoteAddress = address;
    this.remotePort = port;
    this.localAddress = localAddress;
  }

  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
}

/** The connections of a port on a clock of the test. */
function port(shares: Partial<ConnectionShares>) {
  let nowMs = 0;
  let lastPort = 0;
  const all = { connectionsMax: 100, peerMax: 100, peerPerSecond: 0, ...shares };
  const connections = new Connections(all, () => nowMs);
  return {
    connections,
    connect(address = 'a', busy = false) {
      const socket = new Peer(address, ++lastPort) as unknown as Socket;
      const connection = connections.admit(socket);
      if (connection) connection.isBusy = () => busy;
      return { socket, connection: connection as Connection };
    },
    moveTo(timeMs: number) {
      nowMs = timeMs;
    },
  };
}

const open = (...all: { socket: Socket }[]) => all.map(({ socket }) => !socket.destroyed);

test('when the port is full, the connection that is idle longest is closed for the new one', () => {
  const { connect, connections } = port({ connectionsMax: 3 });
  const [first, second, third] = [connect(), connect(), connect()];
  first.connection.touch();
  const fourth = connect();
  expect(open(first, second, third, fourth)).toEqual([true, false, true, true]);
  expect(connections.size).toBe(3);
});

test('a busy connection is not closed; when all are busy the new one is', () => {
  const { connect, connections } = port({ connectionsMax: 2 });
  const [busy, idle] = [connect('a', true), connect('a')];
  const also = connect('a', true);
  expect(open(busy, idle, also)).toEqual([true, false, true]);
  const late = connect('a');
  expect(open(busy, also, late)).toEqual([true, true, false]);
  expect(late.connection).toBeUndefined();
  expect(connections.size).toBe(2);
});

test('a full port closes connections of the peer that has the most', () => {
  const { connect } = port({ connectionsMax: 4 });
  const quiet = connect('quiet');
  const greedy = [connect('greedy'), connect('greedy'), connect('greedy')];
  const newcomers = [connect('new'), connect('greedy')];
  expect(open(quiet, ...greedy, ...newcomers)).toEqual([true, false, false, true, true, true]);
});

test('a peer that has its share closes a connection of its own, though the port has room', () => {
  const { connect } = port({ peerMax: 2 });
  const other = connect('b');
  const own = [connect('a'), connect('a'), connect('a')];
  expect(open(other, ...own)).toEqual([true, false, true, true]);
});

test('connections of a trusted proxy have no share of their own, and are closed last', () => {
  const proxies = new TrustedProxies(['10.0.0.1']);
  const { connect } = port({ connectionsMax: 4, peerMax: 1, peerPerSecond: 1, proxies });
  const proxied = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
  const other = connect('10.0.0.2');
  const next = connect('10.0.0.3');
  expect(open(...proxied, other, next)).toEqual([true, true, true, false, true]);
});

test('a request comes from its peer, or from the client that a trusted proxy names', () => {
  const { connect } = port({ proxies: new TrustedProxies(['10.0.0.1']) });
  const [direct, proxied] = [connect('192.0.2.7'), connect('10.0.0.1')];
  expect(direct.connection.clientOf(() => '203.0.113.1')).toBe('192.0.2.7');
  expect(proxied.connection.clientOf(() => '203.0.113.1')).toBe('203.0.113.1');
  expect(proxied.connection.clientOf(() => undefined)).toBe('10.0.0.1');
});

test('a peer opens no more connections in a second than its limit', () => {
  const { connect, moveTo } = port({ peerPerSecond: 2 });
  expect(open(connect(), connect(), connect(), connect('b'))).toEqual([true, true, false, true]);
  moveTo(999);
  expect(open(connect())).toEqual([false]);
  moveTo(1_000);
  expect(open(connect(), connect(), connect())).toEqual([true, true, false]);
});

test('both sockets of a connection over TLS find it, until it is closed', () => {
  const { connect, connections } = port({});
  const { socket, connection } = connect();
  const { remoteAddress = '', remotePort = 0 } = socket;
  const above = new Peer(remoteAddress, remotePort) as unknown as Socket;
  expect(connections.find(above)).toBe(connection);
  socket.destroy();
  expect(connections.find(above)).toBeUndefined();
  connection.touch();
  expect(connections.size).toBe(0);
});

test('connections of one port of a peer to two of our addresses are two, and its limit stays', () => {
  const { connections, connect } = port({ peerMax: 2 });
  const sockets = ['here', 'there'].map((local) => new Peer('a', 1_000, local) as unknown as Socket);
  const [here, there] = sockets.map((socket) => connections.admit(socket));
  expect(sockets.map((socket) => connections.find(socket))).toEqual([here, there]);
  expect(connections.size).toBe(2);
  for (const socket of sockets) socket.destroy();
  expect(connections.size).toBe(0);
  expect(open(connect('a'), connect('a'))).toEqual([true, true]);
  const last = [connect('a'), connect('a'), connect('a')];
  expect(open(...last)).toEqual([false, true, true]);
  expect(connections.size).toBe(2);
});

test('a socket whose peer has disconnected already is not admitted', () => {
  const { connections } = port({});
  const gone = new Peer(undefined, 1) as unknown as Socket;
  expect(connections.admit(gone)).toBeUndefined();
  expect(gone.destroyed).toBe(true);
});

test('whatever connects, works and disconnects: the limits hold, and only idle ones are closed', () => {
  const step = fc.record({
    act: fc.constantFrom('connect', 'touch', 'work', 'rest', 'close'),
    peer: fc.constantFrom('a', 'b', 'c'),
    index: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limited = new Connections({ connectionsMax: 6, peerMax: 3, peerPerSecond: 0 });
      const alive: { socket: Peer; connection: Connection; peer: string; busy: boolean }[] = [];
      let lastPort = 0;
      for (const { act, peer, index } of steps) {
        const one = alive[index % Math.max(1, alive.length)];
        if (act === 'connect') {
          const socket = new Peer(peer, ++lastPort);
          const connection = limited.admit(socket as unknown as Socket);
          const entry = { socket, connection: connection as Connection, peer, busy: false };
          if (connection) connection.isBusy = () => entry.busy;
          if (connection) alive.push(entry);
        } else if (act === 'touch') one?.connection.touch();
        else if (act === 'close') one?.socket.destroy();
        else if (one) one.busy = act === 'work';
        for (const each of alive.filter(({ socket }) => socket.destroyed)) {
          if (act !== 'close') expect(each.busy).toBe(false);
          alive.splice(alive.indexOf(each), 1);
        }
        expect(limited.size).toBe(alive.length);
        expect(alive.length).toBeLessThanOrEqual(6);
        for (const name of ['a', 'b', 'c'])
          expect(alive.filter((each) => each.peer === name).length).toBeLessThanOrEqual(3);
      }
    }),
  );
});
