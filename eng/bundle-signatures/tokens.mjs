// Literals of a minified text that another minifier would keep too.
import * as acorn from 'acorn';

export const MIN = 8, MAX = 28;

const splits = /['"`\\]|\$\{|[^\x20-\x7e]/;

/** Both ends of a long text, all of a short one. */
const pieces = raw => raw.split(splits).filter(text => text.length >= MIN).flatMap(text => (text.length <= MAX ? [text] : [text.slice(0, MAX), text.slice(-MAX)]));

/** Map of literal to {pos, kind}: s = text, r = pattern, p = property as `.name` or `name:`. Other names are not kept by minifiers, or are of the author's choosing. */
export function tokens(text) {
  const found = new Map();
  const put = (literal, pos, kind) => { if (!found.has(literal)) found.set(literal, { pos, kind }); };
  let previous = null, key = null, specifier = false;
  const onToken = ({ type: { label }, start, end }) => {
    // What is asked of other packages is gone once they are bundled too.
    if (label === 'string' && specifier) specifier = false;
    else if (label === 'string') pieces(text.slice(start + 1, end - 1)).forEach(piece => put(piece, start, 's'));
    else if (label === 'template') pieces(text.slice(start, end)).forEach(piece => put(piece, start, 's'));
    else if (label === 'regexp') text.slice(start, end).split(/['"`]|[^\x20-\x7e]/).filter(part => part.length >= MIN + 2).forEach(part => put(part.slice(0, MAX), start, 'r'));
    else if (label === ':' && key) put(text.slice(key.start, key.end) + ':', key.start, 'p');
    const isName = label === 'name' && end - start >= MIN - 1 && end - start < MAX;
    if (isName && (previous === '.' || previous === '?.')) put('.' + text.slice(start, end), start, 'p');
    const word = label === 'name' ? text.slice(start, end) : label;
    specifier = word === 'require' || word === 'from' || word === 'import' || (specifier && label === '(');
    key = isName && (previous === '{' || previous === ',') ? { start, end } : null;
    previous = label;
  };
  for (const sourceType of ['module', 'script']) {
    try {
      found.clear();
      acorn.parse(text, { ecmaVersion: 'latest', sourceType, allowHashBang: true, allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true, onToken });
      return found;
    } catch {
      // Not of this type; what was read of the last one still counts.
    }
  }
  return found;
}

/** Where a text says its own version, and what stands before it: `name=`, `name:`, `=` and `:` for minified names, `return`, or `~words` in the same literal. */
export function versionPlaces(text, version) {
  const places = [];
  for (let at = text.indexOf(version); at >= 0; at = text.indexOf(version, at + 1)) {
    const end = at + version.length;
    if (/[\d.]/.test(text[at - 1] ?? '') || /\d/.test(text[end] ?? '') || (text[end] === '.' && /\d/.test(text[end + 1] ?? ''))) continue;
    const before = text.slice(Math.max(0, at - 40), at), quote = before.at(-1);
    if (quote === '"' || quote === "'" || quote === '`') {
      if (text[end] !== quote) continue;
      const assigned = /([A-Za-z_$][\w$]*)["']?\s*([:=])\s*["'`]$/.exec(before);
      if (assigned) places.push({ kind: (assigned[1].length <= 2 ? '' : assigned[1]) + assigned[2], pos: at });
      else if (/return["'`]$/.test(before)) places.push({ kind: 'return', pos: at });
    } else {
      const words = /["'`]([^"'`]{2,24})$/.exec(before) ?? /([\w@ .-]{4,20}[/@ v])$/.exec(before);
      if (words && /[A-Za-z]/.test(words[1])) places.push({ kind: '~' + words[1], pos: at });
    }
  }
  return places;
}
