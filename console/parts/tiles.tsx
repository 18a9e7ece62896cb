/** The present values, large enough to be read from a distance. */

export interface Tile {
  readonly name: string;
  readonly value: string;
  /** Whether it is a name, which may be long. */
  readonly isName?: boolean;
  /** Whether somebody has to look at it. */
  readonly isBad?: boolean;
}

export function Tiles({ of }: { readonly of: readonly Tile[] }) {
  return (
    <dl class="tiles">
      {of.map(({ name, value, isName, isBad }) => (
        <div key={name} class={isBad ? 'bad' : undefined}>
          <dt>{name}</dt>
          <dd class={isName ? 'name' : 'num'} title={isName ? value : undefined}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
