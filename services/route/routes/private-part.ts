import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { requireTargetHost, requireTargetUrl, type TargetRules } from '#services/route/forward/target';

/** Pairs of EUIs of one route. */
export const MAX_PAIRS = 4096;

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const eui = Type.String({ pattern: '^[0-9a-f]{16}$' });

const forward = Type.Union([
  Type.Object(
    { kind: Type.Literal('gwmp'), host: text(253), port: Type.Integer({ minimum: 1, maximum: 65_535 }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal('http'),
      url: text(2000),
      secret: Type.String({ minLength: 16, maxLength: 256 }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal('mqtt'),
      url: text(2000),
      username: Type.Optional(text(256)),
      password: Type.Optional(text(256)),
      prefix: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}$' })),
    },
    { additionalProperties: false },
  ),
]);

/** What the router alone is told of a route (routing.md): which joins it takes, and where packets go. */
export const privatePart = Type.Object(
  {
    salt: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    euis: Type.Array(Type.Tuple([eui, Type.Union([eui, Type.Literal('*')])]), { maxItems: MAX_PAIRS }),
    forward,
  },
  { additionalProperties: false },
);

export type PrivatePart = Static<typeof privatePart>;
export type ForwardTarget = Static<typeof forward>;

const compiled = Compile(privatePart);

/** null where it does not fit the schema. */
export function parsePrivatePart(value: unknown): PrivatePart | null {
  return compiled.Check(value) ? value : null;
}

/** TargetError where the packets of such a route would never go anywhere. */
export function requireForwardTarget(target: ForwardTarget, rules: TargetRules): void {
  switch (target.kind) {
    case 'gwmp':
      requireTargetHost(target.host, rules);
      return;
    case 'http':
      requireTargetUrl(target.url, { ...rules, schemes: ['http:', 'https:'] });
      return;
    case 'mqtt':
      requireTargetUrl(target.url, { ...rules, schemes: ['mqtt:', 'mqtts:'] });
      return;
  }
}
