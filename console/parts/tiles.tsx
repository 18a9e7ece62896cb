/** The present values, large enough to be read from a distance. */

export interface Tile {
  readonly name: string;
  readonly value: string;
  /** Whether somebody has to look at it. */
  readonly isBad?: boolean;
}

export function Tiles({ of }: { readonly of: readonly Tile[] }) {
  return (
    <dl class="tiles">
      {of.map(({ name, value, isBad }) => (
        <div key={name} class={isBad ? 'bad' : undefined}>
          <dt>{name}</dt>
          <dd class="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
