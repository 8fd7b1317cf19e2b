import { utf8 } from '@scure/base';
import canonicalize from 'canonicalize';

/** The canonical JSON text of a value (RFC 8785). */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('expected a value that JSON can hold');
  return text;
}

/** The canonical JSON of a value (RFC 8785) as UTF-8. */
export function canonicalJson(value: unknown): Uint8Array {
  return utf8.decode(canonicalText(value));
}

/** Parses UTF-8 JSON that must be canonical; undefined where it is not. */
export function openCanonicalJson(bytes: Uint8Array): unknown {
  try {
    const text = utf8.encode(bytes);
    const value: unknown = JSON.parse(text);
    return canonicalText(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
