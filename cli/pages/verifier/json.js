/* Reading JSON without losing anything: integers stay exact, and a member that stands twice is refused.
   Holds: what is read is what is written; `JSON.parse` would round integers above 2^53 and drop members.
   May not enter: what the members mean (shapes.js). Source: RFC 8259; docs/formats.md, "JSON". */

/** The value of a JSON text; integers become BigInt, other numbers are refused. Errors: `Refused`. */
function readJson(text) {
  const tokens = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001F]|\\.)*")|(-?(?:0|[1-9]\d{0,19}))(?![\d.eE])|(true|false|null)\b)/y;
  let at = 0;
  const next = () => {
    tokens.lastIndex = at;
    const found = tokens.exec(text);
    if (!found) fail(`not JSON at character ${at}`);
    at = tokens.lastIndex;
    return { mark: found[1], string: found[2], integer: found[3], word: found[4] };
  };
  const expect = (token, marks) => (marks.includes(token.mark ?? ' ') ? token.mark : fail(`not JSON at character ${at}`));

  const object = depth => {
    const value = {};
    let token = next();
    if (token.mark === '}') return value;
    for (;;) {
      const name = token.string === undefined ? fail('a member without a name') : unquoted(token.string);
      if (Object.hasOwn(value, name)) fail(`${name} stands twice`);
      expect(next(), ':');
      Object.defineProperty(value, name, { value: read(next(), depth), enumerable: true });
      if (expect(next(), ',}') === '}') return value;
      token = next();
    }
  };
  const array = depth => {
    const value = [];
    let token = next();
    if (token.mark === ']') return value;
    for (;;) {
      value.push(read(token, depth));
      if (expect(next(), ',]') === ']') return value;
      token = next();
    }
  };
  const read = (token, depth) => {
    if (depth > 64) fail('nested too deep');
    if (token.mark === '{') return object(depth + 1);
    if (token.mark === '[') return array(depth + 1);
    if (token.string !== undefined) return unquoted(token.string);
    if (token.integer !== undefined) return BigInt(token.integer);
    if (token.word === undefined) fail(`not JSON at character ${at}`);
    return { true: true, false: false, null: null }[token.word];
  };
  const value = read(next(), 0);
  if (/[^ \t\r\n]/.test(text.slice(at))) fail('bytes after the end');
  return value;
}

/** The text of a JSON string with its quotation marks. Half of a surrogate pair is refused. */
function unquoted(quoted) {
  let text;
  try {
    text = JSON.parse(quoted);
  } catch {
    fail('a string that is not JSON');
  }
  return /\p{Surrogate}/u.test(text) ? fail('half a character') : text;
}
