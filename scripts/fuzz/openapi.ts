/** The OpenAPI document of the running service, as far as the fuzz run reads it. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  /** A 64-bit integer of a request: as a number or as a text. */
  readonly anyOf?: readonly Schema[];
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface DocumentedOperation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security?: readonly unknown[];
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface QueryParameter {
  readonly name: string;
  readonly schema: Schema;
}

/** An operation of the document. */
export interface Operation {
  /** Method and path: `post /order/create`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** The schema of the path parameter. */
  readonly parameter?: Schema;
  /** The parameters of the query, all of them optional. */
  readonly query: readonly QueryParameter[];
  readonly body?: Schema;
  /** It requires a token. */
  readonly isGuarded: boolean;
}

/** Fetches the document. Streams do not end, so they are left out. */
export async function fetchOpenApi(port: number): Promise<OpenApi> {
  const response = await fetch(`http://127.0.0.1:${port}/openapi.json`);
  const { paths, ...rest } = (await response.json()) as OpenApi;
  return { ...rest, paths: Object.fromEntries(Object.entries(paths).filter(([, each]) => !isStream(each))) };
}

function isStream(methods: OpenApi['paths'][string]): boolean {
  return Object.values(methods).some(({ responses }) => responses['200']?.content?.['text/event-stream']);
}

/** The operations that a document lists. */
export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody, security }]) => {
      const parameter = parameters?.find((known) => known.in === 'path')?.schema;
      const body = requestBody?.content['application/json']?.schema;
      return {
        name: `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        query: (parameters ?? []).filter((known) => known.in === 'query'),
        isGuarded: security !== undefined && security.length > 0,
        ...(parameter && { parameter: asNumber(parameter) }),
        ...(body && { body }),
      };
    }),
  );
}

/** The schema of an integer that may also be sent as text, as a number alone. */
export function asNumber(schema: Schema): Schema {
  const number = schema.anyOf?.find(({ type }) => type === 'integer');
  return number === undefined ? schema : { ...number, example: schema.example };
}

/** Follows a reference to a shared schema. */
export function resolve(document: OpenApi, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.split('/').at(-1) ?? '';
  const found = document.components.schemas[name];
  if (found === undefined) throw new Error(`the document has no schema ${name}`);
  return found;
}
