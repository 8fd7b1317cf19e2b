const DECIMALS = 8;

/** Token units (decimal text of a u64) with the point where people expect it. */
export function tokens(units) {
  const digits = units.padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
