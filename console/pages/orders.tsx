/** Orders: one by its id, or those of a user and status, newest first. */
import { call } from '../api.ts';
import { useLoaded } from '../load.ts';
import type { Order } from '../model.ts';
import { ById, Countdown, Guarded, Items, OrderLink, Search, Status, Table, Time } from '../parts/common.tsx';
import { Reload } from '../parts/reload.tsx';
import { addressOf, go, place } from '../place.ts';
import { useStore } from '../store.ts';
import { OneOrder } from './order.tsx';

const statuses = ['awaiting payment', 'payed', 'cancelled', 'failed'];

export function OrdersPage() {
  const { filters } = useStore(place);
  const filter = (name: string) => filters.get(name) ?? '';
  const [id, user, status] = [filter('id'), filter('user'), filter('status')];
  return (
    <Guarded scope="orders:read">
      <div class="filters">
        <Search label="order" value={id} isFirst onSearch={(text) => go('orders', { id: text })} />
        <Search label="user" value={user} onSearch={(text) => go('orders', { user: text, status })} />
        <label>
          <span>status</span>
          <select
            value={status}
            onChange={(event) => go('orders', { user, status: event.currentTarget.value })}
          >
            <option value="">any</option>
            {statuses.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      {id === '' ? (
        <OrderList {...{ user, status, after: filter('after') }} />
      ) : (
        <ById id={id}>
          <OneOrder key={id} id={id} />
        </ById>
      )}
    </Guarded>
  );
}

interface ListProps {
  readonly user: string;
  readonly status: string;
  readonly after: string;
}

function OrderList({ user, status, after }: ListProps) {
  const query = { user, status, page_token: after };
  const loaded = useLoaded(JSON.stringify(query), (signal) =>
    call<OrderPage>('/order/list', { query, signal }),
  );
  return (
    <>
      <Reload of={loaded} />
      {loaded.value && <Listed of={loaded.value} {...{ user, status }} />}
    </>
  );
}

interface OrderPage {
  readonly orders: readonly (Order & { readonly orderID: bigint })[];
  readonly nextPageToken?: string;
}

type ListedProps = Pick<ListProps, 'user' | 'status'> & { readonly of: OrderPage };

function Listed({ of: value, user, status }: ListedProps) {
  return (
    <>
      {value.orders.length === 0 && <p class="note">No such order on this page.</p>}
      <Table label="Orders" head={['order', 'user', 'status', 'items', 'created', '#ends in']}>
        {value.orders.map((order) => (
          <tr key={order.orderID}>
            <td>
              <OrderLink id={order.orderID} />
            </td>
            <td>
              <a href={addressOf('orders', { user: String(order.user) })}>{String(order.user)}</a>
            </td>
            <td>
              <Status of={order.status} />
              {order.cancelReason && <span class="faint"> {order.cancelReason}</span>}
            </td>
            <td>
              <Items of={order.items} />
            </td>
            <td>
              <Time at={order.createdAt} />
            </td>
            <td class="num">
              {order.status === 'awaiting payment' && order.expiresAt && <Countdown to={order.expiresAt} />}
            </td>
          </tr>
        ))}
      </Table>
      {value.nextPageToken && (
        <a href={addressOf('orders', { user, status, after: value.nextPageToken })}>Older orders</a>
      )}
    </>
  );
}
