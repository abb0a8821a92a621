"""The log tree and the state tree (docs/formats.md, "Log tree", "State tree", "State proofs")."""

from .hashing import sha256, tagged

EMPTY = bytes(32)


def log_node(left, right):
    """RFC 6962 inner node."""
    return sha256(b"\1", left, right)


def split(count):
    """The largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def log_root(leaves):
    """MTH of RFC 6962, 2.1."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return log_node(log_root(leaves[:k]), log_root(leaves[k:]))


def log_path(index, leaves):
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return log_path(index, leaves[:k]) + [log_root(leaves[k:])]
    return log_path(index - k, leaves[k:]) + [log_root(leaves[:k])]


def path_root(leaf, index, size, path):
    """The root to which an inclusion path leads, or None (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return None
    place, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            digest = log_node(sibling, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = log_node(digest, sibling)
        place, last = place >> 1, last >> 1
    return digest if last == 0 else None


def is_consistent(first, first_root, second, second_root, proof):
    """Whether a log goes on where another ended (RFC 9162, 2.1.4.2)."""
    if first > second:
        return False
    if first in (0, second):
        empty = first or first_root == log_root([])
        return not proof and bool(empty) and (first == 0 or first_root == second_root)
    if first & (first - 1) == 0:
        proof = [first_root, *proof]
    if not proof:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            earlier, later = log_node(sibling, earlier), log_node(sibling, later)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            later = log_node(later, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (earlier, later) == (first_root, second_root)


def log_consistency(first, leaves):
    """PROOF of RFC 6962, 2.1.2; empty for size 0."""
    def subproof(m, part, is_known):
        if m == len(part):
            return [] if is_known else [log_root(part)]
        k = split(len(part))
        if m <= k:
            return subproof(m, part[:k], is_known) + [log_root(part[k:])]
        return subproof(m - k, part[k:], False) + [log_root(part[:k])]

    return subproof(first, leaves, True) if first else []


def frontier(leaves):
    """The frontier of a log, as its rendering."""
    size, subtrees, start = len(leaves), [], 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            subtrees.append(log_root(leaves[start : start + (1 << bit)]).hex())
            start += 1 << bit
    return {"size": size, "subtrees": subtrees}


class Frontier:
    """A log that grows, by entries or by complete subtrees."""

    def __init__(self, value):
        self.size = value["size"]
        self.subtrees = [bytes.fromhex(root) for root in value["subtrees"]]

    def copy(self):
        """One that grows by itself."""
        other = Frontier({"size": self.size, "subtrees": []})
        other.subtrees = list(self.subtrees)
        return other

    def push(self, root, level=0):
        """Appends a complete subtree of 2^level entries, at a position that its size divides."""
        bits = self.size >> level
        while bits & 1:
            root, bits = log_node(self.subtrees.pop(), root), bits >> 1
        self.subtrees.append(root)
        self.size += 1 << level

    def root(self):
        """The root of the log as it stands."""
        if not self.subtrees:
            return log_root([])
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = log_node(left, root)
        return root


def goes_right(path, depth):
    """Bit `depth` of a path."""
    return path[depth // 8] >> 7 - depth % 8 & 1 == 1


class StateTree:
    """The root and the proofs of a set of pairs."""

    def __init__(self, consortium, pairs):
        self.consortium = consortium
        self.leaves = {
            self.path(key): self.leaf(self.path(key), self.value_hash(value))
            for key, value in pairs.items()
        }
        self.value_hashes = {
            self.path(key): self.value_hash(value) for key, value in pairs.items()
        }

    def path(self, key):
        return tagged("state-key", self.consortium, key)

    def value_hash(self, value):
        return tagged("state-value", self.consortium, value)

    def leaf(self, path, value_hash):
        return tagged("leaf", self.consortium, path + value_hash)

    def node(self, left, right):
        return tagged("node", self.consortium, left + right)

    def root(self):
        """The state root."""
        return self.subtree(list(self.leaves), 0)

    def subtree(self, paths, depth):
        """The root of the subtree at `depth` of these paths."""
        if not paths:
            return EMPTY
        if len(paths) == 1:
            return self.leaves[paths[0]]
        halves = [[p for p in paths if goes_right(p, depth) == side] for side in (False, True)]
        return self.node(*(self.subtree(half, depth + 1) for half in halves))

    def prove(self, key):
        """The proof for a key, as its rendering."""
        path, paths, siblings = self.path(key), list(self.leaves), []
        while len(paths) > 1:
            depth = len(siblings)
            side = goes_right(path, depth)
            siblings.append(
                self.subtree([p for p in paths if goes_right(p, depth) != side], depth + 1).hex()
            )
            paths = [p for p in paths if goes_right(p, depth) == side]
        if not paths:
            end = "empty"
        elif paths[0] == path:
            end = "key"
        else:
            other = {"path": paths[0].hex(), "value_hash": self.value_hashes[paths[0]].hex()}
            end = {"other": other}
        return {"siblings": siblings, "end": end}

    def proves(self, proof, root, key, value):
        """Whether a proof shows that `root` holds `value` (or None: nothing) for `key`."""
        path, siblings = self.path(key), [bytes.fromhex(s) for s in proof["siblings"]]
        end = proof["end"]
        if (end == "key") != (value is not None):
            return False
        if end == "key":
            result = self.leaf(path, self.value_hash(value))
        elif end == "empty":
            result = EMPTY
        else:
            other = bytes.fromhex(end["other"]["path"])
            parted = next((d for d in range(256) if goes_right(path, d) != goes_right(other, d)), -1)
            if parted < len(siblings):
                return False
            result = self.leaf(other, bytes.fromhex(end["other"]["value_hash"]))
        for depth in reversed(range(len(siblings))):
            pair = (siblings[depth], result)
            result = self.node(*(pair if goes_right(path, depth) else reversed(pair)))
        return result == root


class GrowingTree:
    """A state tree that grows key by key: what does not change is shared, not computed again.

    A subtree is None, a leaf (path, hash), or an inner node (hash, left, right).
    """

    def __init__(self, consortium, top=None):
        self.consortium, self.top = consortium, top

    def grown(self, pairs):
        """The tree with these pairs put."""
        top = self.top
        for key, value in pairs.items():
            path = tagged("state-key", self.consortium, key)
            held = tagged("state-value", self.consortium, value)
            top = self.put(top, (path, tagged("leaf", self.consortium, path + held)), 0)
        return GrowingTree(self.consortium, top)

    def root(self):
        """The state root."""
        return hash_of(self.top)

    def put(self, subtree, leaf, depth):
        """The subtree at `depth` with a leaf put."""
        if subtree is None or (len(subtree) == 2 and subtree[0] == leaf[0]):
            return leaf
        if len(subtree) == 2:
            halves = [None, None]
            halves[goes_right(subtree[0], depth)] = subtree
        else:
            halves = list(subtree[1:])
        side = goes_right(leaf[0], depth)
        halves[side] = self.put(halves[side], leaf, depth + 1)
        both = hash_of(halves[0]) + hash_of(halves[1])
        return (tagged("node", self.consortium, both), *halves)


def hash_of(subtree):
    """The root of a subtree of a growing tree."""
    if subtree is None:
        return EMPTY
    return subtree[1] if len(subtree) == 2 else subtree[0]
