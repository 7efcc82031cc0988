// SPDX-License-Identifier: Apache-2.0
// `teu-containerd fsck` says what is wrong with a store, each thing by its name, and its exit status tells whether.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type TestContext } from 'node:test'
import { fsckCommand } from '../src/fsck/fsck-command.ts'
import { createContainerd } from '../src/index.ts'
import { addBlob, digestOf, inTest, keep, layerOf, needsRoot, unpack } from './daemon.ts'

const content = 'io.containerd.content.v1.content'
const metadata = 'io.containerd.metadata.v1.bolt/meta.db'
const trees = 'io.containerd.snapshotter.v1.native/snapshots'
const greeting = digestOf(Buffer.from('greeting'))

/** The root of a daemon that has worked and was stopped, and how to ask about a copy of it. */
async function stoppedStore(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'teu-fsck-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'root')
  {
    await using daemon = await createContainerd({ root, state: join(folder, 'state') })
    const { images, snapshots, leases } = daemon.services
    await addBlob(daemon, Buffer.from('greeting'))
    const target = { mediaType: 'application/x', digest: greeting, size: 8n, annotations: {} }
    const image = { name: 'image', labels: {}, target, createdAt: undefined, updatedAt: undefined }
    await images.create({ image, sourceDateEpoch: undefined }, inTest)
    const parent = await unpack(daemon, 'native', layerOf({ name: 'a', data: 'x' }))
    await snapshots.prepare({ snapshotter: 'native', key: 'active', parent, labels: keep }, inTest)
    await leases.create({ id: 'lease', labels: keep }, inTest)
    await leases.addResource({ id: 'lease', resource: { id: greeting, type: 'content' } }, inTest)
  }
  let count = 0
  return {
    root,
    /** Checks the store after a change to a copy of it. */
    async fsck(change: (root: string) => void = () => {}, snapshotterRoots: Readonly<Record<string, string>> = {}) {
      const copy = join(folder, `copy-${count++}`)
      cpSync(root, copy, { recursive: true, preserveTimestamps: true })
      change(copy)
      const lines: string[] = []
      let error = ''
      const output = {
        out: (line: string) => void lines.push(line.trimEnd()),
        err(line: string) {
          error += line
        },
      }
      const status = await fsckCommand({ root: copy, snapshotterRoots }, new AbortController().signal, output)
      rmSync(copy, { recursive: true })
      return { status, error, lines: lines.map((line) => line.replaceAll(copy, 'ROOT')) }
    },
  }
}

/** The program. */
function fsck(root: string) {
  const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')
  const argv = ['--conditions=teu-source', program, '--root', root, 'fsck']
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n'), error: stderr }
}

function change(root: string, ...statements: string[]): void {
  const database = new DatabaseSync(join(root, metadata))
  for (const sql of statements) database.exec(sql)
  database.close()
}

const blob = (root: string, digest: string) => join(root, content, 'blobs/sha256', digest.slice('sha256:'.length))

test('a store that is whole is clean', needsRoot, async (t) => {
  const store = await stoppedStore(t)
  assert.deepEqual(await store.fsck(), { status: 0, error: '', lines: ['ROOT: 0 damaged, 0 noted'] })
})

test('snapshots that lie elsewhere are looked for there', needsRoot, async (t) => {
  const store = await stoppedStore(t)
  const elsewhere = join(store.root, '../elsewhere')
  const move = (root: string) => {
    renameSync(join(root, trees, '..'), elsewhere)
    mkdirSync(join(elsewhere, 'quarantine/then'), { recursive: true })
  }
  const { status, lines } = await store.fsck(move, { native: elsewhere })
  assert.equal(status, 0, lines.join('\n'))
  assert.match(lines[0]!, /elsewhere\/quarantine\/then: waits/)
})

const damaged: [string, (root: string) => void, RegExp][] = [
  [
    'a blob that is gone',
    (root) => rmSync(blob(root, greeting)),
    /^damage: content sha256:\S+: has a record, and no file$/,
  ],
  ['a blob that is too short', (root) => truncateSync(blob(root, greeting), 3), /: has 3 bytes, not 8$/],
  ['a blob with other bytes', (root) => writeFileSync(blob(root, greeting), 'Greeting'), /: has the digest sha256:/],
  [
    'a snapshot without its folder',
    (root) => rmSync(join(root, trees, '1'), { recursive: true }),
    /^damage: snapshot native\/test\/\S+: has a record, and no folder 1$/,
  ],
  [
    'a snapshot without files',
    (root) => rmSync(join(root, trees, '1/fs'), { recursive: true }),
    /: has no files in its folder 1$/,
  ],
  [
    'a snapshotter that is gone',
    (root) => rmSync(join(root, trees, '..'), { recursive: true }),
    /^damage: snapshotter native: has 2 records, and no folder$/,
  ],
  [
    'a snapshot that a power cut took',
    (root) => change(root, `INSERT INTO unsynced_snapshots VALUES (1, 'an earlier boot')`),
    /: was not on the disk when the machine stopped/,
  ],
  [
    'a parent that is not committed',
    (root) => change(root, 'UPDATE snapshots SET kind = 2 WHERE id = 1'),
    /stands on what is no committed snapshot/,
  ],
  [
    'a parent that is not there',
    (root) => change(root, 'PRAGMA foreign_keys = OFF', 'UPDATE snapshots SET parent = 99 WHERE id = 2'),
    /^damage: metadata: a row of snapshots refers to one of snapshots/,
  ],
  [
    'what a lease without a record holds',
    (root) => change(root, 'DELETE FROM leases'),
    /^damage: lease test\/lease: holds something, and has no record$/,
  ],
  [
    'records that are missing',
    (root) => rmSync(join(root, metadata)),
    /^damage: metadata \S+: is missing, the next start sets aside/,
  ],
  [
    'records that are none',
    (root) => writeFileSync(join(root, metadata), 'x'.repeat(9000)),
    /^damage: metadata \S+: file is not a database$/,
  ],
  [
    'pages that are damaged',
    (root) => {
      const bytes = readFileSync(join(root, metadata))
      bytes.fill(0x5a, 4096 * 3, 4096 * 8)
      writeFileSync(join(root, metadata), bytes)
    },
    /^damage: metadata/,
  ],
]
test('fsck names the object and ends with status 4 when something is damaged', needsRoot, async (t) => {
  const store = await stoppedStore(t)
  for (const [what, harm, expected] of damaged) {
    const { status, lines, error } = await store.fsck(harm)
    assert.equal(status, 4, `${what}: ${lines.join('\n')}${error}`)
    assert.ok(
      lines.some((line) => expected.test(line)),
      `${what}: ${lines.join('\n')}`,
    )
    assert.equal(error, '', what)
  }
})

const noted: [string, (root: string) => void, RegExp][] = [
  [
    'a blob without a record',
    (root) => writeFileSync(blob(root, digestOf(Buffer.from(''))), ''),
    /^note: content sha256:e3b0\S+: has no record/,
  ],
  [
    'an ingest without a record',
    (root) => mkdirSync(join(root, content, 'ingest/0123')),
    /^note: ingest folder 0123: has no record/,
  ],
  [
    'a snapshot folder without a record',
    (root) => mkdirSync(join(root, trees, '77')),
    /^note: snapshot folder native\/77: has no record/,
  ],
  [
    'a quarantine',
    (root) => mkdirSync(join(root, content, 'quarantine/then'), { recursive: true }),
    /^note: quarantine \S+\/quarantine\/then: waits/,
  ],
  [
    'an ingest without a folder',
    (root) => change(root, `INSERT INTO ingests VALUES ('test', 'r', 'gone', '', 0, 0, 0, 0)`),
    /^note: ingest test\/r: has a record, and no folder$/,
  ],
  [
    'a lease of what is not there',
    (root) => change(root, `INSERT INTO lease_resources VALUES ('test', 'lease', 'snapshots/native', 'gone')`),
    /^note: lease test\/lease: holds snapshots\/native gone, which is not there$/,
  ],
  [
    'an image without content',
    (root) => change(root, `UPDATE images SET target = '{"digest":"sha256:none"}'`),
    /^note: image test\/image: leads to content sha256:none, which is not there$/,
  ],
]
test('fsck notes the object and ends with status 0 when a problem is no damage', needsRoot, async (t) => {
  const store = await stoppedStore(t)
  for (const [what, harm, expected] of noted) {
    const { status, lines, error } = await store.fsck(harm)
    assert.equal(status, 0, `${what}: ${lines.join('\n')}${error}`)
    assert.equal(lines.length, 2, `${what}: ${lines.join('\n')}`)
    assert.match(lines[0]!, expected, what)
  }
})

test(
  'a store that cannot be checked is an exit status of 8, and nothing is changed by any check',
  needsRoot,
  async (t) => {
    const store = await stoppedStore(t)
    assert.equal(fsck(join(store.root, 'nowhere')).status, 8)
    const newer = await store.fsck((root) => change(root, 'PRAGMA user_version = 99'))
    assert.equal(newer.status, 8)
    assert.match(newer.error, /schema 99/)
    const files = () =>
      readdirSync(store.root, { recursive: true, withFileTypes: true })
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((name) => !/meta\.db-(wal|shm)$/.test(name))
        .sort()
    const before = files()
    assert.equal(fsck(store.root).status, 0)
    assert.deepEqual(files(), before)
    await using _daemon = await createContainerd({ root: store.root, state: join(store.root, '../state') })
    const busy = fsck(store.root)
    assert.equal(busy.status, 8)
    assert.match(busy.error, /a daemon has \S+: stop it first/)
  },
)
