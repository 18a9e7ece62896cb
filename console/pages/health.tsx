/** Whether the service is well: readiness, nodes, keys, certificate, and the audit of the stock. */
import { readiness } from '../api.ts';
import { countdown, duration, number } from '../format.ts';
import { useLoaded } from '../load.ts';
import type { NodeState, Readiness } from '../model.ts';
import { Facts, Problem, Table } from '../parts/common.tsx';
import { samples, serviceNowMs } from '../samples.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';
import { Audit } from './audit.tsx';

const REFRESH_MS = 2_000;

export function HealthPage() {
  const loaded = useLoaded('readiness', (signal) => readiness<Readiness>(signal), {
    everyMs: REFRESH_MS,
  });
  const { problem } = loaded;
  // Whether it was ready before means nothing while the service does not answer.
  const value = problem === undefined ? loaded.value : undefined;
  return (
    <>
      <Problem of={problem} />
      {value && <State of={value} />}
      {value?.details.nodes && <Nodes of={value.details.nodes} />}
      <Audit />
    </>
  );
}

const yes = (is: boolean | undefined) => (
  <span class={is ? 'status good' : 'status bad'}>{is === undefined ? 'not known' : is ? 'yes' : 'no'}</span>
);

function State({ of: { ready, details } }: { readonly of: Readiness }) {
  const { version } = useStore(session);
  const { history } = useStore(samples);
  const { migrated, schemaProblem, writable, confirmedBy, keys } = details;
  return (
    <Facts
      of={{
        Ready: yes(ready),
        'Accepts writes': yes(writable),
        ...(migrated !== undefined && { Schema: migrated ? 'up to date' : (schemaProblem ?? 'not known') }),
        ...(confirmedBy !== undefined && { 'Replicas that confirm': number(confirmedBy) }),
        ...(keys && { "Issuer's keys": keysText(keys) }),
        Certificate: certificateText(history.latest('certificateEnd')),
        'Event loop': duration(history.latest('eventLoop')),
        Version: version,
      }}
    />
  );
}

/** @param endS in seconds since the epoch; undefined before the first sample. */
function certificateText(endS: number | undefined): string {
  if (endS === undefined) return 'not known';
  return endS === 0 ? 'no TLS' : `ends in ${countdown(endS * 1_000 - serviceNowMs())}`;
}

function keysText({ usable, readable, ageMs }: NonNullable<Readiness['details']['keys']>) {
  if (ageMs === null) return 'never read';
  const age = `read ${countdown(Number(ageMs))} ago`;
  return `${usable ? 'usable' : 'too old'}, ${age}${readable ? '' : ', cannot be read now'}`;
}

function Nodes({ of }: { readonly of: readonly NodeState[] }) {
  const { history } = useStore(samples);
  return (
    <>
      <h2>Database nodes</h2>
      <Table
        label="Nodes"
        head={['node', 'role', 'state', '#replay lag', '#clock ahead', '#timeline', '#reads']}
      >
        {of.map((node) => (
          <tr key={node.name}>
            <td>{node.name}</td>
            <td>{node.role}</td>
            <td>
              <span class={node.healthy ? 'status good' : 'status bad'}>
                {node.healthy ? 'in use' : node.reason}
              </span>
              {node.cause && <div class="faint">{node.cause}</div>}
            </td>
            <td class="num">
              {node.role === 'replica' && duration(history.latest(`node.${node.name}.lag`))}
            </td>
            <td class="num">{node.clockAheadMs == null ? '–' : `${number(node.clockAheadMs)} ms`}</td>
            <td class="num">{number(node.timeline)}</td>
            <td class="num">{number(node.reads)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}
