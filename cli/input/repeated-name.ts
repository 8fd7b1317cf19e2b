/** What opens, closes and divides JSON; numbers and words between them do not matter here. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/** The first name that an object of a well-formed JSON text has twice, and its line; null where none has. */
export function repeatedName(json: string): { readonly name: string; readonly line: number } | null {
  /** Names so far of every object around the token; null: a list. */
  const around: (Set<string> | null)[] = [];
  let last = '';
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    const names = around.at(-1) ?? null;
    if (token === '{') around.push(new Set());
    else if (token === '[') around.push(null);
    else if (token === '}' || token === ']') around.pop();
    else if (token.startsWith('"') && names !== null && (last === '{' || last === ',')) {
      // Escapes: "a" and "\u0061" are one name.
      const name = String(JSON.parse(token));
      if (names.has(name)) return { name, line: json.slice(0, index).split('\n').length };
      names.add(name);
    }
    last = token;
  }
  return null;
}
