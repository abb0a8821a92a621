/* The canonical encoding, between bytes and the renderings that docs/formats.md, "JSON" shows.
   Holds: `decode` accepts what re-encodes to the same bytes, and nothing else.
   May not enter: the types of Comity (shapes.js), hashes, the page.
   Source: docs/formats.md, "Encoding".
   A type has `put(value, out)`, which appends byte arrays to a list, and `take(reader)`. Numbers of 64 bits are
   BigInt; smaller ones are numbers when taken, and either when put. */

/** Bytes or JSON that are no value. `kind` is the fault as the table in "Encoding" names it. */
class Refused extends Error {
  constructor(kind, reason) {
    super(`${kind}: ${reason}`);
    this.kind = kind;
  }
}

/** Takes bytes off the front. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.isCanonical = true;
    this.postponed = null;
  }

  get left() {
    return this.bytes.length - this.at;
  }

  take(count) {
    if (count > this.left) throw new Refused('truncated', `${count} bytes wanted, ${this.left} left`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** A length or a count: never more than the bytes that are left, since no element is shorter than one. */
  takeCount() {
    const count = U64.take(this);
    if (count > BigInt(this.left)) throw new Refused('truncated', `${count} wanted, ${this.left} left`);
    return Number(count);
  }
}

/** The value of all of `bytes`, of which there may be at most `limit`. Errors: `Refused`. */
function decode(type, bytes, limit) {
  return takeAll(type, new Reader(bytes), limit);
}

/** As `decode`, for files as large as anybody likes: what takes long, the checks of keys, is done after all else, with
    pauses in which the page stays alive. */
async function decodePatiently(type, bytes, limit, pause) {
  const reader = new Reader(bytes);
  reader.postponed = [];
  const value = takeAll(type, reader, limit);
  for (const check of reader.postponed) {
    check();
    await pause();
  }
  return value;
}

function takeAll(type, reader, limit) {
  const size = reader.bytes.length;
  if (size > limit) throw new Refused('oversized', `${size} bytes, ${limit} allowed`);
  const value = type.take(reader);
  if (reader.left) throw new Refused('trailing', `${reader.left} bytes`);
  if (!reader.isCanonical) throw new Refused('not-canonical', 'a set or a map out of order');
  return value;
}

/** The canonical bytes of a value. Errors: `Refused`, where the value is not of the type. */
function encode(type, value) {
  const parts = [];
  type.put(value, parts);
  return join(...parts);
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

// In pieces, so that a file of the greatest size takes no more memory than a few times itself.
function toHex(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 4096) {
    pieces.push(Array.from(bytes.subarray(at, at + 4096), byte => HEX[byte]).join(''));
  }
  return pieces.join('');
}

function fromHex(text) {
  if (typeof text !== 'string' || text.length % 2 || /[^0-9a-f]/.test(text)) throw new Refused('malformed', 'not hexadecimal');
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

const utf8 = text => new TextEncoder().encode(text);

/** Negative, zero or positive, as the bytes of `a` come before, with or after those of `b`. */
function compareBytes(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

const compareText = (a, b) => compareBytes(utf8(a), utf8(b));
const isRising = (values, compare) => values.every((value, at) => at === 0 || compare(values[at - 1], value) < 0);

function fail(reason) {
  throw new Refused('malformed', reason);
}

/** A fixed-width integer, little-endian. */
function integer(size, isSigned) {
  const bits = BigInt(8 * size);
  const least = isSigned ? -(1n << (bits - 1n)) : 0n;
  const most = (1n << (isSigned ? bits - 1n : bits)) - 1n;
  return {
    put(value, out) {
      const isInteger = typeof value === 'bigint' || Number.isInteger(value);
      if (!isInteger || BigInt(value) < least || BigInt(value) > most) fail(`no integer of ${size} bytes`);
      const raw = BigInt.asUintN(Number(bits), BigInt(value));
      out.push(Uint8Array.from({ length: size }, (_, at) => Number((raw >> BigInt(8 * at)) & 255n)));
    },
    take(reader) {
      const raw = reader.take(size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      const value = isSigned ? BigInt.asIntN(Number(bits), raw) : raw;
      return size < 8 ? Number(value) : value;
    },
  };
}

const U8 = integer(1);
const U16 = integer(2);
const U32 = integer(4);
const U64 = integer(8);
const I16 = integer(2, true);

const BOOL = {
  put(value, out) {
    if (typeof value !== 'boolean') fail('no bool');
    out.push(Uint8Array.of(value ? 1 : 0));
  },
  take(reader) {
    const byte = reader.take(1)[0];
    return byte > 1 ? fail(`${byte} is no bool`) : byte === 1;
  },
};

const ANY = () => true;

/** `size` bytes without a length, in hexadecimal. `accepts` may refuse them. */
function raw(size, accepts = ANY) {
  const checked = bytes => (accepts(bytes) ? bytes : fail(`${toHex(bytes)} is not allowed here`));
  return {
    put(value, out) {
      const bytes = fromHex(value);
      if (bytes.length !== size) fail(`${bytes.length} bytes for ${size}`);
      out.push(checked(bytes));
    },
    take(reader) {
      const bytes = reader.take(size);
      if (!reader.postponed) checked(bytes);
      else if (accepts !== ANY) reader.postponed.push(() => checked(bytes));
      return toHex(bytes);
    },
  };
}

/** Bytes with their length, in hexadecimal. */
const BYTES = {
  put(value, out) {
    const bytes = fromHex(value);
    U64.put(BigInt(bytes.length), out);
    out.push(bytes);
  },
  take: reader => toHex(reader.take(reader.takeCount())),
};

/** A string that `accepts` admits. */
function string(accepts) {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const checked = text => (accepts(text) ? text : fail(`${JSON.stringify(text)} is not allowed here`));
  return {
    put(value, out) {
      if (typeof value !== 'string') fail('no string');
      const bytes = utf8(checked(value));
      U64.put(BigInt(bytes.length), out);
      out.push(bytes);
    },
    take(reader) {
      const bytes = reader.take(reader.takeCount());
      let text;
      try {
        text = strict.decode(bytes);
      } catch {
        fail('not UTF-8');
      }
      return checked(text);
    },
  };
}

/** Elements in a given order. `accepts` may refuse the whole. */
function list(type, accepts = () => true) {
  return {
    put(value, out) {
      if (!Array.isArray(value) || !accepts(value)) fail('no such list');
      U64.put(BigInt(value.length), out);
      for (const element of value) type.put(element, out);
    },
    take(reader) {
      const value = [];
      for (let count = reader.takeCount(); count > 0; count--) value.push(type.take(reader));
      return accepts(value) ? value : fail('a list that its type refuses');
    },
  };
}

/** Different elements, strictly ascending. */
function set(type, compare) {
  const plain = list(type);
  return {
    put: (value, out) => plain.put(Array.isArray(value) ? [...value].sort(compare) : fail('no set'), out),
    take(reader) {
      const value = plain.take(reader);
      reader.isCanonical &&= isRising(value, compare);
      return value;
    },
  };
}

/** At most `limit` different numbers of 64 bits, as the gaps that they are, each as wide as it can be; rendered as the numbers. */
function gaps(limit) {
  const ends = list(struct({ first: U64, last: U64 }));
  return {
    put(value, out) {
      const found = [];
      for (const number of [...new Set(value.map(BigInt))].sort((a, b) => (a < b ? -1 : 1))) {
        const gap = found.at(-1);
        if (gap && gap.last + 1n === number) gap.last = number;
        else found.push({ first: number, last: number });
      }
      ends.put(found, out);
    },
    take(reader) {
      const numbers = [];
      for (const { first, last } of ends.take(reader)) {
        const fits = first <= last && (numbers.length === 0 || first > numbers.at(-1) + 1n);
        if (!fits || last - first >= BigInt(limit - numbers.length)) fail('gaps that do not ascend, or leave out too many');
        for (let number = first; number <= last; number++) numbers.push(number);
      }
      return numbers;
    },
  };
}

/** Pairs with different names, strictly ascending by name; rendered as an object. */
function map(name, type, compare = compareText) {
  const pairs = list(struct({ name, value: type }));
  return {
    put(value, out) {
      const sorted = Object.entries(value).sort((a, b) => compare(a[0], b[0]));
      pairs.put(sorted.map(([own, content]) => ({ name: own, value: content })), out);
    },
    take(reader) {
      const taken = pairs.take(reader);
      reader.isCanonical &&= isRising(taken.map(pair => pair.name), compare);
      return Object.fromEntries(taken.map(pair => [pair.name, pair.value]));
    },
  };
}

/** A number as a name of a map, whose names are texts. */
const asName = type => ({
  put: (value, out) => type.put(/^(0|[1-9]\d*)$/.test(value) ? BigInt(value) : fail(`${value} is no number`), out),
  take: reader => String(type.take(reader)),
});

/** A value, or null. */
function option(type) {
  return {
    isOption: true,
    put(value, out) {
      out.push(Uint8Array.of(value === null ? 0 : 1));
      if (value !== null) type.put(value, out);
    },
    take(reader) {
      const byte = reader.take(1)[0];
      if (byte > 1) fail(`${byte} is no option`);
      return byte ? type.take(reader) : null;
    },
  };
}

/** Fields in order. `absent`: what a rendering leaves out where there is none, or where it is false; `missing`: what may be missing when
    read, with what it then is. Options may always be missing. */
function struct(fields, { absent = [], missing = {} } = {}) {
  return {
    put(value, out) {
      if (value === null || typeof value !== 'object' || Array.isArray(value)) fail('no object');
      for (const name of Object.keys(value)) if (!Object.hasOwn(fields, name)) fail(`unknown member ${name}`);
      for (const [name, type] of Object.entries(fields)) {
        const usual = type.isOption ? null : missing[name];
        const own = Object.hasOwn(value, name) ? value[name] : usual;
        if (own === undefined) fail(`${name} is missing`);
        type.put(own, out);
      }
    },
    take(reader) {
      const value = {};
      for (const [name, type] of Object.entries(fields)) {
        const own = type.take(reader);
        if (!absent.includes(name) || (own !== null && own !== false)) value[name] = own;
      }
      return value;
    },
  };
}

function takeVariant(reader, variants) {
  const number = U32.take(reader);
  return number < variants.length ? variants[number] : fail(`${number} is no variant`);
}

function putVariant(name, names, out) {
  const number = names.indexOf(name);
  if (number < 0) fail(`${name} is no variant`);
  U32.put(number, out);
}

/** An enum without fields, rendered as a string. */
function unit(...names) {
  return {
    names,
    put: (value, out) => putVariant(value, names, out),
    take: reader => takeVariant(reader, names),
    compare: (a, b) => names.indexOf(a) - names.indexOf(b),
  };
}

/** An enum rendered as an object, with the variant's name under `tag` beside its fields. */
function tagged(tag, variants) {
  const names = Object.keys(variants);
  return {
    names,
    put(value, out) {
      const { [tag]: name, ...fields } = value ?? {};
      putVariant(name, names, out);
      variants[name].put(fields, out);
    },
    take(reader) {
      const name = takeVariant(reader, names);
      return { [tag]: name, ...variants[name].take(reader) };
    },
  };
}

/** An enum rendered as a name, or as an object with the name above the content. */
function outer(variants) {
  const names = Object.keys(variants);
  return {
    names,
    put(value, out) {
      const isPlain = typeof value === 'string';
      const [name, content] = isPlain ? [value, null] : Object.entries(value ?? {})[0] ?? [];
      putVariant(name, names, out);
      if ((variants[name] === null) !== isPlain) fail(`${name} is not written so`);
      variants[name]?.put(content, out);
    },
    take(reader) {
      const name = takeVariant(reader, names);
      return variants[name] === null ? name : { [name]: variants[name].take(reader) };
    },
  };
}
