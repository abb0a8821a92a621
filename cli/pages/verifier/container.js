/* The container of an evidence bundle: a ZIP file of which the members determine every byte.
   Holds: nothing is unpacked, no size is believed, nothing is looked for at a place that the file names; what is read is
   exactly what a writer would write.
   May not enter: what the members mean.
   Source: docs/formats.md, "Evidence bundles", "Container". */

const MAX_BUNDLE_BYTES = 67108864;
const MAX_MEMBER_BYTES = 16777216;
const MAX_SMALL_BYTES = 65536;
const MAX_OPENINGS = 1024;
const MAX_TIMESTAMPS = 16n;
const LOCAL_MARK = Uint8Array.of(0x50, 0x4b, 3, 4);
const HEAD_BYTES = 30;
const SINGLE_MEMBERS = ['manifest.json', 'genesis.json', 'entries.proof', 'state.proof'];
const SUMMARY_MEMBERS = ['summary.en.html', 'summary.zh.html'];
const REQUIRED_MEMBERS = [...SINGLE_MEMBERS, ...SUMMARY_MEMBERS];
const [OPENING_RANK, SUMMARY_RANK, TIMESTAMP_RANK] = [4, 5, 7];

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xEDB88320 : rest >>> 1;
  return rest;
});

function crc32(bytes) {
  let rest = 0xFFFFFFFF;
  for (const byte of bytes) rest = (rest >>> 8) ^ CRC_TABLE[(rest ^ byte) & 255];
  return ~rest >>> 0;
}

const beginsAsZip = bytes => isSame(bytes.subarray(0, 4), LOCAL_MARK);
const isOpening = name => name.startsWith('openings/');
const isTimestamp = name => name.startsWith('timestamps/');

/** Where a member comes in the order, by its name: {rank, number}. Errors: `Fault`. */
function placeOfMember(name) {
  if (SINGLE_MEMBERS.includes(name)) return { rank: SINGLE_MEMBERS.indexOf(name), number: 0n };
  if (SUMMARY_MEMBERS.includes(name)) return { rank: SUMMARY_RANK + SUMMARY_MEMBERS.indexOf(name), number: 0n };
  const found = /^(?:openings\/(0|[1-9]\d{0,19})\.json|timestamps\/([1-9]\d?)\.tsr)$/.exec(name);
  require(found !== null, 'name');
  const [isOne, number] = [found[1] === undefined, BigInt(found[1] ?? found[2])];
  require(isOne ? number <= MAX_TIMESTAMPS : number < 1n << 64n, 'name');
  return { rank: isOne ? TIMESTAMP_RANK : OPENING_RANK, number };
}

/** What a member and the directory both say of it: 26 bytes. */
function headOf(name, content) {
  const view = new DataView(new ArrayBuffer(26));
  [10, 0, 0, 0, 33].forEach((value, at) => view.setUint16(2 * at, value, true));
  [crc32(content), content.length, content.length].forEach((value, at) => view.setUint32(10 + 4 * at, value, true));
  view.setUint16(22, name.length, true);
  return new Uint8Array(view.buffer);
}

/** Numbers of two and four bytes, as [size, value] pairs. */
function packed(...numbers) {
  return join(...numbers.map(([size, value]) => encode({ 2: U16, 4: U32 }[size], value)));
}

/** What follows the members: the directory and its end. */
function tailOf(members) {
  const parts = [];
  let at = 0;
  for (const [name, content] of members) {
    parts.push(Uint8Array.of(0x50, 0x4b, 1, 2), packed([2, 10]), headOf(name, content),
      packed([2, 0], [2, 0], [2, 0], [4, 0], [4, at]), utf8(name));
    at += HEAD_BYTES + name.length + content.length;
  }
  const directory = join(...parts);
  const count = members.size;
  return join(directory, Uint8Array.of(0x50, 0x4b, 5, 6),
    packed([2, 0], [2, 0], [2, count], [2, count], [4, directory.length], [4, at], [2, 0]));
}

/** The members: a Map from name to content, in their order. `pause` is awaited between them. Errors: `Fault`. */
async function unpackBundle(bytes, pause) {
  require(bytes.length <= MAX_BUNDLE_BYTES, 'too-large');
  require(beginsAsZip(bytes), 'not-a-bundle');
  const members = new Map();
  let rest = bytes;
  let last = { rank: -1, number: 0n };
  while (beginsAsZip(rest)) {
    const [name, place, from] = readHead(rest, members, last);
    const end = from + new DataView(rest.buffer, rest.byteOffset).getUint32(18, true);
    require(end <= rest.length, 'truncated');
    const content = rest.subarray(from, end);
    require(crc32(content) === new DataView(rest.buffer, rest.byteOffset).getUint32(14, true), 'checksum');
    members.set(name, content);
    [rest, last] = [rest.subarray(end), place];
    await pause();
  }
  require(REQUIRED_MEMBERS.every(name => members.has(name)), 'missing');
  const tail = tailOf(members);
  require(rest.length >= tail.length, 'truncated');
  require(isSame(rest.subarray(0, tail.length), tail), 'directory');
  require(rest.length === tail.length, 'trailing');
  return members;
}

/** The head of the member at the front: its name, its place, and where its content begins. Errors: `Fault`. */
function readHead(bytes, members, last) {
  require(bytes.length >= HEAD_BYTES, 'truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [version, flags, method, time, date] = [4, 6, 8, 10, 12].map(at => view.getUint16(at, true));
  const [packedSize, size] = [18, 22].map(at => view.getUint32(at, true));
  require(method === 0, 'compressed');
  const isPlain = version === 10 && flags === 0 && time === 0 && date === 33 && view.getUint16(28, true) === 0;
  require(isPlain && packedSize === size, 'member-form');
  const from = HEAD_BYTES + view.getUint16(26, true);
  require(from <= bytes.length, 'truncated');
  const name = new TextDecoder('latin1').decode(bytes.subarray(HEAD_BYTES, from));
  const place = placeOfMember(name);
  require(!members.has(name), 'duplicate');
  require(place.rank > last.rank || (place.rank === last.rank && place.number > last.number), 'order');
  const due = last.rank === TIMESTAMP_RANK ? last.number + 1n : 1n;
  require(place.rank !== TIMESTAMP_RANK || place.number === due, 'order');
  const openings = [...members.keys()].filter(isOpening).length;
  require(place.rank !== OPENING_RANK || openings < MAX_OPENINGS, 'too-many');
  const isSmall = place.rank === OPENING_RANK || place.rank === TIMESTAMP_RANK;
  require(size <= (isSmall ? MAX_SMALL_BYTES : MAX_MEMBER_BYTES), 'too-large');
  return [name, place, from];
}
