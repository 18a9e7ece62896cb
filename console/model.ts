/** What the interface of the service sends, as far as the console uses it. Whole numbers are bigints. */

export interface Stock {
  readonly sku: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly count: bigint;
}

export interface Explanation extends Stock {
  readonly holds: readonly {
    readonly orderID: bigint;
    readonly count: bigint;
    readonly expiresAt?: string;
  }[];
  readonly nextReleaseAt?: string;
  readonly nextPageToken?: string;
}

export interface Movement {
  readonly version: bigint;
  readonly kind: string;
  readonly totalChange: bigint;
  readonly reservedChange: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly orderID?: bigint;
  readonly orders?: bigint;
  readonly reason?: string;
  readonly reference?: string;
  readonly note?: string;
  readonly actor?: string;
  readonly createdAt: string;
}

export interface Order {
  readonly status: string;
  readonly user: bigint;
  readonly items: readonly { readonly sku: bigint; readonly count: bigint }[];
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly expiresAt?: string;
  readonly cancelReason?: string;
}

/** An event of an order. */
export interface OrderEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly traceparent?: string;
  readonly data: {
    readonly status: string;
    readonly version: bigint;
    readonly reason?: string;
    readonly expiresAt?: string;
  };
}

/** An event of the feed. */
export interface FeedEvent {
  readonly type: string;
  readonly time: string;
  readonly sequence: string;
  readonly data: {
    readonly orderID?: bigint;
    readonly sku?: bigint;
    readonly reason?: string;
    readonly items?: readonly { readonly sku: bigint; readonly count: bigint }[];
    readonly totalChange?: bigint;
    readonly total?: bigint;
  };
}

export interface NodeState {
  readonly name: string;
  readonly role: string;
  readonly timeline: bigint;
  readonly healthy: boolean;
  readonly reason: string;
  readonly cause: string;
  readonly clockAheadMs?: number | bigint | null;
  readonly reads: bigint;
}

export interface Readiness {
  readonly ready: boolean;
  readonly details: {
    readonly migrated?: boolean;
    readonly schemaProblem?: string;
    readonly writable?: boolean;
    readonly confirmedBy?: bigint;
    readonly stopping?: boolean;
    readonly keys?: {
      readonly usable: boolean;
      readonly readable: boolean;
      readonly ageMs: number | bigint | null;
    };
    readonly nodes?: readonly NodeState[];
  };
}

export interface AuditState {
  readonly running: boolean;
  readonly last?: {
    readonly outcome: string;
    readonly ageMs: bigint;
    readonly durationMs: bigint;
    readonly skus?: bigint;
    readonly movements?: bigint;
    readonly lines?: bigint;
    readonly findingCount?: bigint;
    readonly findings?: readonly Finding[];
  };
}

export interface Finding {
  readonly finding: string;
  readonly sku: bigint;
  readonly orderID?: bigint;
  readonly detail: string;
}
