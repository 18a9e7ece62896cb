/** Addresses of peers, and of the clients behind proxies. */
import { describe, expect, test } from 'vitest';
import { peerOf, TrustedProxies } from './proxies.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:db8:1:2::6', '2001:db8:1:2::'],
  ['2001:db8::6', '2001:db8:0:0::'],
  ['::1', '0:0:0:0::'],
  [undefined, ''],
])('the peer of %s is %s', (address, peer) => {
  expect(peerOf(address)).toBe(peer);
});

describe('TrustedProxies', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);

  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:9::1', true],
    ['2001:db9::1', false],
    [undefined, false],
  ])('has %s: %s', (address, isTrusted) => {
    expect(proxies.has(address)).toBe(isTrusted);
  });

  test.each([
    ['a stranger is its own client, whatever it claims', '192.0.2.8', '203.0.113.1', '192.0.2.8'],
    ['a proxy names its client', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['the last address that is no proxy counts', '10.0.0.1', '1.1.1.1, 203.0.113.1, 10.9.9.9', '203.0.113.1'],
    ['a client that is a proxy itself', '10.0.0.1', '10.0.0.2,10.0.0.3', '10.0.0.2'],
    [
      'behind text that is no address the list ends',
      '10.0.0.1',
      '203.0.113.1, unknown, 10.0.0.3',
      '10.0.0.3',
    ],
    ['an empty list is the proxy', '10.0.0.1', '', '10.0.0.1'],
    ['no list is the proxy', '10.0.0.1', undefined, '10.0.0.1'],
    ['IPv6 counts by its network', '2001:db8::1', '2001:db9:1:2:3:4:5:6', '2001:db9:1:2::'],
  ])('%s', (_title, address, forwardedFor, client) => {
    expect(proxies.clientOf(address, forwardedFor)).toBe(client);
  });

  test('without entries nobody is trusted', () => {
    expect(new TrustedProxies().clientOf('10.0.0.1', '203.0.113.1')).toBe('10.0.0.1');
  });
});
