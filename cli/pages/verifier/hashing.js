/* Hashes, what they are over, and the two trees.
   Holds: every hash and signature is over a preimage with its purpose and the consortium, save the two exceptions of
   "Domain separation".
   May not enter: faults, the page.
   Source: docs/formats.md, "Domain separation", "Log tree", "State tree", "State proofs"; RFC 9162, 2.1. */

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const sha512 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));

const ZEROS = new Uint8Array(32);
const isSame = (a, b) => compareBytes(a, b) === 0;

/** What is hashed or signed for a purpose. `consortium`: 32 bytes. */
function preimage(purpose, consortium, body) {
  const tag = utf8(`comity/${purpose}/1`);
  return join(Uint8Array.of(tag.length), tag, consortium, encode(U64, BigInt(body.length)), body);
}

const hashFor = (purpose, consortium, body) => sha256(preimage(purpose, consortium, body));

/** The consortium id of a genesis in canonical bytes: the preimage leaves the id out. */
const consortiumOf = genesis => hashFor('genesis', new Uint8Array(0), genesis);

const leafHash = record => sha256(join(Uint8Array.of(0), record));
const logNode = (left, right) => sha256(join(Uint8Array.of(1), left, right));

/** Whether an inclusion proof leads from a leaf to a root (RFC 9162, 2.1.3.2). */
async function isIncluded(leaf, index, size, root, proof) {
  if (index >= size) return false;
  let [place, last, hash] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      hash = await logNode(sibling, hash);
      while (!(place & 1n) && place) [place, last] = [place >> 1n, last >> 1n];
    } else {
      hash = await logNode(hash, sibling);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && isSame(hash, root);
}

/** Whether a log goes on where another ended (RFC 9162, 2.1.4.2). `one`, `other`: {size, root}. */
async function isConsistent(one, other, proof) {
  if (one.size > other.size) return false;
  if (one.size === 0n) return proof.length === 0 && isSame(one.root, await sha256(new Uint8Array(0)));
  if (one.size === other.size) return proof.length === 0 && isSame(one.root, other.root);
  const isPowerOf2 = (one.size & (one.size - 1n)) === 0n;
  const hashes = isPowerOf2 ? [one.root, ...proof] : proof;
  if (proof.length === 0) return false;
  let [place, last] = [one.size - 1n, other.size - 1n];
  while (place & 1n) [place, last] = [place >> 1n, last >> 1n];
  let [earlier, later] = [hashes[0], hashes[0]];
  for (const sibling of hashes.slice(1)) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      earlier = await logNode(sibling, earlier);
      later = await logNode(sibling, later);
      while (!(place & 1n) && place) [place, last] = [place >> 1n, last >> 1n];
    } else {
      later = await logNode(later, sibling);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && isSame(earlier, one.root) && isSame(later, other.root);
}

const goesRight = (path, depth) => (path[depth >> 3] >> (7 - (depth & 7))) & 1;

/** Whether a state proof shows `value` (null: none) under `key` in the state with this root. */
async function isProven(proof, consortium, root, key, value) {
  const path = await hashFor('state-key', consortium, key);
  const leafOf = (place, digest) => hashFor('leaf', consortium, join(place, digest));
  const other = proof.end.other;
  if ((value !== null) !== (proof.end === 'key')) return false;
  let hash = ZEROS;
  if (proof.end === 'key') {
    hash = await leafOf(path, await hashFor('state-value', consortium, value));
  } else if (other) {
    const place = fromHex(other.path);
    const agrees = proof.siblings.every((_, depth) => goesRight(place, depth) === goesRight(path, depth));
    if (!agrees || isSame(place, path)) return false;
    hash = await leafOf(place, fromHex(other.value_hash));
  }
  for (let depth = proof.siblings.length - 1; depth >= 0; depth--) {
    const sibling = fromHex(proof.siblings[depth]);
    const pair = goesRight(path, depth) ? join(sibling, hash) : join(hash, sibling);
    hash = await hashFor('node', consortium, pair);
  }
  return isSame(hash, root);
}
