/** WeChat shows long messages badly, and refuses longer ones. */
const LONGEST_PART = 1800;

/** A text in parts that fit, cut between lines where they can be. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let part: string | null = null;
  for (const piece of text.split('\n').flatMap(piecesOf)) {
    const joined: string = part === null ? piece : `${part}\n${piece}`;
    if (joined.length <= LONGEST_PART) part = joined;
    else {
      if (part !== null) parts.push(part);
      part = piece;
    }
  }
  return [...parts, part ?? ''];
}

/** A line that is too long in pieces of whole letters. */
function piecesOf(line: string): string[] {
  if (line.length <= LONGEST_PART) return [line];
  const pieces: string[] = [];
  let piece = '';
  for (const letter of line) {
    if (piece.length + letter.length > LONGEST_PART) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...pieces, piece];
}
