import { writeFileSync } from 'node:fs';
import { rulesText } from './rules/rules-text.ts';

/** Writes docs/rules.md. */
writeFileSync(new URL('../docs/rules.md', import.meta.url), await rulesText());
console.log('docs/rules.md is written');
