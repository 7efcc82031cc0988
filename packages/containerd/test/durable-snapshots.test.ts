// SPDX-License-Identifier: Apache-2.0
// The disk has each committed snapshot as its record promises; or the daemon finds at its start that the snapshot is
// missing, and a client unpacks it again. A start without records removes nothing.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type TestContext } from 'node:test'
import { readSmallBlob } from '@teu/containerd-api'
import { textLogger } from '../src/log/text-logger.ts'
import { addBlob, digestOf, inTest, keep, layerOf, needsRoot, startDaemon, unpack, withView } from './daemon.ts'

const metadata = 'root/io.containerd.metadata.v1.bolt/meta.db'
const blobs = 'root/io.containerd.content.v1.content/blobs/sha256'
const folders = (snapshotter: string) => `root/io.containerd.snapshotter.v1.${snapshotter}/snapshots`
const layer = layerOf({ name: 'file', data: 'what it holds' })

async function loggedDaemon(t: TestContext) {
  const lines: string[] = []
  const daemon = await startDaemon(t, { log: textLogger('debug', (line) => void lines.push(line)) })
  return { daemon, lines }
}

/** Does something with the records while no daemon has them. */
function withRecords<T>(folder: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, metadata))
  try {
    return use(database)
  } finally {
    database.close()
  }
}

const marks = (folder: string) =>
  withRecords(folder, (database) => database.prepare('SELECT * FROM unsynced_snapshots').all().length)

for (const snapshotter of ['overlayfs', 'native']) {
  test(
    `${snapshotter}: a power cut before the sync takes the snapshot and what stands on it, and it can be unpacked again`,
    needsRoot,
    async (t) => {
      const { daemon, lines } = await loggedDaemon(t)
      const { snapshots } = daemon.services
      const kept = await unpack(daemon, snapshotter, layer)
      const lost = await unpack(daemon, snapshotter, layer)
      await snapshots.prepare({ snapshotter, key: 'container', parent: lost, labels: keep }, inTest)
      await snapshots.prepare({ snapshotter, key: 'other', parent: kept, labels: keep }, inTest)
      const again = await daemon.restart(() => {
        assert.equal(marks(daemon.folder), 0, 'a daemon that is stopped syncs')
        withRecords(daemon.folder, (database) => {
          const { id } = database.prepare('SELECT id FROM snapshots WHERE name = ?').get(lost) as { id: number }
          database.prepare('INSERT INTO unsynced_snapshots VALUES (?, ?)').run(id, 'an earlier boot')
          truncateSync(join(daemon.folder, folders(snapshotter), String(id), 'fs/file'))
          const { id: top } = database.prepare(`SELECT id FROM snapshots WHERE name = 'container'`).get() as {
            id: number
          }
          writeFileSync(join(daemon.folder, folders(snapshotter), String(top), 'fs/written'), 'by a container')
        })
      })
      const stat = (key: string) => again.services.snapshots.stat({ snapshotter, key }, inTest)
      await assert.rejects(stat(lost), { code: 'not-found' })
      await assert.rejects(stat('container'), { code: 'not-found' })
      assert.equal((await stat(kept)).info?.kind, 3)
      assert.equal((await stat('other')).info?.kind, 2)
      assert.equal(readdirSync(join(daemon.folder, folders(snapshotter))).length, 2)
      assert.match(lines.join(''), /not on the disk when the machine stopped/)
      const aside = join(daemon.folder, `root/io.containerd.snapshotter.v1.${snapshotter}/quarantine`)
      const [stamp = ''] = readdirSync(aside)
      const [id = ''] = readdirSync(join(aside, stamp, 'snapshots'))
      assert.equal(readFileSync(join(aside, stamp, 'snapshots', id, 'fs/written'), 'utf8'), 'by a container')
      const name = await unpack(again, snapshotter, layer)
      await withView({ ...again, folder: daemon.folder }, snapshotter, name, (path) =>
        assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'what it holds'),
      )
    },
  )
}

test(
  'a commit leaves a mark with its record, which a sync takes off soon; a restart in the same boot loses nothing',
  needsRoot,
  async (t) => {
    const { daemon } = await loggedDaemon(t)
    const name = await unpack(daemon, 'native', layer)
    assert.equal(marks(daemon.folder), 1)
    for (let tries = 0; marks(daemon.folder) > 0; tries++) {
      assert.ok(tries < 600, 'the mark is taken off')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const again = await daemon.restart(() =>
      withRecords(daemon.folder, (database) =>
        database.prepare('INSERT INTO unsynced_snapshots SELECT id, ? FROM snapshots').run(boot),
      ),
    )
    assert.equal((await again.services.snapshots.stat({ snapshotter: 'native', key: name }, inTest)).info?.kind, 3)
    await daemon.restart(() => assert.equal(marks(daemon.folder), 0))
  },
)

test(
  'a start with a new database sets content and snapshots aside, says so, and removes nothing',
  needsRoot,
  async (t) => {
    const { daemon, lines } = await loggedDaemon(t)
    const digest = await addBlob(daemon, Buffer.from('precious'))
    await unpack(daemon, 'native', layer)
    await unpack(daemon, 'overlayfs', layer)
    const again = await daemon.restart(() => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(daemon.folder, metadata + suffix), { force: true })
    })
    assert.deepEqual(readdirSync(join(daemon.folder, blobs)), [])
    assert.equal(lines.filter((line) => /set aside and not removed/.test(line)).length, 3)
    const { plugins } = await again.services.introspection.plugins({ filters: [] }, inTest)
    const told = plugins.find(({ id }) => id === 'bolt')?.exports.quarantine?.split(':') ?? []
    assert.equal(told.length, 3)
    const content = told.find((path) => path.includes('content'))!
    const file = join(content, 'blobs/sha256', digest.slice('sha256:'.length))
    assert.equal(readFileSync(file, 'utf8'), 'precious')
    for (const snapshotter of ['native', 'overlayfs']) {
      const trees = join(told.find((path) => path.includes(snapshotter))!, 'snapshots')
      assert.equal(readFileSync(join(trees, readdirSync(trees)[0]!, 'fs/file'), 'utf8'), 'what it holds')
    }
    await addBlob(again, Buffer.from('new'))
    const third = await daemon.restart()
    assert.ok(existsSync(file), 'the next start leaves it too')
    assert.equal(
      Buffer.from(await readSmallBlob(third.services.content, digestOf(Buffer.from('new')), inTest)).toString(),
      'new',
    )
  },
)

test('a database that is lost but for its log is a new one, and the log is kept', needsRoot, async (t) => {
  const { daemon } = await loggedDaemon(t)
  const digest = await addBlob(daemon, Buffer.from('precious'))
  const log = readFileSync(join(daemon.folder, `${metadata}-wal`))
  assert.ok(log.length > 0)
  await daemon.restart(() => {
    rmSync(join(daemon.folder, metadata))
    writeFileSync(join(daemon.folder, `${metadata}-wal`), log)
  })
  const names = readdirSync(join(daemon.folder, metadata, '..'))
  assert.equal(names.filter((name) => name.startsWith('meta.db-wal.lost-')).length, 1)
  const aside = join(daemon.folder, blobs, '../../quarantine')
  assert.ok(statSync(join(aside, readdirSync(aside)[0]!, 'blobs/sha256', digest.slice(7))).isFile())
})

test('a damaged database ends the start, and nothing is removed', needsRoot, async (t) => {
  const { daemon } = await loggedDaemon(t)
  const digest = await addBlob(daemon, Buffer.from('precious'))
  await unpack(daemon, 'native', layer)
  let whole = Buffer.alloc(0)
  const file = join(daemon.folder, metadata)
  await assert.rejects(
    daemon.restart(() => {
      whole = readFileSync(file)
      writeFileSync(file, Buffer.concat([Buffer.from('not a database, '), whole.subarray(16)]))
    }),
    { code: 'data-loss', message: /move it .*away/ },
  )
  // Pages that only a look at all of them shows, found after an end without a checkpoint.
  const broken = Buffer.from(whole)
  broken.fill(0x5a, 4096 * 3, 4096 * 8)
  writeFileSync(file, broken)
  writeFileSync(`${file}-wal`, Buffer.alloc(32))
  await assert.rejects(daemon.restart(), { code: 'data-loss' })
  assert.ok(existsSync(join(daemon.folder, blobs, digest.slice(7))))
  assert.equal(readdirSync(join(daemon.folder, folders('native'))).length, 1)
  rmSync(`${file}-wal`, { force: true })
  writeFileSync(file, whole)
  const again = await daemon.restart()
  assert.equal(Buffer.from(await readSmallBlob(again.services.content, digest, inTest)).toString(), 'precious')
})
