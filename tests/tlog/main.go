// Reads a node's log with Go's own transparency-log packages, golang.org/x/mod/sumdb/note and
// .../tlog: the code by which the go command checks its checksum database. `.ci/tlog` builds it with
// the copy that every Go toolchain carries.
// Holds: nothing of Merkle trees or notes is decided here but how C2SP's paths and bundles look.
//
//	tlogread PREFIX ORIGIN VKEY [OLDER-CHECKPOINT]
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of tiles in C2SP tlog-tiles: 256 hashes

// A log is read by its tiles; one byte of a hash that is fetched is changed where spoil says so.
type log struct {
	prefix string
	spoil  string
}

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("tlogread PREFIX ORIGIN VKEY [OLDER-CHECKPOINT]"))
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "tlogread:", err)
	os.Exit(1)
}

func run(prefix, origin, vkey string, older []string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	text, err := get(prefix + "/checkpoint")
	if err != nil {
		return err
	}
	tree, err := checkpoint(text, origin, verifier)
	if err != nil {
		return err
	}
	at := log{prefix: prefix}
	hashes := tlog.TileHashReader(tree, &at)
	leaves, err := hashes.ReadHashes(leafIndexes(tree.N))
	if err != nil {
		return err
	}
	if err := at.entries(tree.N, leaves); err != nil {
		return err
	}
	proven := 0
	for n := int64(0); n < tree.N; n += 1 + tree.N/50 {
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]); err != nil {
			return err
		}
		proven++
	}
	fmt.Printf("%d entries, %d proven one by one, root %s\n", tree.N, proven, tree.Hash)
	if err := refusesWrongTiles(prefix, tree); err != nil {
		return err
	}
	for _, path := range older {
		if err := goesOn(path, origin, verifier, tree, hashes); err != nil {
			return err
		}
	}
	return nil
}

// checkpoint opens a signed note and reads origin, size and root.
func checkpoint(text []byte, origin string, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", origin, opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func leafIndexes(size int64) []int64 {
	indexes := make([]int64, size)
	for n := range indexes {
		indexes[n] = tlog.StoredHashIndex(0, int64(n))
	}
	return indexes
}

// entries reads every bundle and holds each entry to its leaf.
func (at *log) entries(size int64, leaves []tlog.Hash) error {
	for first := int64(0); first < size; first += 1 << height {
		width := min(size-first, 1<<height)
		bundle, err := get(at.prefix + "/tile/entries/" + place(first>>height, width))
		if err != nil {
			return err
		}
		for n := first; n < first+width; n++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("entry %d is cut short", n)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:end]) != leaves[n] {
				return fmt.Errorf("entry %d is not the one of the tree", n)
			}
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			return fmt.Errorf("%d bytes after entry %d", len(bundle), first+width-1)
		}
	}
	return nil
}

// goesOn checks that the tree begins with that of an older checkpoint.
func goesOn(path, origin string, verifier note.Verifier, tree tlog.Tree, hashes tlog.HashReader) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old, err := checkpoint(text, origin, verifier)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return err
	}
	fmt.Printf("it goes on where the checkpoint of %d entries ended\n", old.N)
	return nil
}

// refusesWrongTiles: that the packages do check what they are given.
func refusesWrongTiles(prefix string, tree tlog.Tree) error {
	wrong := log{prefix: prefix, spoil: "/tile/0/"}
	_, err := tlog.TileHashReader(tree, &wrong).ReadHashes(leafIndexes(tree.N))
	if err == nil {
		return errors.New("tiles with a changed byte were taken")
	}
	fmt.Println("tiles with a changed byte are refused:", err)
	return nil
}

func (at *log) Height() int { return height }

func (at *log) SaveTiles([]tlog.Tile, [][]byte) {}

func (at *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := fmt.Sprintf("/tile/%d/%s", tile.L, place(tile.N, int64(tile.W)))
		data, err := get(at.prefix + path)
		if err != nil {
			return nil, err
		}
		if at.spoil != "" && strings.HasPrefix(path, at.spoil) {
			data[len(data)/2] ^= 1
		}
		all = append(all, data)
	}
	return all, nil
}

// place is a tile's index in groups of three digits, and its width where it is not full.
func place(n, width int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 1<<height {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, answer.Status)
	}
	return data, err
}
