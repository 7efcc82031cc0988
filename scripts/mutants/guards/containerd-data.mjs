// SPDX-License-Identifier: Apache-2.0
// Guards of what lies on the disk: names, snapshots after a power cut, and starts without records.
const durable = ['packages/containerd/test/durable-snapshots.test.ts']
const content = ['packages/containerd/test/content.test.ts']
const names = ['packages/containerd/test/names.test.ts']
const sparse = ['packages/oci-spec/src/archive/sparse.test.ts']

const src = (file) => `packages/containerd/src/${file}`

export default [
  {
    title: 'a commit marks its snapshot as not synced',
    file: src('snapshots/snapshot-store.ts'),
    guard: 'this.#sync.mark(record.id)',
    instead: '',
    tests: durable,
    because: 'after a power cut a container starts on empty files, and nothing tells',
    only: 'a commit leaves a mark',
  },
  {
    title: 'the mark of another boot takes the snapshot',
    file: src('snapshots/snapshot-sync.ts'),
    guard: 'WHERE s.snapshotter = ? AND u.boot <> ?',
    instead: 'WHERE s.snapshotter = ? AND u.boot <> ? AND 0',
    tests: durable,
    because: 'a snapshot that a power cut took is used as it is',
    only: 'a power cut before the sync',
  },
  {
    title: 'what a container wrote on a lost snapshot is set aside',
    file: src('snapshots/snapshot-store.ts'),
    guard: 'const folder = await driver.setAside(ids(false))',
    instead: 'const folder = undefined; await driver.remove(ids(false))',
    tests: durable,
    because: 'the data of a container is removed though nobody asked for it',
    only: 'a power cut before the sync',
  },
  {
    title: 'a start with a new database sets aside what there is',
    file: src('metadata/open-metadata.ts'),
    guard: 'if (database.unsettled) await quarantineUnknown(init, database)',
    instead: '',
    tests: durable,
    because: 'a database that is missing costs all images and the data of all containers',
    only: 'a start with a new database',
  },
  {
    title: 'a log without its database is not played into a new one',
    file: src('metadata/database.ts'),
    guard: 'if (endedUncleanly && sizeOf(path) === 0) setLogAside(path)',
    instead: '',
    tests: durable,
    because: 'a database with the last few records passes for one that knows everything, and the rest is removed',
    only: 'lost but for its log',
  },
  {
    title: 'pages are checked after an end that was not in order',
    file: src('metadata/database.ts'),
    guard: 'if (endedUncleanly) checkPages(database)',
    instead: '',
    tests: durable,
    because: 'a daemon that cannot read a part of its records removes what they were about',
    only: 'a damaged database',
  },
  {
    title: 'who reads along is told when another digest is announced',
    file: src('content/content-writer.ts'),
    guard: `    this.#growing?.fail()
    this.#listing?.[Symbol.dispose]()
    this.#growing = undefined
`,
    instead: '',
    tests: ['packages/containerd/test/growing-layers.test.ts'],
    because: 'a layer is answered as verified under a digest that its bytes do not have',
    only: 'another digest',
  },
  {
    title: 'a stream that announces a blob which is there ends',
    file: src('content/content-writer.ts'),
    guard: 'if (!isDigest(expected) || this.#store.records.find(namespace, expected) === undefined) return',
    instead: 'if (expected.length > 0) return',
    tests: content,
    because: 'a client sends what is there already, and its ingest stays',
    only: 'a later message says better',
  },
  {
    title: 'a name that is not UTF-8 reaches the kernel as its bytes',
    file: 'packages/linux/src/root-directory/name-bytes.ts',
    guard: 'return path.isWellFormed() ? path : bytesOfName(path)',
    instead: 'return path',
    tests: names,
    because: 'Diff leaves out or fails on files that a container has made',
  },
  {
    title: 'a hole stays a hole',
    file: src('diff/layer-applier.ts'),
    guard: 'if (file.holeLast) setLength(file)',
    instead: '',
    tests: names,
    because: 'a file that ends with a hole is cut off',
    only: 'a file with holes',
  },
  {
    title: 'the pieces of a sparse file are in order and within it',
    file: 'packages/oci-spec/src/archive/sparse-map.ts',
    guard: 'if (offset < end || !Number.isSafeInteger(offset + length) || offset + length > size) throw malformed()',
    instead: '',
    tests: sparse,
    because: 'an archive writes over what it has written, beyond the size that was checked, or without end',
    deadline: 20,
  },
  {
    title: 'a sparse map has a bound',
    file: 'packages/oci-spec/src/archive/sparse-map.ts',
    guard: 'if (pieces.length >= maximumPieces) throw malformed()',
    instead: '',
    tests: sparse,
    because: 'a few megabytes of an archive fill the memory',
    only: 'a map that never ends',
  },
]
