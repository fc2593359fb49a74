// Finds many short texts in many files in one pass: the rarest eight characters of each are looked up at every position.
import fs from 'node:fs';

const GRAM = 8, BITS = 1 << 24;

function gram(text, at) {
  let hash = 0;
  for (let i = 0; i < GRAM; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(at + i)) | 0;
  return hash;
}

/** Calls visit(literal, file) for each literal in each file. */
export function locate(literals, files, visit) {
  const counts = new Map();
  for (const literal of literals) for (let i = 0; i + GRAM <= literal.length; i++) counts.set(gram(literal, i), (counts.get(gram(literal, i)) ?? 0) + 1);
  const byGram = new Map(), present = new Uint8Array(BITS);
  for (const literal of literals) {
    let offset = 0;
    for (let i = 1; i + GRAM <= literal.length; i++) if (counts.get(gram(literal, i)) < counts.get(gram(literal, offset))) offset = i;
    const hash = gram(literal, offset);
    present[hash & (BITS - 1)] = 1;
    byGram.set(hash, [...(byGram.get(hash) ?? []), [literal, offset]]);
  }
  let oldest = 1;
  for (let i = 1; i < GRAM; i++) oldest = Math.imul(oldest, 31);
  for (const file of files) {
    const text = fs.readFileSync(file.path, 'latin1');
    if (text.length < GRAM) continue;
    let hash = gram(text, 0);
    for (let i = 0; ; i++) {
      if (present[hash & (BITS - 1)]) for (const [literal, offset] of byGram.get(hash) ?? []) if (text.startsWith(literal, i - offset)) visit(literal, file);
      if (i + GRAM >= text.length) break;
      hash = (Math.imul((hash - Math.imul(text.charCodeAt(i), oldest)) | 0, 31) + text.charCodeAt(i + GRAM)) | 0;
    }
  }
}
