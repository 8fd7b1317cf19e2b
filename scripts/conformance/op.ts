import type { Fields } from './input/fields.ts';

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Answers the `in` of one line; refusals are thrown. */
export type Op = (input: Fields) => Readonly<Record<string, Json>>;
