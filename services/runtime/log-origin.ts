/** What a log is: its key under its origin; where it is served may change. */
export function logId({ origin, vkey }: { readonly origin: string; readonly vkey: string }): string {
  return JSON.stringify([origin, vkey]);
}

/** The origin of one ingest's log: `<network name>/<network address>/<ingest>` (evidence.md); no space, no `+`. */
export function logOrigin(parts: {
  readonly name: string;
  readonly network: string;
  readonly ingest: string;
}): string {
  for (const part of [parts.name, parts.network, parts.ingest])
    if (!/^[A-Za-z0-9._-]+$/.test(part))
      throw new RangeError(
        `"${part}" cannot be part of a log's origin; use letters, digits, dot, dash and underscore`,
      );
  return `${parts.name}/${parts.network}/${parts.ingest}`;
}
