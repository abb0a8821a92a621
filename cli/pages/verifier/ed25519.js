/* Ed25519 by the one predicate of Comity. Browsers' own verification differs in corners (cofactor, small order), so
   it is not used; only SHA-512 is the browser's.
   Holds: no multiplication by the cofactor; small-order keys and R refused; s < L; R compared byte for byte.
   May not enter: secrets: nothing here resists timing.
   Source: docs/formats.md, "Signatures"; RFC 8032, 5.1. */

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

const reduce = number => {
  const rest = number % P;
  return rest < 0n ? rest + P : rest;
};

function power(base, exponent) {
  let result = 1n;
  for (let square = reduce(base), rest = exponent; rest > 0n; rest >>= 1n, square = square * square % P) {
    if (rest & 1n) result = result * square % P;
  }
  return result;
}

const D = reduce(-121665n * power(121666n, P - 2n));
const SQRT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

// Points are {X, Y, Z, T} with x = X/Z, y = Y/Z, x·y = T/Z (RFC 8032, 5.1.4).
const NEUTRAL = { X: 0n, Y: 1n, Z: 1n, T: 0n };

/** The sum of two points; complete, so that no pair of points is a special case. */
function add(a, b) {
  const m = (a.Y - a.X) * (b.Y - b.X) % P;
  const n = (a.Y + a.X) * (b.Y + b.X) % P;
  const c = 2n * (a.T * b.T % P) * D % P;
  const d = 2n * a.Z * b.Z % P;
  const [e, f, g, h] = [n - m, d - c, d + c, n + m];
  return { X: reduce(e * f), Y: reduce(g * h), Z: reduce(f * g), T: reduce(e * h) };
}

/** The point added to itself. */
function double(a) {
  const [x, y, z] = [a.X * a.X % P, a.Y * a.Y % P, 2n * a.Z * a.Z % P];
  const sum = a.X + a.Y;
  const h = x + y;
  const e = h - sum * sum % P;
  const g = x - y;
  const f = z + g;
  return { X: reduce(e * f), Y: reduce(g * h), Z: reduce(f * g), T: reduce(e * h) };
}

const negate = a => ({ X: reduce(-a.X), Y: a.Y, Z: a.Z, T: reduce(-a.T) });
const isNeutral = a => a.X === 0n && a.Y === a.Z;
const isSmall = a => isNeutral(double(double(double(a))));

/** [s]a + [k]b, both at once, bit by bit. */
function combine(s, a, k, b) {
  const both = add(a, b);
  let result = NEUTRAL;
  for (let bit = 253n; bit >= 0n; bit--) {
    result = double(result);
    const [inS, inK] = [(s >> bit) & 1n, (k >> bit) & 1n];
    if (inS && inK) result = add(result, both);
    else if (inS) result = add(result, a);
    else if (inK) result = add(result, b);
  }
  return result;
}

const toNumber = bytes => BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);

/** The canonical 32 bytes of a point. */
function encodePoint(a) {
  const inverse = power(a.Z, P - 2n);
  const [x, y] = [a.X * inverse % P, a.Y * inverse % P];
  return fromHex((y | ((x & 1n) << 255n)).toString(16).padStart(64, '0')).reverse();
}

/** The point that 32 bytes stand for, or null; y must be below p. */
function decodePoint(bytes) {
  const number = toNumber(bytes);
  const y = number & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = reduce(y * y - 1n);
  const v = reduce(D * y * y + 1n);
  const v3 = v * v % P * v % P;
  let x = u * v3 % P * power(u * v3 % P * v3 % P * v % P, (P - 5n) / 8n) % P;
  const square = v * x % P * x % P;
  if (square === reduce(-u)) x = x * SQRT_OF_MINUS_1 % P;
  else if (square !== u) return null;
  if ((x & 1n) !== number >> 255n) x = reduce(-x);
  return { X: x, Y: y, Z: 1n, T: x * y % P };
}

const BASE = decodePoint(fromHex('58' + '66'.repeat(31)));

// Validators' keys come up once for each of their signatures. Kept up to a bound.
const keyPoints = new Map();

/** The point of an admissible public key; null for bytes that are none. */
function keyPoint(bytes) {
  const name = toHex(bytes);
  if (!keyPoints.has(name)) {
    const point = decodePoint(bytes);
    if (keyPoints.size >= 4096) keyPoints.clear();
    keyPoints.set(name, point === null || isSmall(point) ? null : point);
  }
  return keyPoints.get(name);
}

/** Whether 32 bytes are admitted as a public key. */
const isKey = bytes => keyPoint(bytes) !== null;

/** Whether a signature (64 bytes) by a key (32 bytes) over a message is valid. */
async function isSignature(key, message, signature) {
  const a = keyPoint(key);
  const r = signature.subarray(0, 32);
  const s = toNumber(signature.subarray(32));
  if (a === null || s >= L) return false;
  const point = decodePoint(r);
  if (point === null || isSmall(point)) return false;
  const k = toNumber(await sha512(join(r, key, message))) % L;
  return compareBytes(encodePoint(combine(s, BASE, k, negate(a))), r) === 0;
}
