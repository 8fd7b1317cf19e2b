const LONGEST = 100;
/** Controls, format characters that turn or hide text, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A text as a terminal may show it: what is not printable is written as JSON writes it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The beginning of a value that somebody else wrote. */
export function shortened(value: string): string {
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value;
}
