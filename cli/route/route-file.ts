import { randomBytes } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { CliError } from '../cli-error.ts';
import { readJson } from '../input/read-json.ts';

const schema = Type.Object(
  {
    route: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
    dev_addrs: Type.Array(Type.Tuple([Type.String(), Type.String()]), { minItems: 1 }),
    euis: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.String()]))),
    forward: Type.Record(Type.String(), Type.Unknown()),
    max_copies: Type.Optional(Type.Integer()),
    max_packet_credits: Type.Optional(Type.Integer()),
    until: Type.Optional(Type.Integer({ description: 'Seconds since the Unix epoch' })),
    sequence: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);
const compiled = Compile(schema);

/** A route as its owner writes it down (docs/routing.md). */
export type RouteFile = Static<typeof schema>;

export async function readRouteFile(file: string): Promise<RouteFile> {
  const value = await readJson(file);
  if (compiled.Check(value)) return value;
  const [error] = compiled.Errors(value);
  throw new CliError('malformed_route_file', {
    file,
    field: error?.instancePath ?? '',
    problem: error?.message ?? '',
  });
}

/** The part for the router alone, with a salt of its own: nobody can find it by trying. */
export function privatePartOf({ euis = [], forward }: RouteFile): object {
  return { salt: randomBytes(32).toString('hex'), euis, forward };
}
