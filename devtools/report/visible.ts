/**
 * What actors, tools and processes say, fit for a terminal: a control character in it would move the cursor, recolour the
 * screen or type for the reader. Each is shown as its picture or its escape instead.
 */

// C0 without tab and line feed, DEL, C1, and the marks that turn the direction of the text around.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text that may have several lines. */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(hidden, escaped);
}

/** A text on one line. */
export function oneLine(text: string): string {
  return visible(text).replaceAll('\n', '⏎').replaceAll('\t', ' ');
}

/** As many characters as fit, and a sign that there were more. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : `\\u${code.toString(16).padStart(4, '0')}`;
}
